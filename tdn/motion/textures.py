"""Textures: grey fields that tile in both directions, coloured by a random palette."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

FIELD_SIZE = 128
_NUM_FIELDS = 160
_BANK_SEED = 7
SKIN = np.array([[224, 172, 140], [198, 134, 98], [141, 85, 54], [240, 200, 175], [90, 56, 37]], float)


@dataclass(frozen=True)
class Field:
    """A grey image uint8 [128, 128] that tiles; going one tile to the right, it repeats `repeats` times."""

    image: np.ndarray
    repeats: int


@lru_cache(maxsize=1)
def field_bank() -> tuple[Field, ...]:
    """All fields, always the same ones. Every one varies from left to right, so that it can be seen to stream."""
    rng = np.random.default_rng(_BANK_SEED)
    return tuple(_draw_field(rng) for _ in range(_NUM_FIELDS))


def _draw_field(rng: np.random.Generator) -> Field:
    kind = rng.integers(7)
    repeats = 1
    if kind <= 2:
        grey = _fractal_noise(rng)
    elif kind == 3:
        repeats = int(rng.integers(1, 4))
        grey = _stripes(rng, repeats)
    elif kind == 4:
        repeats = int(rng.integers(1, 4))
        grey = _checks(rng, repeats)
    elif kind == 5:
        grey = _voronoi_cells(rng)
    else:
        grey = _blobs(rng)
    low, high = np.percentile(grey, [1, 99])
    return Field(np.clip((grey - low) / (high - low + 1e-6) * 255, 0, 255).astype(np.uint8), repeats)


def _grid() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:FIELD_SIZE, 0:FIELD_SIZE].astype(np.float32) / FIELD_SIZE
    return y, x


def _fractal_noise(rng: np.random.Generator) -> np.ndarray:
    frequency = np.fft.fftfreq(FIELD_SIZE)
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = 1
    spectrum = np.fft.fft2(rng.standard_normal((FIELD_SIZE, FIELD_SIZE))) * radius ** -rng.uniform(0.7, 2.2)
    spectrum[0, 0] = 0
    return np.fft.ifft2(spectrum).real


def _stripes(rng: np.random.Generator, repeats: int) -> np.ndarray:
    y, x = _grid()
    bend = rng.uniform(0, 2) * np.sin(2 * np.pi * y * rng.integers(1, 3))
    grey = np.sin(2 * np.pi * (repeats * x + rng.integers(-1, 2) * y) + rng.uniform(0, 2 * np.pi) + bend)
    return np.tanh(4 * grey) if rng.random() < 0.5 else grey


def _checks(rng: np.random.Generator, repeats: int) -> np.ndarray:
    y, x = _grid()
    grey = np.sign(np.sin(2 * np.pi * repeats * x + 1) * np.sin(2 * np.pi * rng.integers(1, 4) * y + 2))
    return cv2.GaussianBlur(np.tile(grey, (3, 3)), (0, 0), rng.uniform(0.5, 3))[
        FIELD_SIZE : 2 * FIELD_SIZE, FIELD_SIZE : 2 * FIELD_SIZE
    ]


def _distance(grid: np.ndarray, point: float) -> np.ndarray:
    """Distance on a circle of length 1."""
    apart = np.abs(grid - point)
    return np.minimum(apart, 1 - apart)


def _voronoi_cells(rng: np.random.Generator) -> np.ndarray:
    y, x = _grid()
    points = rng.random((rng.integers(6, 24), 2))
    squared = np.stack([_distance(y, py) ** 2 + _distance(x, px) ** 2 for py, px in points])
    return rng.random(len(points))[squared.argmin(0)]


def _blobs(rng: np.random.Generator) -> np.ndarray:
    y, x = _grid()
    grey = np.zeros((FIELD_SIZE, FIELD_SIZE), np.float32)
    for _ in range(rng.integers(4, 30)):
        squared = _distance(y, rng.random()) ** 2 + _distance(x, rng.random()) ** 2
        grey += rng.uniform(-1, 1) * np.exp(-squared / (2 * rng.uniform(0.02, 0.15) ** 2))
    return grey


def draw_field(rng: np.random.Generator) -> Field:
    """One field of the bank."""
    bank = field_bank()
    return bank[rng.integers(len(bank))]


def draw_palette(rng: np.random.Generator, contrast: float) -> np.ndarray:
    """Colours of the 256 grey levels, uint8 [1, 256, 3]: a smooth way through two to four random colours.

    The brightest and the darkest of them differ by at least 110 * `contrast` levels, so that a pattern can be seen.
    """
    colours = rng.uniform(0, 255, (rng.integers(2, 5), 3))
    if rng.random() < 0.4:
        colours = colours.mean(1, keepdims=True) + rng.uniform(-25, 25, colours.shape)  # greyish
    stops = np.sort(rng.uniform(0, 255, len(colours)))
    middle = colours.mean(0)
    span = np.ptp(colours.mean(1))
    colours = middle + (colours - middle) * contrast * max(1.0, 110 / (span + 1e-6))
    ramp = np.stack([np.interp(np.arange(256), stops, channel) for channel in colours.T], 1)
    return ramp.clip(0, 255).astype(np.uint8)[None]


def colour(grey: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """uint8 [h, w] to uint8 [h, w, 3]."""
    return cv2.LUT(cv2.merge([grey, grey, grey]), palette)


def draw_texture(
    rng: np.random.Generator, height: int, width: int, pixels_per_unit: float, contrast: float
) -> np.ndarray:
    """A flat piece of random texture, uint8 [height, width, 3], at a random scale, angle and place."""
    field, palette = draw_field(rng), draw_palette(rng, contrast)
    scale, angle = pixels_per_unit * rng.uniform(0.3, 1.6), rng.uniform(0, 360)
    matrix = cv2.getRotationMatrix2D((0, 0), angle, scale)
    matrix[:, 2] = rng.uniform(0, FIELD_SIZE, 2) * scale
    grey = cv2.warpAffine(field.image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return colour(grey, palette)


def draw_skin(rng: np.random.Generator) -> np.ndarray:
    """One skin colour, float [3]."""
    return (SKIN[rng.integers(len(SKIN))] + rng.uniform(-15, 15, 3)).clip(0, 255)


def slope(size: int, angle: float) -> np.ndarray:
    """A ramp from -1 to 1 across a square, float32 [size, size], rising along `angle` (radians)."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    return (x * math.cos(angle) + y * math.sin(angle)) / (abs(math.cos(angle)) + abs(math.sin(angle)))
