"""Change the clip or the network in one respect, and look again: what does the answer hang on?

Freezing and switching off are two questions. A frozen clip shows S-TDM a world without motion: its differences are zero
and its features are what it says of "nothing moves", which the network knows how to read. With S-TDM's weight at 0 the
network is missing a part it was trained with, and later stages see features they never saw: a lower score then may mean
that motion mattered, or only that the rest is upset. "S-TDM at its clip mean" keeps the features' size and takes away
what differs between segments.

A `Change` is a value: its name, what it needs of a network, and what it does. Those of a clip work on tensors
[N, T, L, 3, H, W] (`clip_changes`); those of a network return another one over the same weights, the one given is left
as it was (`network_changes`); those of the video show it in another way, and its clip has to be read again.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from tdn.data.film import AS_FILMED, Showing
from tdn.explain import clip_changes as of_clips
from tdn.explain import network_changes as of_networks
from tdn.networks import Network

Kind = Literal["clip", "network", "video"]


@dataclass(frozen=True)
class Need:
    """What a network must have for a change: `met` tells, `said` is what a network without it is like, in words."""

    met: Callable[[Network], bool]
    said: str


ANY = Need(lambda network: True, "")
SEVERAL = Need(lambda network: network.num_segments > 1, "it sees a single moment")
WINDOWS = Need(
    lambda network: network.window >= 3, "it reads single frames, not windows of three or more; try hold, or reverse"
)
SEGMENTS = Need(lambda network: network.reads.rule == "windows", "it reads one dense clip; try shuffle frames")
DENSE = Need(lambda network: network.reads.rule == "dense", "it reads segments, not one dense clip; try freeze windows")
S_TDM = Need(lambda network: "S-TDM" in network.parts, "this network has no S-TDM to change")
L_TDM = Need(lambda network: "L-TDM" in network.parts, "this network has no L-TDM to switch off")
STAGES = Need(lambda network: len(network.stages) >= 5, "its stages are not known to us; try random weights")


@dataclass(frozen=True)
class Change:
    """One change by its `name`. `does` takes a clip, a network or a `Showing`, as `kind` says, and returns another."""

    name: str
    kind: Kind
    needs: Need
    does: Callable[[Any], Any]

    def refusal(self, network: Network) -> str:
        """One sentence on why this network can't be asked, empty where it can."""
        return "" if self.needs.met(network) else f"{self.name}: {self.needs.said}"

    def expect(self, network: Network) -> None:
        """Raises ValueError with that sentence."""
        if refusal := self.refusal(network):
            raise ValueError(refusal)

    def apply(self, network: Network, clip: Tensor) -> tuple[Network, Tensor]:
        """Network and clip [N, T, L, 3, H, W] after it; neither is touched. Raises ValueError where it can't be."""
        self.expect(network)
        if self.kind == "video":
            raise ValueError(f"change {self.name!r} shows the video in another way; read its clip again")
        return (network, self.does(clip)) if self.kind == "clip" else (self.does(network), clip)

    def showing(self, showing: Showing = AS_FILMED) -> dict[str, Any]:
        """How the video is shown after a change of the video: keywords of `tdn.data.clip.load_clip`."""
        return asdict(self.does(showing))


FIXED = (
    Change("freeze windows", "clip", WINDOWS, of_clips.freeze_windows),
    Change("freeze clip", "clip", SEVERAL, of_clips.freeze_clip),
    Change("reverse", "clip", SEVERAL, of_clips.reverse),
    Change("reverse inside windows", "clip", WINDOWS, of_clips.reverse_inside),
    Change("shuffle segments", "clip", SEGMENTS, of_clips.shuffle_segments),
    Change("shuffle inside windows", "clip", WINDOWS, of_clips.shuffle_inside),
    Change("shuffle frames", "clip", DENSE, of_clips.shuffle_segments),
    Change("S-TDM off", "network", S_TDM, of_networks.s_tdm_weight),
    Change("S-TDM at its clip mean", "network", S_TDM, of_networks.s_tdm_clip_mean),
    Change("L-TDM gates off", "network", L_TDM, of_networks.l_tdm_off),
    Change("random classifier", "network", STAGES, partial(of_networks.randomised, down_to=6)),
    Change("random from stage 5 up", "network", STAGES, partial(of_networks.randomised, down_to=5)),
    Change("random from stage 3 up", "network", STAGES, partial(of_networks.randomised, down_to=3)),
    Change("random weights", "network", ANY, of_networks.randomised),
)
BY_NAME = {change.name: change for change in FIXED}


def _hold(name: str, frames: str) -> Change:
    if not 2 <= int(frames) <= 1000:
        raise ValueError(f"expected 2 to 1000 frames, got {frames}")
    return Change(name, "clip", DENSE, partial(of_clips.hold, frames=int(frames)))


def _blank(name: str, *edges: str) -> Change:
    box = tuple(float(edge) for edge in edges)
    of_clips.expect_box(box)
    return Change(name, "clip", ANY, partial(of_clips.blank, box=box))


def _weight(name: str, weight: str) -> Change:
    return Change(name, "network", S_TDM, partial(of_networks.s_tdm_weight, weight=float(weight)))


def _shown(name: str, **settings: Any) -> Change:
    replace(AS_FILMED, **settings)  # refuses what can't be
    return Change(name, "video", ANY, lambda showing: replace(showing, **settings))


def _part(name: str, percent: str) -> Change:
    if not 0 < float(percent) <= 100:
        raise ValueError(f"part: expected a percentage above 0 and at most 100, got {percent}")
    return _shown(name, part=float(percent) / 100)


_NUMBER = r"(\d*\.?\d+)"
# How changes with numbers are written, for people and for the machine, and what makes them.
WRITTEN: tuple[tuple[str, re.Pattern, Callable[..., Change]], ...] = (
    ("hold K", re.compile(r"hold (\d{1,4})"), _hold),
    ("blank X0,Y0,X1,Y1", re.compile(rf"blank {_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}"), _blank),
    ("S-TDM at WEIGHT", re.compile(rf"S-TDM at {_NUMBER}"), _weight),
    ("repeat K", re.compile(r"repeat (\d{1,9})"), lambda name, times: _shown(name, repeat=int(times))),
    ("first N%", re.compile(rf"first {_NUMBER}%"), _part),
    ("speed X", re.compile(rf"speed {_NUMBER}"), lambda name, speed: _shown(name, speed=float(speed))),
)


def parse_change(name: str) -> Change:
    """The change that a person names. Raises ValueError for one that does not exist, or for a number that can't be."""
    if name in BY_NAME:
        return BY_NAME[name]
    for _, pattern, make in WRITTEN:
        if found := pattern.fullmatch(name):
            try:
                return make(name, *found.groups())
            except ValueError as error:
                raise ValueError(f"change {name!r}: {error}") from None
    known = (*BY_NAME, *(written for written, *_ in WRITTEN))
    raise ValueError(f"change {name[:100]!r}: expected one of {', '.join(known)}")


def frames_shown(change: Change, network: Network) -> list[int]:
    """Which window's centre frame each window shows after a change of the clip; as they stand for any other."""
    numbers = torch.arange(network.num_segments).view(1, -1, 1, 1, 1, 1)
    windows = numbers.expand(-1, -1, network.window, -1, -1, -1)
    if change.kind == "clip" and not change.name.startswith("blank"):
        windows = change.does(windows)
    return windows[0, :, network.window // 2].flatten().tolist()
