"""One slider for networks that look at a video at different moments: whose map stands where, and over which picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tdn.data.clip import Clip
from tdn.show.overlay import Box

# Cells of the longer side where a map is moved into another part of the picture than it is of.
CELLS_MOVED = 96


@dataclass(frozen=True)
class Moments:
    """Where in the video a network looks: `frames` [T, L] of it, `times_sec` [T] of the middle ones, whose pictures are
    `pictures` uint8 [T, H, W, 3], and the `box` of them that it sees.
    """

    frames: np.ndarray
    times_sec: np.ndarray
    pictures: np.ndarray
    box: Box

    @classmethod
    def of(cls, clip: Clip) -> "Moments":
        return cls(clip.frames, clip.times_sec, clip.centre_frames, clip.seen_box)

    @property
    def numbers(self) -> np.ndarray:
        """The middle frames of the windows: int [T]."""
        return self.frames[:, self.frames.shape[1] // 2]

    def shown_as(self, order: Sequence[int]) -> "Moments":
        """These moments in another order, or some of them in place of others."""
        return Moments(self.frames[order], self.times_sec[order], self.pictures[order], self.box)


@dataclass(frozen=True)
class Timeline:
    """The places of the slider: `numbers` [N] of the video's frames, `times_sec` [N], `pictures` uint8 [N, H, W, 3],
    and the `box` of the pictures in which maps are drawn, that of the first network.
    """

    numbers: np.ndarray
    times_sec: np.ndarray
    pictures: np.ndarray
    box: Box
    shared: Moments | None = None

    def moments(self, of: Moments) -> list[int | None]:
        """Which of a network's moments stands at each place: the nearest one, as long as the place is no farther from
        it than half way to the next; None where the network looks at nothing.
        """
        if of is self.shared:
            return list(range(len(of.frames)))
        numbers = of.numbers.astype(float)
        reach = max([1.0, *np.diff(np.unique(numbers))]) / 2
        apart = np.abs(numbers[None] - self.numbers[:, None])
        return [int(row.argmin()) if row.min() <= reach else None for row in apart]

    def placed(self, maps: np.ndarray, of: Moments, map_of: Sequence[int]) -> np.ndarray:
        """Maps [T', h, w] of a network at each place, zero where there is none: [N, h', w'], cells of `box`.

        `map_of` says which of the maps speaks for each of the network's moments.
        """
        found = np.zeros((len(self.numbers), *maps.shape[1:]), maps.dtype)
        for place, moment in enumerate(self.moments(of)):
            if moment is not None:
                found[place] = maps[map_of[moment]]
        return found if tuple(of.box) == tuple(self.box) else moved(found, of.box, self.box)


def timeline(looked: Sequence[Moments]) -> Timeline:
    """The moments of all networks in order, each frame once; those of one where they are the same."""
    first = looked[0]
    if all(one is first for one in looked):
        return Timeline(first.numbers, first.times_sec, first.pictures, first.box, first)
    numbers, where = np.unique(np.concatenate([one.numbers for one in looked]), return_index=True)
    times = np.concatenate([one.times_sec for one in looked])[where]
    pictures = np.concatenate([one.pictures for one in looked])[where]
    return Timeline(numbers, times, pictures, first.box)


def moved(maps: np.ndarray, box: Box, into: Box) -> np.ndarray:
    """Maps [N, h, w] of the part `box` of a picture as maps of the part `into`: zero outside, finer cells inside."""
    x0, y0, x1, y1 = into
    scale = CELLS_MOVED / max(x1 - x0, y1 - y0)
    width, height = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    rows, columns = maps.shape[1:]
    # The middle of each new cell in the picture, and from there among the old ones.
    x = x0 + (np.arange(width) + 0.5) * (x1 - x0) / width
    y = y0 + (np.arange(height) + 0.5) * (y1 - y0) / height
    across = ((x - box[0]) / (box[2] - box[0]) * columns - 0.5).astype(np.float32)
    down = ((y - box[1]) / (box[3] - box[1]) * rows - 0.5).astype(np.float32)
    inside = np.outer((y >= box[1]) & (y < box[3]), (x >= box[0]) & (x < box[2]))
    grid = np.meshgrid(across, down)
    found = [
        cv2.remap(one.astype(np.float32), *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for one in maps
    ]
    return (np.stack(found) * inside).astype(maps.dtype)
