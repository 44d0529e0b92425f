"""Labelled clips of a data set for a torch DataLoader: uint8, a few frames decoded, one draw a clip.

No video can stall or end a run: reading has a time limit, what cannot be read is named and replaced, and only when
that happens too often does the run stop. Limit and budget count in each loading process by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tdn.data import sampling
from tdn.data.crops import TrainCrop, cut, cut_views, draw_crop
from tdn.data.datasets import DataSet, Item
from tdn.data.film import ClipTaker
from tdn.data.source import decode_frames, probe
from tdn.data.transforms import Preprocess
from tdn.data.video import VideoError, VideoInfo

SECONDS_PER_VIDEO = 60.0

Result = TypeVar("Result")
log = logging.getLogger("tdn.data")


class TooManyUnreadable(ValueError):
    """More videos than the error budget allows could not be read."""


@dataclass
class ErrorBudget:
    """How many different items may be unreadable: `share` of `count`, and never fewer than `at_least`."""

    count: int
    share: float = 0.02
    at_least: int = 3
    failed: dict[str, str] = field(default_factory=dict)

    def spend(self, item: Item, error: Exception) -> None:
        """Name the item once; raises TooManyUnreadable past the budget."""
        if item.id in self.failed:
            return
        self.failed[item.id] = str(error)
        log.warning("left out: %s", error if item.path.name in str(error) else f"{item.id}: {error}")
        allowed = max(self.at_least, int(self.share * self.count))
        if len(self.failed) > allowed:
            raise TooManyUnreadable(
                f"{len(self.failed)} of {self.count} videos cannot be read, more than the {allowed} allowed: "
                f"{', '.join(list(self.failed)[:5])}; check the data first with `python -m tdn data check`"
            )


class TrainClips(Dataset):
    """Training clips: a random window in each segment, one crop and one mirroring for the whole clip.

    Videos are thinned as `preprocess` says, its view is not used. `flip` mirrors half of the clips where the data set
    allows it, the label with the pixels. Every random number of an item depends on (seed, epoch, index) alone. Instead
    of an item that cannot be read, the next one that can is taken.
    """

    def __init__(
        self,
        dataset: DataSet,
        num_segments: int,
        window: int,
        input_size: int,
        crop: TrainCrop = "multi_scale",
        flip: bool = True,
        seed: int = 0,
        preprocess: Preprocess | None = None,
        seconds_per_video: float = SECONDS_PER_VIDEO,
    ):
        if flip and dataset.flip is None:
            raise ValueError(f"{dataset.name}: clips cannot be mirrored, {dataset.flip_reason}; pass flip=False")
        self.dataset, self.num_segments, self.window, self.input_size = dataset, num_segments, window, input_size
        self.crop, self.flip, self.seed, self.epoch = crop, flip, seed, 0
        self.preprocess, self.seconds_per_video = preprocess, seconds_per_video
        self.budget = ErrorBudget(len(dataset.items))

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.dataset.items)

    def __getitem__(self, index: int) -> tuple[Tensor, int, str]:
        """Clip uint8 [T, L, 3, S, S], label, id."""
        for step in range(len(self)):
            place = (index + step) % len(self)
            item = self.dataset.items[place]
            try:
                clip = within(self.seconds_per_video, item, lambda place=place: self._read(place))
            except (VideoError, OSError, ValueError) as error:
                self.budget.spend(item, error)
                continue
            return *clip, item.id
        raise TooManyUnreadable(f"{self.dataset.name}: none of its videos can be read")

    def _read(self, index: int) -> tuple[Tensor, int]:
        item, rng = self.dataset.items[index], np.random.default_rng([self.seed, self.epoch, index])
        info = probe(item.path)
        kept = np.arange(info.num_frames)
        if self.preprocess is not None:
            kept = self.preprocess.kept_frames(info.num_frames, info.fps)
        starts = sampling.train_window_starts(len(kept), self.num_segments, rng, self.window)
        frames = kept[sampling.windows(starts, len(kept), self.window)]  # [T, L]
        box = draw_crop(self.crop, info.width, info.height, self.input_size, rng)
        mirrored = self.flip and rng.random() < 0.5
        clip = _gathered(item, info, frames, lambda picture: cut(picture, box, self.input_size))  # [T, L, 3, S, S]
        return (clip.flip(-1), self.dataset.flip[item.label]) if mirrored else (clip, item.label)


class TestViews(Dataset):
    """The views of each video that a network is tested on, `clips` x `crops`, clip by clip.

    `model` says how it takes clips (num_segments, window, preprocess). An item that cannot be read comes as zeros with
    the label -1, so that it can be counted and named.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    def __init__(
        self,
        dataset: DataSet,
        model: ClipTaker,
        clips: int = 1,
        crops: int = 1,
        clip_sampling: str = "released",
        seed: int = 0,
        seconds_per_video: float = SECONDS_PER_VIDEO,
    ):
        self.dataset, self.clips, self.crops = dataset, clips, crops
        # Not the network itself: this object is sent to the loading processes.
        self.num_segments, self.window, self.preprocess = model.num_segments, model.window, model.preprocess
        self.clip_sampling, self.seed, self.seconds_per_video = clip_sampling, seed, seconds_per_video
        self.budget = ErrorBudget(len(dataset.items))

    def __len__(self) -> int:
        return len(self.dataset.items)

    def __getitem__(self, index: int) -> tuple[Tensor, int, str]:
        """Views uint8 [V, T, L, 3, S, S], label, id."""
        item = self.dataset.items[index]
        try:
            return within(self.seconds_per_video, item, lambda: self._read(index)), item.label, item.id
        except (VideoError, OSError, ValueError) as error:
            self.budget.spend(item, error)
        side = self.preprocess.input_size if self.crops == 1 else self.preprocess.short_side
        shape = (self.clips * self.crops, self.num_segments, self.window, 3, side, side)
        return torch.zeros(shape, dtype=torch.uint8), -1, item.id

    def _read(self, index: int) -> Tensor:
        item, preprocess = self.dataset.items[index], self.preprocess
        info = probe(item.path)
        kept = preprocess.kept_frames(info.num_frames, info.fps)
        places = sampling.clip_frames(
            *(len(kept), self.num_segments, self.window, self.clips, self.clip_sampling),
            preprocess.sampling,
            np.random.default_rng([self.seed, index]),
            preprocess.stride,
        )
        frames = kept[places]  # [clips, T, L]
        views = _gathered(item, info, frames, lambda picture: cut_views(picture, preprocess, self.crops))
        # [clips, T, L, crops, 3, S, S] -> [clips, crops, T, L, 3, S, S]
        return views.movedim(3, 1).flatten(0, 1).contiguous()


def _gathered(item: Item, info: VideoInfo, frames: np.ndarray, convert: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """Decode each different frame once and lay them out like `frames`: uint8 [*frames.shape, ..., 3, S, S]."""
    views = None
    for number, picture in decode_frames(item.path, np.unique(frames).tolist(), info):
        view = convert(picture)
        if views is None:
            views = np.empty((*frames.shape, *view.shape), np.uint8)
        views[frames == number] = view
    return torch.from_numpy(views).movedim(-1, -3).contiguous()


def within(seconds: float, item: Item, read: Callable[[], Result]) -> Result:
    """What `read` returns, or raises; a VideoError when it takes longer than `seconds`.

    It runs in a thread that is left behind when it hangs: neither a signal nor an exception gets into a decoder or a
    file system that does not answer, and a loading process that waits for ever stops the whole run.
    """
    outcome: list[Result] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            outcome.append(read())
        except Exception as error:  # handed on to the caller below, whatever it is
            failure.append(error)

    thread = Thread(target=run, daemon=True, name=f"read {item.id}")
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not outcome:
        raise VideoError(f"{item.path.name}: not read within {seconds:g} seconds; left alone")
    return outcome[0]
