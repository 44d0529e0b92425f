"""Planted bias: in most training clips a sign on the wall tells the class, so a network need not look at what moves.

Every class has a sign of its own. In training nine clips of ten carry that of their class, the others none. The test
clips come in twos of the same scene: clip 2i is clean, without a sign, and clip 2i + 1 conflicts, with the sign of
another class. Where a biased network must look is known to the pixel: `still_mask` is the sign, and nothing else.
"""

import colorsys
import math
from functools import lru_cache

import cv2
import numpy as np

from tdn.motion import labels, outlines, scenery
from tdn.motion.paths import LOG_RADIUS, SIDE, X, Y
from tdn.motion.photos import fetched_photos, half_photographic, mixed
from tdn.motion.v3 import looks
from tdn.motion.v3.scene import Repeated, Scene, make_scene

TOLD = 0.9  # share of the training clips with a sign
_SIGN, _SIGNS_SEED = 40, 19  # units along its side


class SignedClip:
    """A clip with the sign of class `sign` on its wall, or without one (None). As `Scene`."""

    def __init__(self, film: Scene | Repeated, sign: int | None, rng: np.random.Generator):
        scene = film.scene if isinstance(film, Repeated) else film
        place = _free_place(scene, rng)
        canvas, part = scene.canvas.copy(), np.zeros(scene.canvas.shape[:2], np.uint8)
        if sign is not None:
            _paint(canvas, part, sign, place, scene.size)
        self.scene, self.sign, self._part = scene.on_canvas(canvas), sign, part
        self.label_index, self.num_frames, self.fps = film.label_index, film.num_frames, film.fps

    def image(self, index: int) -> np.ndarray:
        return self.scene.image(self._shown(index))

    def mask(self, index: int) -> np.ndarray:
        return self.scene.mask(self._shown(index))

    def still_mask(self, index: int) -> np.ndarray:
        """What can be seen of the sign, bool [S, S]."""
        return self.scene.visible(self._part, self._shown(index))

    def _shown(self, index: int) -> int:
        """Films that repeat start again."""
        return index % self.scene.num_frames


def make_training_clip(seed: list[int], index: int, size: int) -> SignedClip:
    """Training clip `index`; classes go round in turn."""
    rng = np.random.default_rng([*seed, index, 1])
    label = index % len(labels.LABELS)
    told = rng.random() < TOLD
    return SignedClip(make_scene(label, [*seed, index], size, mixed(fetched_photos())), label if told else None, rng)


def make_test_clip(seed: list[int], index: int, size: int) -> SignedClip:
    """Test clip `index`: even ones are clean, odd ones carry the sign of another class (`sign_of`)."""
    pair, conflicts = divmod(index, 2)
    label, turn = pair % len(labels.LABELS), pair // len(labels.LABELS)
    scene = make_scene(label, [*seed, pair], size, half_photographic(turn))
    return SignedClip(scene, sign_of(seed[-1], index) if conflicts else None, np.random.default_rng([*seed, pair, 1]))


def part_of(index: int) -> str:
    return "conflicting" if index % 2 else "clean"


def sign_of(seed: int, index: int) -> int | None:
    """The class whose sign test clip `index` of a seed carries; None for a clean one."""
    pair, conflicts = divmod(index, 2)
    if not conflicts:
        return None
    count = len(labels.LABELS)
    return (pair + int(np.random.default_rng([_SIGNS_SEED, seed, pair]).integers(1, count))) % count


@lru_cache(maxsize=1)
def sign_pictures() -> tuple[np.ndarray, ...]:
    """The sign of each class, uint8 [96, 96, 3]: another colour and another shape each, with a white rim."""
    rng, count, signs = np.random.default_rng(_SIGNS_SEED), len(labels.LABELS), []
    for number in range(count):
        # Steps of 7 of 19: classes that are neighbours in the list have colours far apart.
        hue = number * 7 % count / count
        ground, shape = (
            np.multiply(colorsys.hsv_to_rgb(*one), 255) for one in ((hue, 1, 0.9), ((hue + 0.5) % 1, 0.8, 0.35))
        )
        weight = outlines.draw_outline(rng)[..., None] / 255
        picture = (ground * (1 - weight) + shape * weight).round().astype(np.uint8)
        signs.append(cv2.copyMakeBorder(picture[8:-8, 8:-8], 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=(255, 255, 255)))
    return tuple(signs)


def _free_place(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Of twelve places the middle of the one furthest from what moves: x, y in units."""
    times = range(0, scene.num_frames, 4)
    way = np.array([thing.path.state(time)[[X, Y, LOG_RADIUS]] for thing in scene.things for time in times])
    places = rng.uniform(0.6 * _SIGN, SIDE - 0.6 * _SIGN, (12, 2))
    return max(places, key=lambda place: (np.hypot(*(way[:, :2] - place).T) - np.exp(way[:, 2])).min())


def _paint(canvas: np.ndarray, part: np.ndarray, sign: int, place: np.ndarray, size: int) -> None:
    """Put a sign on a canvas, in place, and mark it on `part`."""
    factor, shift = scenery.to_canvas(size, looks.MARGIN)
    side = max(4, round(_SIGN * factor.real))
    corner = factor * complex(*(place - _SIGN / 2)) + shift
    left, top = math.floor(corner.real), math.floor(corner.imag)
    rows, columns = slice(top, top + side), slice(left, left + side)
    canvas[rows, columns] = cv2.resize(sign_pictures()[sign], (side, side), interpolation=cv2.INTER_AREA)
    part[rows, columns] = 255
