"""What goes into an analysis and what comes out of it: values that know neither Gradio nor a network."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tdn.data.clip import Clip
from tdn.data.transforms import normalise
from tdn.data.video import VideoInfo
from tdn.explain import Explanation
from tdn.networks.tdn import LAYERS
from tdn.show.overlay import Box


class RequestError(ValueError):
    """A request that can't be answered; the message is one sentence for the visitor."""


@dataclass(frozen=True)
class Request:
    """What a visitor asks: a video file, one or two checkpoints by file name, a class.

    `target` is a label or an index as text; None is the top class of the first network. `visitor` is the session that
    asks: only it may name the checkpoints it brought.
    """

    video: str
    tdn: str
    baseline: str | None = None
    target: str | None = None
    visitor: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A request whose files have been read: nothing a visitor can get wrong comes after this."""

    request: Request
    clip: Clip
    target: int | None

    @cached_property
    def digest(self) -> str:
        """Tells clips apart by what the networks see of them."""
        return hashlib.sha256(self.clip.tensor.numpy().tobytes()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """What one network says: `file` its checkpoint, `explained` the logits, and the raw maps once they are there.

    `sure_above` is the probability from which on the checkpoint's answers can be relied on, None
    where it was never measured.
    """

    file: str
    explained: Explanation
    sure_above: float | None = None

    @property
    def top(self) -> list[tuple[str, float]]:
        """The likeliest classes with their probabilities, best first."""
        return self.explained.top()

    @property
    def is_unsure(self) -> bool:
        return self.sure_above is not None and self.top[0][1] < self.sure_above


@dataclass(frozen=True)
class Analysis:
    """What the page shows: the answers under "tdn" and, with two checkpoints, "baseline", for the class `target`.

    `centre_frames` uint8 [T, H, W, 3], `box` the part of them the networks see, `frames` [T, L] their numbers in
    the video, `times_sec` [T] of the centre frames, `note` what to know about the clip.
    """

    file_name: str
    target: str
    answers: dict[str, Answer]
    centre_frames: np.ndarray
    box: Box
    frames: np.ndarray
    times_sec: np.ndarray
    note: str

    @property
    def has_maps(self) -> bool:
        """At all layers; those of the final stage come before those of Res2."""
        return all(set(LAYERS) <= set(answer.explained.signed) for answer in self.answers.values())


@dataclass(frozen=True)
class Comparison:
    """An analysis, and what the networks that the change `name` is about say after it, of the same class.

    `order` names the segment whose centre frame each segment shows after the change; where the video is shown in
    another way they are `centre_frames` uint8 [T, H, W, 3], and `note` says what to know about it.
    """

    name: str
    before: Analysis
    after: dict[str, Answer]
    order: list[int]
    centre_frames: np.ndarray | None = None
    note: str = ""


@dataclass(frozen=True)
class Kept:
    """A finished analysis with what its numbers and files are made of: what was asked, `info` of the file, and the
    `windows` as the networks read them, uint8 [T, L, H, W, 3].
    """

    analysis: Analysis
    request: Request
    info: VideoInfo
    windows: np.ndarray

    @property
    def video(self) -> Path:
        return Path(self.request.video)

    @property
    def clip(self) -> Clip:
        one = self.analysis
        return Clip(
            tensor=normalise(self.windows)[None],
            frames=one.frames,
            centre_frames=one.centre_frames,
            seen_box=one.box,
            times_sec=one.times_sec,
            info=self.info,
        )
