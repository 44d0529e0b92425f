"""From a video to one clip, ready for a network, with what is needed to show what the network saw.

In two steps, so that the page can take the first in another process (`worker.py`): `read_pictures` decodes and needs no
torch, `clip_of` makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tdn.data.film import AS_FILMED, ClipTaker, Showing, window_frames
from tdn.data.source import decode_frames, probe
from tdn.data.transforms import Preprocess, denormalise, normalise, seen_box, shrink, to_view
from tdn.data.video import MAX_PIXELS, VideoInfo

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Pictures:
    """What is decoded of a video, each frame once, for one clip or for several showings of it.

    `views` uint8 [U, S, S, 3] are the frames `numbers` [U], ascending, as the network sees them; `shown` uint8
    [C, h, w, 3] those at the centre of a window, `shown_numbers` [C], whole and shrunk for showing, at `times_sec` [C].
    For each of the `showings`, `windows` int64 [S, T, L] name the frames and `seam_windows` [S] counts windows across
    a seam.
    """

    views: np.ndarray
    numbers: np.ndarray
    shown: np.ndarray
    shown_numbers: np.ndarray
    times_sec: np.ndarray
    windows: np.ndarray
    seam_windows: np.ndarray
    showings: Sequence[Showing]
    info: VideoInfo

    def views_of(self, frames: np.ndarray) -> np.ndarray:
        """The views of frame numbers of any shape: uint8 [..., S, S, 3]."""
        return self.views[np.searchsorted(self.numbers, frames)]


@dataclass
class Clip:
    """One model input, `tensor` float32 [1, T, L, 3, H, W], and where in the video it was taken.

    `frames` int64 [T, L] are frame numbers of the video, 0-based. `centre_frames` uint8 [T, h, w, 3] are the whole
    pictures at the centre of each window, shrunk for showing; `seen_box` (x0, y0, x1, y1), in their pixels, is the
    part that the network sees. `times_sec` float64 [T] says when they are shown, after the first of the video.
    `showing` tells whether all of the video was shown, once; `seam_windows` of the T windows cross a seam between one
    round and the next.
    """

    tensor: Tensor
    frames: np.ndarray
    centre_frames: np.ndarray
    seen_box: tuple[float, float, float, float]
    times_sec: np.ndarray
    info: VideoInfo
    showing: Showing = AS_FILMED
    seam_windows: int = 0

    def half_windows(self) -> np.ndarray:
        """The windows at half resolution, as S-TDM reads them: uint8 [T, L, H/2, W/2, 3]."""
        from torch.nn.functional import avg_pool2d

        segments, window = self.tensor.shape[1:3]
        half = avg_pool2d(self.tensor.flatten(0, 2), 2)
        return denormalise(half).reshape(segments, window, *half.shape[2:], 3)

    @property
    def distinct_segments(self) -> int:
        """How many of the T windows differ; fewer than T in a video too short for them."""
        return len(np.unique(self.frames, axis=0))

    @property
    def is_collapsed(self) -> bool:
        """Whether every segment shows the same window, so that L-TDM sees no motion at all."""
        return self.distinct_segments == 1

    @property
    def notes(self) -> list[str]:
        """Sentences on what a reader of the result should know about the video."""
        return [*self.info.said, *filter(None, (self._showing_note(), self._repeat_note()))]

    @property
    def note(self) -> str:
        """The notes as one text; empty where there is nothing."""
        return " ".join(self.notes)

    def _showing_note(self) -> str:
        return showing_note(self.showing, self.info.num_frames, len(self.frames), self.seam_windows)

    def _repeat_note(self) -> str:
        num_segments = len(self.frames)
        if self.distinct_segments == num_segments:
            return ""
        if self.is_collapsed:
            found = f"all {num_segments} segments show the same frames."
        else:
            found = f"{num_segments} segments show {self.distinct_segments} different windows."
        if self.showing.repeat > 1:
            return found[0].upper() + found[1:]
        return f"The video is short ({_frames(self.showing.used_frames(self.info.num_frames))}): {found}"


def showing_note(showing: Showing, num_frames: int, num_segments: int, seam_windows: int) -> str:
    """In words what part of a video is shown, how often, and how many windows cross a seam; empty as filmed."""
    notes = []
    if showing.part < 1:
        notes.append(f"Only the first {showing.used_frames(num_frames)} of {_frames(num_frames)} are shown.")
    if showing.repeat > 1:
        cross = {0: "no window crosses", 1: "1 window crosses"}.get(seam_windows, f"{seam_windows} windows cross")
        notes.append(
            f"The video is shown {showing.repeat} times over; of {num_segments} windows, {cross} a seam, "
            "where it begins again."
        )
    return " ".join(notes)


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def load_clip(
    path: str | Path,
    model: ClipTaker,
    display_short_side: int = 360,
    speed: float = 1.0,
    repeat: int = 1,
    part: float = 1.0,
) -> Clip:
    """Read the one clip of a video that `model` is tested on, decoding only the frames it needs, each once.

    The video is a file or a folder of numbered frames. `speed` shows it as if filmed at a lower (above 1) or higher
    frame rate: 2 leaves every second frame out, 0.5 shows each twice. `part` takes the first share of its frames and
    `repeat` shows them so many times (`tdn.data.film.Showing`), as a file that was written that way would. Works from
    a single frame upwards. Raises ValueError for values outside these, and otherwise as `tdn.data.video.probe` and
    `decode_frames` do: FileNotFoundError, or a VideoError with one sentence for the user.
    """
    showing = Showing(speed, repeat, part)
    return clip_of(read_pictures(path, model, [showing], display_short_side), model.preprocess)


def read_pictures(
    path: str | Path,
    model: ClipTaker,
    showings: Sequence[Showing] = (AS_FILMED,),
    display_short_side: int = 360,
    max_pixels: int = MAX_PIXELS,
    max_frames: int | None = None,
) -> Pictures:
    """The decoding half of `load_clip`, for several showings at once; the limits are those of `probe`, on the file."""
    info = probe(path, max_pixels, max_frames)
    found = [window_frames(info.num_frames, info.fps, model, showing) for showing in showings]
    wanted = np.unique([frames for frames, _ in found])
    return _shrunk(decode_frames(path, wanted, info), found, showings, info, model.preprocess, display_short_side)


def clip_of(pictures: Pictures, preprocess: Preprocess, place: int = 0) -> Clip:
    """The other half, of the showing at `place`: the views as a tensor, and the box of them in the pictures to show."""
    info, frames = pictures.info, pictures.windows[place]
    centres = np.searchsorted(pictures.shown_numbers, frames[:, frames.shape[1] // 2])
    shown = pictures.shown[centres]
    x_scale, y_scale = shown.shape[2] / info.width, shown.shape[1] / info.height
    x0, y0, x1, y1 = seen_box(info.width, info.height, preprocess)
    return Clip(
        tensor=normalise(pictures.views_of(frames), preprocess)[None],  # [1, T, L, 3, H, W]
        frames=frames,
        centre_frames=shown,
        seen_box=(x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale),
        times_sec=pictures.times_sec[centres],
        info=info,
        showing=pictures.showings[place],
        seam_windows=int(pictures.seam_windows[place]),
    )


def clip_from_frames(
    frames: np.ndarray,
    model: ClipTaker,
    fps: float = 12,
    display_short_side: int = 360,
    name: str = "frames",
    showing: Showing = AS_FILMED,
) -> Clip:
    """As `load_clip`, of a video already in memory: `frames` uint8 [F, H, W, 3], RGB, shown at `fps`."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not len(frames):
        raise ValueError(f"frames: expected uint8 [F, H, W, 3], got {frames.dtype} {list(frames.shape)}")
    num_frames, height, width, _ = frames.shape
    info = VideoInfo(name=name, num_frames=num_frames, fps=fps, width=width, height=height)
    found = [window_frames(num_frames, fps, model, showing)]
    decoded = ((index, frames[index]) for index in np.unique(found[0][0]))
    return clip_of(_shrunk(decoded, found, [showing], info, model.preprocess, display_short_side), model.preprocess)


