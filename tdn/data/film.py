"""How a video is shown before it is sampled: a part of it, over and over, faster or slower. Integers, no decoder.

Shown `repeat` times a short film becomes a stroboscope: the segments of a network stand as far apart as the repeats
are long, and between them things may seem to go backwards. Nothing is written or decoded again for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tdn.data.sampling import centre_window_starts, dense_frames, even_window_starts, windows

if TYPE_CHECKING:
    from tdn.data.transforms import Preprocess

MAX_REPEAT = 16


class ClipTaker(Protocol):
    """What a network has to say about the clips it takes, as `tdn.weights.load_model` returns it."""

    num_segments: int
    window: int
    preprocess: Preprocess


@dataclass(frozen=True)
class Showing:
    """The first `part` of a video's frames (above 0, at most 1), `repeat` times over (1 to 16), `speed` times as fast.

    A speed above 1 leaves frames out, one below 1 shows frames twice; the default is the video as filmed. Raises
    ValueError for a value outside these.
    """

    speed: float = 1.0
    repeat: int = 1
    part: float = 1.0

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError(f"speed: expected a number above 0, got {self.speed}")
        if not isinstance(self.repeat, int) or not 1 <= self.repeat <= MAX_REPEAT:
            raise ValueError(f"repeat: expected a whole number from 1 to {MAX_REPEAT}, got {self.repeat}")
        if not 0 < self.part <= 1:
            raise ValueError(f"part: expected a share of the video above 0 and at most 1, got {self.part}")

    def used_frames(self, num_frames: int) -> int:
        """How many frames of a video of `num_frames` are shown, each round; at least one."""
        return max(1, round(self.part * num_frames))


AS_FILMED = Showing()


def window_frames(
    num_frames: int, fps: float, model: ClipTaker, showing: Showing = AS_FILMED
) -> tuple[np.ndarray, int]:
    """The frames of the video in each window, int64 [T, L], and how many windows cross a seam.

    Of a dense clip the windows are single frames, and the seams are those between them.

    The film that is shown is thinned and sampled as a file of that length would be. A seam is where one round ends and
    the next begins: in a window across it time jumps back.
    """
    used = showing.used_frames(num_frames)
    preprocess = model.preprocess
    kept = preprocess.kept_frames(used * showing.repeat, fps)  # places in the film
    kept = kept[(np.arange(max(1, int(len(kept) / showing.speed))) * showing.speed).astype(int)]
    if preprocess.sampling == "dense":  # [T, 1]
        places = kept[dense_frames(len(kept), model.num_segments, preprocess.stride)][:, None]
        return places % used, len(np.unique(places // used)) - 1
    window_starts = even_window_starts if preprocess.sampling == "even" else centre_window_starts
    starts = window_starts(len(kept), model.num_segments, model.window)
    places = kept[windows(starts, len(kept), model.window)]  # [T, L]
    rounds = places // used
    return places % used, int((rounds[:, 0] != rounds[:, -1]).sum())
