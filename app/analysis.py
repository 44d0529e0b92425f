"""What goes into an analysis and what comes out of it: values that know neither Gradio nor a network."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from app.timeline import Moments, Timeline, timeline
from tdn.data.clip import Clip
from tdn.data.transforms import normalise
from tdn.data.video import VideoInfo
from tdn.evaluate.calibration import energy, is_sure
from tdn.explain import Explanation
from tdn.explain.methods import GRAD_CAM
from tdn.networks.tdn import LAYERS


class RequestError(ValueError):
    """A request that can't be answered; the message is one sentence for the visitor."""


@dataclass(frozen=True)
class Request:
    """What a visitor asks: a video file, one or two checkpoints by file name, a class.

    `target` is a label or an index as text; None is the top class of the first network. `versus` is another class,
    whose evidence is taken off, `method` one of METHODS (`tdn.explain.methods`). `visitor` is the session that asks:
    only it may name the checkpoints it brought.
    """

    video: str
    tdn: str
    baseline: str | None = None
    target: str | None = None
    visitor: str | None = None
    versus: str | None = None
    method: str = GRAD_CAM.method

    @property
    def plain(self) -> "Request":
        """The same, asking for nothing but where a class is found, in the usual way."""
        return replace(self, versus=None, method=GRAD_CAM.method)


@dataclass(frozen=True)
class Prepared:
    """A request whose files have been read: nothing a visitor can get wrong comes after this.

    `clips` by role, "tdn" and "baseline": the same where one clip serves both. `target` is a class of the first
    network, `other_target` one of the second where it is not the class of the same name.
    """

    request: Request
    clips: dict[str, Clip]
    target: int | None
    other_target: int | None = None

    @property
    def clip(self) -> Clip:
        """What the first network reads."""
        return self.clips["tdn"]

    @cached_property
    def digests(self) -> dict[str, str]:
        """Tells clips apart by what the networks see of them."""
        return {role: hashlib.sha256(clip.tensor.numpy().tobytes()).hexdigest() for role, clip in self.clips.items()}


@dataclass(frozen=True)
class Answer:
    """What one network says: `file` its checkpoint, `explained` the logits, and the raw maps once they are there.

    `layers` are those that are shown, with their titles; `moments` where it looks. `sure_above` is the probability from
    which on the checkpoint's answers can be relied on, `known_above` the energy of its own kind of clips (see
    tdn/evaluate/calibration.py); None where it was never measured.
    """

    file: str
    explained: Explanation
    moments: Moments
    layers: dict[str, str]
    sure_above: float | None = None
    known_above: float | None = None
    has_s_tdm: bool = False

    @property
    def top(self) -> list[tuple[str, float]]:
        """The likeliest classes with their probabilities, best first."""
        return self.explained.top()

    def slot(self, layer: str) -> str:
        """Beside which layer of TDN it stands: the last one beside "final"."""
        return LAYERS[-1] if layer == list(self.layers)[-1] else LAYERS[0]

    @property
    def is_unsure(self) -> bool:
        return self.sure_above is not None and not is_sure(self.top[0][1], self.sure_above)

    @property
    def is_unlike(self) -> bool:
        """Whether the clip gives it less evidence for any class than its own kind of clips do."""
        return self.known_above is not None and energy(self.explained.logits) < self.known_above


@dataclass(frozen=True)
class Analysis:
    """What the page shows: the answers under "tdn" and, with two networks, "baseline", for the class `target` of the
    first; `note` is what to know about the clip.
    """

    file_name: str
    target: str
    answers: dict[str, Answer]
    note: str

    @property
    def moments(self) -> Moments:
        """Those of the first network."""
        return next(iter(self.answers.values())).moments

    @property
    def is_shared(self) -> bool:
        """Whether the networks look at the same moments."""
        return all(answer.moments is self.moments for answer in self.answers.values())

    @property
    def has_maps(self) -> bool:
        """At all layers; those of the last one come before the others."""
        return all(set(answer.layers) <= set(answer.explained.signed) for answer in self.answers.values())

    @cached_property
    def timeline(self) -> Timeline:
        """The places of the slider."""
        return timeline([answer.moments for answer in self.answers.values()])

    def placed(self, answer: Answer, maps: dict[str, np.ndarray], layer: str) -> np.ndarray:
        """Maps {layer: [T', h, w]} of an answer, or what they were scaled to, at the slider's places: [N, h', w']."""
        about = answer.explained.layers[layer]
        speaking = [min(about.map_of(moment), len(maps[layer]) - 1) for moment in range(len(answer.moments.frames))]
        return self.timeline.placed(maps[layer], answer.moments, speaking)


@dataclass(frozen=True)
class Comparison:
    """An analysis, and what the networks that the change `name` is about say after it, each of the same class, with the
    moments that they then look at.

    `order` names the moment whose picture each one shows after the change, and `note` is what to know about it.
    """

    name: str
    before: Analysis
    after: dict[str, Answer]
    order: list[int]
    note: str = ""


@dataclass(frozen=True)
class Kept:
    """A finished analysis with what its numbers and files are made of: what was asked, `info` of the file, and the
    `windows` as the first network reads them, uint8 [T, L, H, W, 3].
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
        one = self.analysis.moments
        return Clip(
            tensor=normalise(self.windows)[None],
            frames=one.frames,
            centre_frames=one.pictures,
            seen_box=one.box,
            times_sec=one.times_sec,
            info=self.info,
        )
