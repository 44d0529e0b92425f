"""Stroboscope: one thing passes, shown 1 to 16 times; and long clips in which many pass. Direction is the class.

A network that sees one moment a segment sees what repeats as under a stroboscope: at some numbers of repeats it seems
to stand still or to go backwards. Twenty clips belong together: the same passing shown k = 1, 2, ..., 16 times, and
four clips in which 2, 4, 8 and 16 different things pass the same way, as on a belt.

A repeat has no seam: as the thing leaves by half on one side it comes in by half on the other. So inside every window
it goes the right way, and only what is seen between the windows can mislead.
"""

from dataclasses import replace

import numpy as np

from tdn.motion import labels, paths
from tdn.motion.paths import SIDE, X, Y, state
from tdn.motion.photos import Material, half_photographic
from tdn.motion.reordered import Reordered
from tdn.motion.scene import Scene, Thing
from tdn.motion.stage import plain_scene, plain_thing

REPEATS = tuple(range(1, 17))
MANY = (2, 4, 8, 16)
TOGETHER = len(REPEATS) + len(MANY)
CLASSES = (labels.LEFT, labels.RIGHT, labels.UP, labels.DOWN)
_WAYS = {labels.LEFT: (X, -1), labels.RIGHT: (X, 1), labels.UP: (Y, -1), labels.DOWN: (Y, 1)}


def part_of(index: int) -> str:
    """What is asked by clip `index`: "1 time" to "16 times", or "2 things" to "16 things"."""
    place = index % TOGETHER
    if place < len(REPEATS):
        return f"{REPEATS[place]} time{'s' * (place > 0)}"
    return f"{MANY[place - len(REPEATS)]} things"


def make_strobe_clip(seed: list[int], index: int, size: int) -> Scene | Reordered:
    """Clip `index`; directions go round in turn, each twenty clips in one."""
    number, place = divmod(index, TOGETHER)
    label, repeats = CLASSES[number % len(CLASSES)], place + 1
    rng = np.random.default_rng([*seed, number, max(0, repeats - len(REPEATS))])
    frames = int(rng.integers(24, 57))  # for one thing to cross the picture
    material = half_photographic(number // len(CLASSES))
    if place < len(REPEATS):
        # Another copy a picture's width before and one behind: where one leaves, the next comes in.
        scene = _belt(rng, label, frames, np.arange(-1, 2), 1, size, material)
        return Reordered(scene, list(range(frames)) * repeats, label)
    count = MANY[place - len(REPEATS)]
    starts = np.arange(-1, count + 1) + rng.uniform(-0.15, 0.15, count + 2)
    return _belt(rng, label, frames, starts, count, size, material)


def _belt(
    rng: np.random.Generator, label: int, frames: int, starts: np.ndarray, crossings: int, size: int, material: Material
) -> Scene:
    """Things that cross the picture in `frames` frames each, in a clip of `crossings` times as many.

    `starts` say when each comes in, in crossings; where there is one crossing they are all the same thing.
    """
    along, sign = _WAYS[label]
    num_frames = crossings * frames
    across, degrees = rng.uniform(30, SIDE - 30), rng.uniform(0, 360)
    log_radii = np.log(rng.uniform(11, 24, len(starts)))
    travel, timing = state(), paths.Burst(0, num_frames, smooth=False)
    travel[along] = sign * SIDE * crossings
    things: list[Thing] = []
    for start, log_radius in zip(starts, log_radii, strict=True):
        rest = state(across, across, log_radii[0] if crossings == 1 else log_radius, degrees)
        rest[along] = (0 if sign > 0 else SIDE) - sign * start * SIDE
        path = paths.Path(rest, travel, timing)
        is_copy = crossings == 1 and things
        things.append(replace(things[0], path=path) if is_copy else plain_thing(rng, path, size, num_frames, material))
    return plain_scene(rng, label, size, things, num_frames, material)
