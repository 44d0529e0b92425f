"""What never moves: the ground, furniture, a table, a large body. Painted once onto a canvas wider than the picture."""

import math
from dataclasses import replace

import cv2
import numpy as np

from tdn.motion import outlines, sprites, textures
from tdn.motion.paths import SIDE

# The camera sways, pans, zooms and rolls; so much of the scene is painted beyond each side of the picture.
MARGIN = 26.0


def canvas_side(size: int, margin: float = MARGIN) -> int:
    """Pixels of the canvas behind a picture of `size` pixels, `margin` units wider on each side."""
    return round((SIDE + 2 * margin) * size / SIDE)


def to_canvas(size: int, margin: float = MARGIN) -> tuple[complex, complex]:
    """Factor and shift that take units to pixels of the canvas."""
    scale = size / SIDE
    return complex(scale), complex(1, 1) * (scale * margin - 0.5)


def seen(canvas: np.ndarray, factor: complex, shift: complex, size: int, margin: float = MARGIN) -> np.ndarray:
    """The part of a canvas before a camera that takes units to pixels by `factor * place + shift`: [S, S, ...]."""
    canvas_factor, canvas_shift = to_canvas(size, margin)
    factor /= canvas_factor
    shift -= factor * canvas_shift
    matrix = np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
    return cv2.warpAffine(canvas, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def draw_scenery(rng: np.random.Generator, size: int, margin: float = MARGIN) -> np.ndarray:
    """Ground, furniture, table, perhaps a large body: uint8 [B, B, 3] with B = canvas_side(size, margin)."""
    side, scale = canvas_side(size, margin), size / SIDE
    canvas = textures.draw_texture(rng, side, side, scale, rng.uniform(0.1, 0.9))
    if rng.random() < 0.6:
        canvas = _washed(rng, canvas)
    for _ in range(rng.integers(0, 5)):
        _add_furniture(rng, canvas, scale)
    if rng.random() < 0.35:
        top = int(rng.uniform(0.5, 0.9) * side)
        canvas[top:] = textures.draw_texture(rng, side - top, side, scale, rng.uniform(0.1, 0.5))
    _add_body(rng, canvas, scale, wanted=rng.random() < 0.4)
    return canvas


def _washed(rng: np.random.Generator, canvas: np.ndarray) -> np.ndarray:
    """Most of the texture covered by a soft slope from one colour to another."""
    ramp = (textures.slope(len(canvas), rng.uniform(0, 2 * math.pi))[..., None] + 1) / 2
    one, other = rng.uniform(20, 235, (2, 3)).astype(np.float32)
    weight = rng.uniform(0.2, 0.95)
    return cv2.addWeighted(canvas, 1 - weight, (one * ramp + other * (1 - ramp)).astype(np.uint8), weight, 0)


def _add_furniture(rng: np.random.Generator, canvas: np.ndarray, scale: float) -> None:
    """A line (an edge, a cable) or a rectangle (a picture, a cupboard)."""
    side = len(canvas)
    if rng.random() < 0.5:
        ends = (rng.uniform(-0.1, 1.1, (2, 2)) * side).astype(int).tolist()
        colour = tuple(int(level) for level in rng.uniform(0, 255, 3))
        cv2.line(canvas, ends[0], ends[1], colour, max(1, round(rng.uniform(1, 6) * scale)), cv2.LINE_AA)
        return
    left, top = (rng.uniform(0, 0.95, 2) * side).astype(int)
    width, height = (rng.uniform(10, 80, 2) * scale).astype(int)
    piece = textures.draw_texture(rng, int(height), int(width), scale, rng.uniform(0.1, 0.8))
    canvas[top : top + height, left : left + width] = piece[: side - top, : side - left]


def _add_body(rng: np.random.Generator, canvas: np.ndarray, scale: float, wanted: bool) -> None:
    """Somebody who sits behind the action, large; or something else that large."""
    look, person = sprites.draw_look(rng), outlines.draw_body(rng)
    if rng.random() < 0.6:
        look = replace(look, outline=person)
    radius = rng.uniform(35, 70) * scale
    place = complex(rng.uniform(0.25, 0.75), rng.uniform(0.5, 0.9)) * len(canvas)
    if wanted:
        sprites.paste(canvas, sprites.Sprite(look, radius), 0.0, place, 1)
