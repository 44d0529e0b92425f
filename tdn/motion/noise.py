"""Appearance-free clips: every frame is white noise by itself, and only how two frames go together shows a thing.

Frames come in pairs, 0 and 1, 2 and 3, ...; nothing goes on from one pair to the next. Where a thing would move from
cell a to cell b, one of two things happens, each half of the time: b takes the grey of a in the second frame, or a
takes the *inverted* grey of b. Both are motion from a to b to whatever compares frames in their order (the second is
"reverse phi", Anstis 1970: an inverted copy one step back). To whatever does not know which frame came first the two
cancel exactly: no correlation between any two places is left in one frame, in the mean of any frames, or in frames
whose order is lost. Each cell lends its grey once and borrows once at the most, so a frame by itself is independent
noise, cell by cell.

The classes are six pairs of opposites. The others are left out because no order tells them: still, shaking, vibrating
and dropping are told by where and how much something moves; and a fast spin differs from a turn only by what becomes of
it from window to window, where noise of another pair has nothing to say.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tdn.motion import labels, outlines

CLASSES = (
    *(labels.LEFT, labels.RIGHT, labels.UP, labels.DOWN, labels.CLOSER, labels.AWAY),
    *(labels.TURN_CLOCKWISE, labels.TURN_COUNTER, labels.APPROACH, labels.SEPARATE),
    *(labels.STREAM_LEFT, labels.STREAM_RIGHT),
)
CELLS = 56  # cells of noise along a side: 2 units each
_BACKWARDS = {
    labels.LEFT: labels.RIGHT,
    labels.UP: labels.DOWN,
    labels.AWAY: labels.CLOSER,
    labels.TURN_COUNTER: labels.TURN_CLOCKWISE,
    labels.SEPARATE: labels.APPROACH,
    labels.STREAM_LEFT: labels.STREAM_RIGHT,
}
_PATHS, _NOISE = range(2)
# Rounds in which cells find a partner; more would find hardly any.
_ROUNDS = 3


@dataclass(frozen=True)
class Pose:
    """Where a thing is in one frame, in cells: its middle, radius times its turn, and how far its texture went."""

    middle: complex
    factor: complex
    streamed: complex = 0j


@dataclass(frozen=True)
class Figure:
    """One outline and its pose in each frame of a pass."""

    outline: np.ndarray
    poses: list[Pose]


class NoiseClip:
    """One appearance-free clip: several passes of the same motion, each by another thing at another place.

    As `Scene`: frames and masks by their index alone; bytes depend on label, seed, size and index only.
    """

    def __init__(self, label_index: int, seed: Sequence[int], size: int):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_PATHS,)))
        self.label_index, self.size, self.seed = label_index, size, tuple(seed)
        lengths = 2 * rng.integers(5, 9, size=5)
        self._frames = [(number, frame) for number, length in enumerate(lengths) for frame in range(length)]
        self._passes = [_draw_pass(rng, label_index, int(length)) for length in lengths]

    @property
    def num_frames(self) -> int:
        return len(self._frames)

    def figures(self, index: int) -> list[Figure]:
        """The things of the pass that frame `index` belongs to."""
        return self._passes[self._frames[index][0]]

    def frame_of_pass(self, index: int) -> int:
        return self._frames[index][1]

    def image(self, index: int) -> np.ndarray:
        """Frame `index`, uint8 [S, S, 3], grey."""
        first = index - index % 2
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(_NOISE, first)))
        cells = rng.integers(0, 256, (2, CELLS * CELLS), np.uint8)
        if index > first:
            for source, target, inverted in _borrowed(rng, self.figures(first), self.frame_of_pass(first)):
                cells[1, target] = np.where(inverted, 255 - cells[0, source], cells[0, source])
        return cv2.cvtColor(self._enlarged(cells[index - first].reshape(CELLS, CELLS)), cv2.COLOR_GRAY2RGB)

    def mask(self, index: int) -> np.ndarray:
        """The cells of the things in frame `index`, bool [S, S]."""
        inside, frame = np.zeros(CELLS * CELLS, np.uint8), self.frame_of_pass(index)
        for figure in self.figures(index):
            inside[_inside(figure.outline, figure.poses[frame])] = 1
        return self._enlarged(inside.reshape(CELLS, CELLS)) > 0

    def still_mask(self, index: int) -> np.ndarray:
        """Nothing: bool [S, S]."""
        return np.zeros((self.size, self.size), bool)

    def _enlarged(self, cells: np.ndarray) -> np.ndarray:
        return cv2.resize(cells, (self.size, self.size), interpolation=cv2.INTER_NEAREST)


def _draw_pass(rng: np.random.Generator, label: int, length: int) -> list[Figure]:
    """The things of one pass; opposite classes are the same run backwards."""
    forward = _BACKWARDS.get(label, label)
    figures = _draw_forward(rng, forward, length)
    if forward == label:
        return figures
    return [Figure(figure.outline, figure.poses[::-1]) for figure in figures]


def _draw_forward(rng: np.random.Generator, label: int, length: int) -> list[Figure]:
    """Every number is drawn whatever the class; at least one cell a frame where something goes straight."""
    shapes = outlines.draw_outline(rng), outlines.draw_outline(rng)
    speed, rate, turn = rng.uniform(1, 2), rng.uniform(0.08, 0.11), math.radians(rng.uniform(7, 12))
    radius, largest, other_radius = rng.uniform(12, 18), rng.uniform(22, 28), rng.uniform(9, 12)
    pair_speed, direction, turned = rng.uniform(1.5, 1.8), rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi)
    middle = complex(*rng.uniform(0.38, 0.62, 2)) * CELLS
    steps = np.arange(length) - (length - 1) / 2
    still = cmath.rect(radius, turned)

    def straight(way: complex) -> list[Pose]:
        return [Pose(middle + way * step, still) for step in steps]

    if label == labels.RIGHT:
        return [Figure(shapes[0], straight(speed))]
    if label == labels.DOWN:
        return [Figure(shapes[0], straight(speed * 1j))]
    if label == labels.STREAM_RIGHT:
        return [Figure(shapes[0], [Pose(middle, still, speed * step) for step in steps])]
    if label == labels.TURN_CLOCKWISE:
        return [Figure(shapes[0], [Pose(middle, still * cmath.exp(1j * turn * step)) for step in steps])]
    if label == labels.CLOSER:
        grown = [cmath.rect(largest * math.exp(rate * (step - steps[-1])), turned) for step in steps]
        return [Figure(shapes[0], [Pose(middle, factor) for factor in grown])]
    along, figures = cmath.exp(1j * direction), []
    for side, shape in zip((-1, 1), shapes, strict=True):
        near = middle + side * along * other_radius
        way = [near + side * along * pair_speed * (length - 1 - frame) for frame in range(length)]
        figures.append(Figure(shape, [Pose(place, cmath.rect(other_radius, turned)) for place in way]))
    return figures


def _places() -> np.ndarray:
    """The middles of all cells, complex [CELLS * CELLS]."""
    rows, columns = np.divmod(np.arange(CELLS * CELLS), CELLS)
    return columns + 1j * rows


_PLACES = _places()


def _inside(outline: np.ndarray, pose: Pose) -> np.ndarray:
    """The cells that an outline covers, int [n]."""
    own = (_PLACES - pose.middle) / pose.factor  # within -1 to 1 along both axes where the outline's square is
    within = np.flatnonzero(np.maximum(abs(own.real), abs(own.imag)) < 1)
    columns, rows = ((part[within] + 1) / 2 * len(outline) for part in (own.real, own.imag))
    return within[outline[rows.astype(int), columns.astype(int)] > 127]


def steps(figure: Figure, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells that a thing has in `frame`, and the cells where each of them goes in the next; those that go."""
    here, there = figure.poses[frame], figure.poses[frame + 1]
    start = _inside(figure.outline, here)
    moved = (_PLACES[start] - here.middle) / here.factor * there.factor + there.middle + there.streamed - here.streamed
    columns, rows = np.rint(moved.real).astype(int), np.rint(moved.imag).astype(int)
    in_picture = (columns >= 0) & (columns < CELLS) & (rows >= 0) & (rows < CELLS)
    start, end = start[in_picture], (rows * CELLS + columns)[in_picture]
    goes = np.isin(end, _inside(figure.outline, there)) & (start != end)
    return start[goes], end[goes]


def _borrowed(rng: np.random.Generator, figures: list[Figure], frame: int):
    """Which cells of the second frame take the grey of which cells of the first: (source, target, inverted) a round.

    Forwards and inverted backwards have the same chance for every step, and no cell is twice a source or a target.
    """
    start, end = (np.concatenate(part) for part in zip(*(steps(one, frame) for one in figures), strict=True))
    order = rng.permutation(len(start))
    inverted = rng.random(len(start)) < 0.5
    source, target = np.where(inverted, end, start)[order], np.where(inverted, start, end)[order]
    inverted = inverted[order]
    lent, taken = np.zeros(CELLS * CELLS, bool), np.zeros(CELLS * CELLS, bool)
    for _ in range(_ROUNDS):
        free = ~lent[source] & ~taken[target]
        source, target, inverted = source[free], target[free], inverted[free]
        first = np.zeros(len(source), int)
        for used in (source, target):
            first[np.unique(used, return_index=True)[1]] += 1
        kept = first == 2
        lent[source[kept]], taken[target[kept]] = True, True
        yield source[kept], target[kept], inverted[kept]
