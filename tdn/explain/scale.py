"""From raw maps to values that can be coloured, by a rule that stands beside the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as nnf
from torch import Tensor

# Below this a map's maximum is rounding, not evidence: raw maps are fractions of a logit.
NOTHING = 1e-8
SCALES = {
    "clip": "per clip",
    "shared": "shared by the models",
    "frame": "per frame, contrast only",
}


@dataclass(frozen=True)
class ScaledMap:
    """`values` float32 [T, h, w] in 0..1, or -1..1 where signed; `maximum` the raw amount that became 1 (of all frames,
    where each has its own); `rule` the name of the scale.
    """

    values: np.ndarray
    maximum: float
    rule: str

    @property
    def is_empty(self) -> bool:
        """No cell speaks for the class (nor against it): there is nothing to colour."""
        return self.maximum <= NOTHING

    @property
    def is_signed(self) -> bool:
        return bool((self.values < 0).any())


def scale_per_clip(raw: np.ndarray, maximum: float | None = None) -> ScaledMap:
    """Divide raw maps [T, h, w] by the clip's largest amount, or by a `maximum` shared with other maps.

    No minimum is subtracted: zero already means no evidence, and segments stay comparable with each other.
    """
    raw = np.asarray(raw, np.float32)
    own = float(np.abs(raw).max())
    rule = SCALES["clip"] if maximum is None else SCALES["shared"]
    maximum = own if maximum is None else maximum
    values = raw / maximum if own > NOTHING else np.zeros_like(raw)
    return ScaledMap(values, maximum if own > NOTHING else own, rule)


def scale_per_frame(raw: np.ndarray) -> ScaledMap:
    """Divide each frame by its own largest amount: shows contrast within a frame, and nothing between frames."""
    raw = np.asarray(raw, np.float32)
    each = np.abs(raw).max((1, 2), keepdims=True)
    values = np.divide(raw, each, out=np.zeros_like(raw), where=each > NOTHING)
    return ScaledMap(values, float(each.max()), SCALES["frame"])


def scale_together(maps: Mapping[tuple[str, str], np.ndarray], scale: str = "clip") -> dict[tuple[str, str], ScaledMap]:
    """Scale maps {(model, layer): [T, h, w]} by a rule of SCALES; "shared" is shared by the models at each layer.

    Raw maps of two layers are never on one scale: their cells differ in number. Raises ValueError for another rule.
    """
    if scale not in SCALES:
        raise ValueError(f"scale {scale!r}: expected one of {', '.join(SCALES)}")
    if scale == "frame":
        return {key: scale_per_frame(raw) for key, raw in maps.items()}
    if scale == "clip":
        return {key: scale_per_clip(raw) for key, raw in maps.items()}
    largest: dict[str, float] = {}
    for (_, layer), raw in maps.items():
        largest[layer] = max(largest.get(layer, 0.0), float(np.abs(raw).max()))
    return {key: scale_per_clip(raw, largest[key[1]]) for key, raw in maps.items()}


def evidence_share(raw: np.ndarray) -> np.ndarray:
    """Each segment's share of the clip's positive evidence: [T, h, w] -> [T], summing to 1, or zeros without any."""
    per_segment = np.maximum(np.asarray(raw, np.float64), 0).sum((1, 2))
    total = per_segment.sum()
    return per_segment / total if total > NOTHING else per_segment * 0


def over_windows(maps: Tensor, windows: int, height: int, width: int) -> Tensor:
    """Maps [N, T', h, w] as [N, windows, height, width]: linear between the middles of cells, in space and time.

    Nothing is pinned to a border: a lit cell stays brightest in its own middle.
    """
    if maps.shape[1] == windows:
        return nnf.interpolate(maps, (height, width), mode="bilinear", align_corners=False)
    size = (windows, height, width)
    return nnf.interpolate(maps.unsqueeze(1), size, mode="trilinear", align_corners=False)[:, 0]


def in_time(maps: np.ndarray, windows: int, knots: Sequence[float]) -> np.ndarray:
    """Maps [T', h, w] that lie at `knots` [T'], ascending, for each of the clip's windows: [windows, h, w].

    Linear in between, held before the first and after the last.
    """
    if len(maps) == windows:
        return maps
    return between(maps, np.asarray(knots, np.float64), np.arange(windows))


def between(values: np.ndarray, knots: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values [T, h, w] at `knots` [T], ascending, for `places` [P]: [P, h, w], linear, held at both ends."""
    right = np.searchsorted(knots, places).clip(1, len(knots) - 1) if len(knots) > 1 else np.zeros(len(places), int)
    left = np.maximum(right - 1, 0)
    gap = np.where(knots[right] > knots[left], knots[right] - knots[left], 1)
    share = ((places - knots[left]) / gap).clip(0, 1)[:, None, None].astype(np.float32)
    return (values[left] * (1 - share) + values[right] * share).astype(np.float32)


def over_timeline(values: np.ndarray, knots: np.ndarray, num_frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Values [T, h, w] at frames `knots` [T], ascending, for every frame of a video: [F, h, w], and which are real [F].

    Linear in between, held before the first and after the last: what no window saw is a guess, and marked as such.
    """
    knots = np.asarray(knots, int)
    places = np.arange(num_frames)
    return between(values, knots, places), np.isin(places, knots)
