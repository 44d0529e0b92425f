"""From a video to one clip, ready for a network, with what is needed to show what the network saw.

In two steps, so that the page can take the first in another process (`worker.py`): `read_pictures` decodes and needs no
torch, `clip_of` makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tdn.data.sampling import centre_window_starts, even_window_starts, windows
from tdn.data.source import decode_frames, probe
from tdn.data.transforms import Preprocess, denormalise, normalise, seen_box, shrink, to_view
from tdn.data.video import MAX_PIXELS, VideoInfo

if TYPE_CHECKING:
    from torch import Tensor


class ClipTaker(Protocol):
    """What a network has to say about the clips it takes, as `tdn.weights.load_model` returns it."""

    num_segments: int
    window: int
    preprocess: Preprocess


@dataclass
class Pictures:
    """What is decoded of a video for one clip: `views` uint8 [T, L, H, W, 3] as the network sees them.

    The other fields are those of `Clip`.
    """

    views: np.ndarray
    frames: np.ndarray
    centre_frames: np.ndarray
    times_sec: np.ndarray
    info: VideoInfo


@dataclass
class Clip:
    """One model input, `tensor` float32 [1, T, L, 3, H, W], and where in the video it was taken.

    `frames` int64 [T, L] are frame numbers of the video, 0-based. `centre_frames` uint8 [T, h, w, 3] are the whole
    pictures at the centre of each window, shrunk for showing; `seen_box` (x0, y0, x1, y1), in their pixels, is the
    part that the network sees. `times_sec` float64 [T] says when they are shown, after the first of the video.
    """

    tensor: Tensor
    frames: np.ndarray
    centre_frames: np.ndarray
    seen_box: tuple[float, float, float, float]
    times_sec: np.ndarray
    info: VideoInfo

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
    def note(self) -> str:
        """What a reader of the result should know about the video; empty where there is nothing."""
        return " ".join(filter(None, (self._break_note(), self._repeat_note())))

    def _break_note(self) -> str:
        promised = self.info.num_frames + self.info.missing_frames
        if promised == self.info.num_frames:
            return ""
        return f"The file breaks off: only the first {self.info.num_frames} of {promised} frames were used."

    def _repeat_note(self) -> str:
        num_segments = len(self.frames)
        if self.distinct_segments == num_segments:
            return ""
        length = "1 frame" if self.info.num_frames == 1 else f"{self.info.num_frames} frames"
        if self.is_collapsed:
            return f"The video is short ({length}): all {num_segments} segments show the same frames."
        return (
            f"The video is short ({length}): {num_segments} segments show {self.distinct_segments} different windows."
        )


def load_clip(path: str | Path, model: ClipTaker, display_short_side: int = 360, speed: float = 1.0) -> Clip:
    """Read the one clip of a video that `model` is tested on, decoding only the frames it needs.

    The video is a file or a folder of numbered frames. `speed` shows it as if filmed at a lower (above 1) or higher
    frame rate: 2 leaves every second frame out, 0.5 shows each twice. Works from a single frame upwards. Raises
    ValueError for a speed that is not above 0, and otherwise as `tdn.data.video.probe` and `decode_frames` do:
    FileNotFoundError, or a VideoError with one sentence for the user.
    """
    return clip_of(read_pictures(path, model, display_short_side, speed), model.preprocess)


def read_pictures(
    path: str | Path,
    model: ClipTaker,
    display_short_side: int = 360,
    speed: float = 1.0,
    max_pixels: int = MAX_PIXELS,
    max_frames: int | None = None,
) -> Pictures:
    """The decoding half of `load_clip`; the limits are those of `probe`."""
    info = probe(path, max_pixels, max_frames)
    frames = _window_frames(info, model, speed)
    return _shrunk(decode_frames(path, frames.flat, info), frames, info, model.preprocess, display_short_side)


def clip_of(pictures: Pictures, preprocess: Preprocess) -> Clip:
    """The other half: the views as a tensor, and the box of them in the pictures to show."""
    info, shown = pictures.info, pictures.centre_frames
    x_scale, y_scale = shown.shape[2] / info.width, shown.shape[1] / info.height
    x0, y0, x1, y1 = seen_box(info.width, info.height, preprocess)
    return Clip(
        tensor=normalise(pictures.views)[None],  # [1, T, L, 3, H, W]
        frames=pictures.frames,
        centre_frames=shown,
        seen_box=(x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale),
        times_sec=pictures.times_sec,
        info=info,
    )


def clip_from_frames(
    frames: np.ndarray, model: ClipTaker, fps: float = 12, display_short_side: int = 360, name: str = "frames"
) -> Clip:
    """As `load_clip`, of a video already in memory: `frames` uint8 [F, H, W, 3], RGB, shown at `fps`."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not len(frames):
        raise ValueError(f"frames: expected uint8 [F, H, W, 3], got {frames.dtype} {list(frames.shape)}")
    num_frames, height, width, _ = frames.shape
    info = VideoInfo(name=name, num_frames=num_frames, fps=fps, width=width, height=height)
    wanted = _window_frames(info, model)
    pictures = ((index, frames[index]) for index in np.unique(wanted))
    return clip_of(_shrunk(pictures, wanted, info, model.preprocess, display_short_side), model.preprocess)


def read_clip(path: str | Path, model: ClipTaker) -> Tensor:
    """The clip of `load_clip` alone: float32 [1, T, L, 3, H, W], for `model(clip)`."""
    return load_clip(path, model).tensor


def _window_frames(info: VideoInfo, model: ClipTaker, speed: float = 1.0) -> np.ndarray:
    """Frame numbers of the video for each window, int64 [T, L]: thin the video, then sample what is left."""
    if not speed > 0:
        raise ValueError(f"speed: expected a number above 0, got {speed}")
    preprocess = model.preprocess
    kept = preprocess.kept_frames(info.num_frames, info.fps)
    kept = kept[(np.arange(max(1, int(len(kept) / speed))) * speed).astype(int)]
    window_starts = even_window_starts if preprocess.sampling == "even" else centre_window_starts
    starts = window_starts(len(kept), model.num_segments, model.window)
    return kept[windows(starts, len(kept), model.window)]


def _shrunk(
    pictures: Iterable[tuple[int, np.ndarray]],
    frames: np.ndarray,
    info: VideoInfo,
    preprocess: Preprocess,
    display_short_side: int,
) -> Pictures:
    """Turn each picture, one at a time, into the network's view and, at window centres, the one to show."""
    size = preprocess.input_size
    centres = frames[:, frames.shape[1] // 2]
    views = np.empty((*frames.shape, size, size, 3), np.uint8)  # [T, L, H, W, 3]
    shown = {}
    for index, picture in pictures:
        views[frames == index] = to_view(picture, preprocess)
        if index in centres:
            shown[int(index)] = shrink(picture, display_short_side)
    centre_frames = np.stack([shown[int(index)] for index in centres])
    return Pictures(views, frames, centre_frames, info.times_sec[centres], info)
