"""High dynamic range to the 8 bits of an ordinary screen.

PQ and HLG code brightness far above the white of an ordinary picture. What is at most nine tenths of reference white
(203 candela a square metre, ITU-R BT.2408) stays as bright as it is; what is above is squeezed into the last tenth.
"""

from __future__ import annotations

from functools import cache

import numpy as np

PQ, HLG = 16, 18  # transfer characteristics, ITU-T H.273
BT2020 = 9  # colour primaries
REFERENCE_WHITE = 203.0
HLG_PEAK = 1000.0
KNEE = 0.9
# Linear light from BT.2020 primaries to those of BT.709. Source: ITU-R BT.2087, inverse of its matrix M2.
TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
LUMA = np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
LEVELS = 4096
BAND = 16


def tone_mapped(picture: np.ndarray, transfer: int, primaries: int) -> np.ndarray:
    """uint16 [H, W, 3], RGB as coded by `transfer`, to uint8 [H, W, 3], sRGB."""
    mapped = np.empty(picture.shape, np.uint8)
    for top in range(0, len(picture), BAND):  # a few lines at a time stay in the processor's cache
        mapped[top : top + BAND] = _band(picture[top : top + BAND], transfer, primaries)
    return mapped


def _band(picture: np.ndarray, transfer: int, primaries: int) -> np.ndarray:
    light = _to_light(transfer).take(picture >> 4)  # [h, W, 3], 1 is reference white
    if transfer == HLG:  # the system gamma of BT.2100 at the nominal peak
        light *= (HLG_PEAK / REFERENCE_WHITE) * np.maximum(light @ LUMA, 1e-6)[..., None] ** 0.2
    if primaries == BT2020:
        light = np.maximum(light @ TO_BT709.T, 0)
    peak = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
    if peak.max() > KNEE:
        over = np.maximum(peak - KNEE, 0) / (1 - KNEE)
        squeezed = np.where(over > 0, KNEE + (1 - KNEE) * over / (1 + over), peak)
        light *= (squeezed / np.maximum(peak, 1e-6))[..., None]  # all three alike, so that the hue stays
    light *= LEVELS - 1
    return _to_srgb().take((light + 0.5).astype(np.uint16), mode="clip")


@cache
def _to_light(transfer: int) -> np.ndarray:
    """Linear light of each coded level: PQ in units of reference white, HLG of its peak. Source: ITU-R BT.2100."""
    coded = np.linspace(0, 1, LEVELS)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        power = coded ** (1 / m2)
        light = 10_000 / REFERENCE_WHITE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    return light.astype(np.float32)


@cache
def _to_srgb() -> np.ndarray:
    """The 8-bit sRGB code of each level of linear light (IEC 61966-2-1)."""
    light = np.linspace(0, 1, LEVELS)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * coded).astype(np.uint8)