def read_clip(path: str | Path, model: ClipTaker) -> Tensor:
    """The clip of `load_clip` alone: float32 [1, T, L, 3, H, W], for `model(clip)`."""
    return load_clip(path, model).tensor


def _shrunk(
    decoded: Iterable[tuple[int, np.ndarray]],
    found: Sequence[tuple[np.ndarray, int]],
    showings: Sequence[Showing],
    info: VideoInfo,
    preprocess: Preprocess,
    display_short_side: int,
) -> Pictures:
    """Turn each picture, one at a time, into the network's view and, at window centres, the one to show."""
    windows = np.stack([frames for frames, _ in found])  # [S, T, L]
    numbers, centres = np.unique(windows), np.unique(windows[..., windows.shape[-1] // 2])
    size = preprocess.input_size
    views = np.empty((len(numbers), size, size, 3), np.uint8)
    shown = {}
    for index, picture in decoded:
        views[np.searchsorted(numbers, index)] = to_view(picture, preprocess)
        if index in centres:
            shown[int(index)] = shrink(picture, display_short_side)
    return Pictures(
        views=views,
        numbers=numbers,
        shown=np.stack([shown[int(index)] for index in centres]),
        shown_numbers=centres,
        times_sec=info.times_sec[centres],
        windows=windows,
        seam_windows=np.array([seams for _, seams in found]),
        showings=showings,
        info=info,
    )
