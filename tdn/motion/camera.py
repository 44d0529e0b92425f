"""How a scene is filmed: a hand-held camera, light, exposure, noise, compression. The same law for every class."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from tdn.motion.paths import SIDE

_NOISE_LEVELS = (2, 4, 7, 11)
_NOISE_SIDE = 160
_BANK_SEED = 8


@lru_cache(maxsize=1)
def _noise_bank() -> dict[int, list[np.ndarray]]:
    """Pieces of noise by standard deviation, int16 [160, 160, 3], always the same ones."""
    rng = np.random.default_rng(_BANK_SEED)
    pieces = [rng.standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3)) for _ in range(12)]
    return {level: [(piece * level).round().astype(np.int16) for piece in pieces] for level in _NOISE_LEVELS}


@dataclass(frozen=True)
class Camera:
    """A similarity for each frame from units to pixels, `factor[i] * place + shift[i]`, and what film and light do."""

    factor: np.ndarray  # complex [F]
    shift: np.ndarray  # complex [F]
    tone: np.ndarray  # uint8 [F, 256]
    exposures: tuple[float, ...]  # times within a frame that are averaged, 0 its middle
    noise: int
    blur: float
    jpeg_quality: int
    seed: tuple

    @property
    def steady(self) -> bool:
        """Whether it stays where it is throughout."""
        return bool(np.ptp(self.factor.real) + np.ptp(self.factor.imag) == 0 and np.ptp(self.shift) == 0)

    def develop(self, image: np.ndarray, index: int) -> np.ndarray:
        """What frame `index` looks like in the end, uint8 [S, S, 3]."""
        if self.blur:
            image = cv2.GaussianBlur(image, (5, 5), self.blur)
        image = cv2.LUT(image, self.tone[index])
        if self.noise:
            image = add_noise(image, self.noise, (*self.seed, index))
        if self.jpeg_quality:
            image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])[1], 1)
        return image


def add_noise(image: np.ndarray, level: int, seed: tuple) -> np.ndarray:
    """One piece of noise of the bank over an image uint8 [S, S, 3]; which one, and where of it, `seed` says.

    Drawn anew for each frame from a seed of its own, so that frames may be asked for in any order.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed[0], spawn_key=seed[1:]))
    bank = _noise_bank()[level]
    piece, (top, left) = bank[rng.integers(len(bank))], rng.integers(0, 48, 2)
    height, width = image.shape[:2]
    if max(top + height, left + width) > _NOISE_SIDE:
        piece = cv2.copyMakeBorder(
            piece, 0, max(0, top + height - _NOISE_SIDE), 0, max(0, left + width - _NOISE_SIDE), cv2.BORDER_WRAP
        )
    return cv2.add(image, piece[top : top + height, left : left + width], dtype=cv2.CV_8U)


def smooth_walk(rng: np.random.Generator, count: int, reach: float) -> np.ndarray:
    """A slow random walk around 0 that goes no further than `reach`, complex [count]."""
    steps = rng.standard_normal((2, count + 8))
    window = np.hanning(11)[1:-1] / 5
    walk = np.stack([np.convolve(axis.cumsum(), window, "valid") for axis in steps])
    walk = walk[0] - walk[0].mean() + 1j * (walk[1] - walk[1].mean())
    return walk / (np.abs(walk).max() + 1e-6) * reach


def draw_camera(rng: np.random.Generator, num_frames: int, size: int, clean: bool, seed: tuple) -> Camera:
    """A camera for one clip. A `clean` scene is filmed from a stand, with little noise.

    Pan, zoom and roll over the whole clip stay well below what any class does: 18 units, 12 %, 6 degrees.
    """
    sway, ramp = np.zeros(num_frames, complex), np.linspace(-0.5, 0.5, num_frames)
    if rng.random() < 0.6:
        sway += smooth_walk(rng, num_frames, rng.uniform(0.2, 2))
    if rng.random() < 0.25:
        sway += ramp * complex(*rng.uniform(-18, 18, 2))
    if rng.random() < 0.3:
        sway += (rng.standard_normal((num_frames, 2)) * rng.uniform(0.05, 0.35)) @ (1, 1j)
    zoom = 1 + ramp * (rng.uniform(-0.12, 0.12) if rng.random() < 0.25 else 0)
    roll = np.radians(ramp * (rng.uniform(-6, 6) if rng.random() < 0.25 else 0))
    if clean:
        sway, zoom, roll = np.zeros_like(sway), np.ones(num_frames), np.zeros(num_frames)
    scale = size / SIDE
    factor = scale * zoom * np.exp(1j * roll)
    middle = complex(SIDE / 2, SIDE / 2)
    # Pixel centres lie half a pixel inside their squares.
    shift = scale * (middle + sway) - factor * middle - complex(0.5, 0.5)
    noise = int(rng.choice((0, *_NOISE_LEVELS), p=(0.25, 0.3, 0.26, 0.13, 0.06)))
    blur = rng.uniform(0.4, 1.1) if rng.random() < 0.35 else 0.0
    quality = int(rng.integers(18, 75)) if rng.random() < 0.2 else 0
    return Camera(
        factor=factor,
        shift=shift,
        tone=_draw_tones(rng, num_frames),
        exposures=_draw_exposures(rng),
        noise=min(noise, 2) if clean else noise,
        blur=blur * scale,
        jpeg_quality=quality,
        seed=seed,
    )


def _draw_tones(rng: np.random.Generator, num_frames: int) -> np.ndarray:
    """Contrast, brightness, flicker and a slow change of light, as one table of levels a frame: uint8 [F, 256]."""
    gain = np.ones(num_frames)
    if rng.random() < 0.5:
        gain += rng.standard_normal(num_frames) * rng.uniform(0.005, 0.05)
    if rng.random() < 0.3:
        gain += rng.uniform(-0.2, 0.2) * np.linspace(-0.5, 0.5, num_frames)
    contrast, brightness = rng.uniform(0.6, 1.2), rng.uniform(-30, 30)
    levels = (np.arange(256) - 127.5) * contrast + 127.5 + brightness
    return (levels * gain[:, None]).round().clip(0, 255).astype(np.uint8)


def _draw_exposures(rng: np.random.Generator) -> tuple[float, ...]:
    """Times within a frame, symmetric about 0: motion blur must not tell forwards from backwards."""
    count, shutter = int(rng.choice((1, 2, 4), p=(0.35, 0.25, 0.4))), rng.uniform(0.4, 1)
    return tuple(shutter * ((k + 0.5) / count - 0.5) for k in range(count))
