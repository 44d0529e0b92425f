"""Change the clip or the network in one respect, and look again: what does the answer hang on?

Freezing and switching off are two questions. A frozen clip shows S-TDM a world without motion: its differences are zero
and its features are what it says of "nothing moves", which the network knows how to read. With S-TDM's weight at 0 the
network is missing a part it was trained with, and later stages see features they never saw: a lower score then may mean
that motion mattered, or only that the rest is upset. `s_tdm_clip_mean` keeps the features' size and takes away what
differs between segments.

Changes of a clip are functions of a tensor [N, T, L, 3, H, W]. Changes of a network return another one, mostly a twin
(`tdn.model.twin`) over the same weights; the one given is left as it was. A third kind shows the video in another way
(`other_showing`): its clip has to be read again.
"""

import copy
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from tdn.data.film import AS_FILMED, Showing
from tdn.explain.gradcam import Target, target_classes
from tdn.explain.kept import KeptPass
from tdn.explain.methods import GRAD_CAM, Rule
from tdn.model import TDN
from tdn.model.l_tdm import LongTermTDM
from tdn.model.tdn import initialise
from tdn.model.twin import bare, twin_of
from tdn.shapes import fold, unfold

_DRAWING = threading.Lock()
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height


def freeze_windows(clip: Tensor) -> Tensor:
    """Every window becomes five times its centre frame: S-TDM sees nothing, the order of segments stays."""
    centre = clip.shape[2] // 2
    return clip[:, :, centre : centre + 1].expand_as(clip).contiguous()


def freeze_clip(clip: Tensor) -> Tensor:
    """Every frame becomes the centre frame of the middle segment: a photograph, as long as the clip."""
    segment, centre = clip.shape[1] // 2, clip.shape[2] // 2
    return clip[:, segment : segment + 1, centre : centre + 1].expand_as(clip).contiguous()


def reverse(clip: Tensor) -> Tensor:
    """Time runs backwards, between segments and inside windows."""
    return clip.flip(1, 2)


def reverse_inside(clip: Tensor) -> Tensor:
    """Time runs backwards inside each window: centre frames and their order stay, so S-TDM alone can see it."""
    return clip.flip(2)


def shuffle_segments(clip: Tensor, seed: int = 0) -> Tensor:
    """Segments in another order, each window whole: what L-TDM compares is no longer in order, what S-TDM sees is."""
    return clip[:, _other_order(clip.shape[1], seed)]


def shuffle_inside(clip: Tensor, seed: int = 0) -> Tensor:
    """Frames inside each window in another order, around the centre frame, which stays: short-term order is lost."""
    window = clip.shape[2]
    around = [index for index in range(window) if index != window // 2]
    if len(around) < 2:
        return clip.clone()
    places = torch.arange(window)
    places[around] = torch.tensor(around)[_other_order(len(around), seed)]
    return clip[:, :, places]


def blank(clip: Tensor, box: Box) -> Tensor:
    """A region in ImageNet's mean colour, in all frames alike, so that its edges do not move.

    Raises ValueError for a box outside the picture or without area.
    """
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(
            f"blank {box}: expected x0,y0,x1,y1 as shares of the picture, 0 to 1, with x0 < x1 and y0 < y1"
        )
    height, width = clip.shape[-2:]
    blanked = clip.clone()
    blanked[..., round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)] = 0
    return blanked


def freeze_where(clip: Tensor, where: Tensor) -> Tensor:
    """Where `where` (bool [N, T, H, W]) holds, all frames of a window become its centre frame."""
    return torch.where(where[:, :, None, None], freeze_windows(clip), clip)


def _other_order(count: int, seed: int) -> Tensor:
    """A permutation that is not the identity."""
    generator = torch.Generator().manual_seed(seed)
    while count > 1:
        order = torch.randperm(count, generator=generator)
        if not torch.equal(order, torch.arange(count)):
            return order
    return torch.arange(count)


def s_tdm_weight(model: TDN, weight: float = 0.0) -> TDN:
    """S-TDM's features times `weight` before they are fused: 1 as trained, 0 switched off."""
    return _with_features_changed(model, lambda motion: weight * motion)


def s_tdm_clip_mean(model: TDN) -> TDN:
    """S-TDM's features in every segment become their mean over the clip: as large as ever, the same throughout."""
    segments = bare(model).num_segments

    def mean(motion: Tensor) -> Tensor:
        clips = unfold(motion, segments)
        return fold(clips.mean(1, keepdim=True).expand_as(clips))

    return _with_features_changed(model, mean)


def l_tdm_off(model: TDN) -> TDN:
    """Every L-TDM passes its features on as they are: all gates at zero. Temporal convolutions stay."""
    other = twin_of(model)
    modules = [module for module in other.modules() if isinstance(module, LongTermTDM)]
    if not modules:
        raise ValueError("this network has no L-TDM to switch off")
    for module in modules:
        module.register_forward_hook(lambda module, inputs, output: inputs[0])
    return other


def randomised(model: TDN, down_to: int = 1, seed: int = 0) -> TDN:
    """Fresh weights from the classifier down to stage `down_to` (6: the classifier alone).

    Model randomisation (Adebayo et al., NeurIPS 2018): a map that stays the same shows nothing of what was learnt.
    Raises ValueError for an inference copy, whose batch norms are folded away.
    """
    model = bare(model)
    if not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        raise ValueError("weights can't be drawn anew in an inference copy; use the network itself")
    other = random_weights(model, seed)
    kept = {f"{part}{stage}." for stage in range(1, down_to) for part in ("res", "fuse")}
    kept |= {f"s_tdm.res{stage}." for stage in range(1, down_to)}
    kept |= {f"s_tdm.later.res{stage}." for stage in range(1, down_to)}
    own = {name: value for name, value in model.state_dict().items() if name.startswith(tuple(kept))}
    other.load_state_dict(own, strict=False)
    return other


def _with_features_changed(model: TDN, change: Callable[[Tensor], Tensor]) -> TDN:
    other = twin_of(model)
    if other.s_tdm is None:
        raise ValueError("this network has no S-TDM to change")
    for stage in range(1, other.architecture.s_tdm_stages + 1):
        tap = getattr(other.taps, f"diff{stage}")
        tap.register_forward_hook(lambda module, inputs, output: change(output))
    return other


ClipChange = Callable[[Tensor], Tensor]
NetworkChange = Callable[[TDN], TDN]

CLIP_CHANGES: dict[str, ClipChange] = {
    "freeze windows": freeze_windows,
    "freeze clip": freeze_clip,
    "reverse": reverse,
    "reverse inside windows": reverse_inside,
    "shuffle segments": shuffle_segments,
    "shuffle inside windows": shuffle_inside,
}
NETWORK_CHANGES: dict[str, NetworkChange] = {
    "S-TDM off": s_tdm_weight,
    "S-TDM at its clip mean": s_tdm_clip_mean,
    "L-TDM gates off": l_tdm_off,
    "random classifier": partial(randomised, down_to=6),
    "random from stage 5 up": partial(randomised, down_to=5),
    "random from stage 3 up": partial(randomised, down_to=3),
    "random weights": randomised,
}


_NUMBER = r"(\d*\.?\d+)"
BLANK = re.compile(rf"blank {_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}")
WEIGHT = re.compile(rf"S-TDM at {_NUMBER}")
SPEED = re.compile(rf"speed {_NUMBER}")
REPEAT = re.compile(r"repeat (\d{1,9})")
FIRST = re.compile(rf"first {_NUMBER}%")


@dataclass(frozen=True)
class Look:
    """Logits [N, K] and raw maps {layer: [N, T, h, w]} of one class, of one clip in one network."""

    logits: Tensor
    maps: dict[str, Tensor]


@dataclass(frozen=True)
class Change:
    """The same classes before and after an intervention: `target` [N] their indices."""

    name: str
    target: Tensor
    before: Look
    after: Look


def look(
    model: TDN,
    clip: Tensor,
    target: Target = None,
    layers: Sequence[str] = ("res2", "final"),
    rule: Rule = GRAD_CAM,
) -> tuple[Look, Tensor]:
    """Logits and maps, and the classes [N] that were explained."""
    kept = KeptPass(model, clip, layers)
    classes = target_classes(target, kept.logits)
    return Look(kept.logits, kept.maps(classes.tolist(), layers, rule, for_the_last_time=True)), classes


def compare(
    model: TDN,
    clip: Tensor,
    name: str,
    target: Target = None,
    layers: Sequence[str] = ("res2", "final"),
    rule: Rule = GRAD_CAM,
) -> Change:
    """Scores and maps before and after the change called `name`, of CLIP_CHANGES or NETWORK_CHANGES.

    The class is the one asked for, or the top class before. The model is left as it was. Raises ValueError for a change
    that does not exist, or that this network has no part for.
    """
    before, classes = look(model, clip, target, layers, rule)
    after, _ = look(*changed(model, clip, name), classes, layers, rule)
    return Change(name, classes, before, after)


def changed(model: TDN, clip: Tensor, name: str) -> tuple[TDN, Tensor]:
    """The network and the clip after the change called `name`; neither `model` nor `clip` is touched.

    Names are those of CLIP_CHANGES and NETWORK_CHANGES, "blank X0,Y0,X1,Y1" (shares of the picture) and "S-TDM at W"
    with a weight. Raises ValueError for any other, and for one that `other_showing` knows, which no tensor can show.
    """
    if name in CLIP_CHANGES:
        return model, CLIP_CHANGES[name](clip)
    if name in NETWORK_CHANGES:
        return NETWORK_CHANGES[name](model), clip
    if region := BLANK.fullmatch(name):
        return model, blank(clip, tuple(float(edge) for edge in region.groups()))
    if weight := WEIGHT.fullmatch(name):
        return s_tdm_weight(model, float(weight[1])), clip
    if other_showing(name):
        raise ValueError(f"change {name!r} shows the video in another way; read its clip again, with that showing")
    known = (
        *CLIP_CHANGES,
        *("blank X0,Y0,X1,Y1", "repeat K", "first N%", "speed X"),
        *NETWORK_CHANGES,
        "S-TDM at WEIGHT",
    )
    raise ValueError(f"change {name!r}: expected one of {', '.join(known)}")


def other_showing(name: str, showing: Showing = AS_FILMED) -> Showing | None:
    """How the video is shown after the change called `name`; None for changes of a tensor or a network.

    "repeat K" shows it K times over (1 to 16), "first N%" only its beginning, "speed X" X times as fast; what else
    `showing` says stays. The clip is then `tdn.data.clip.load_clip`'s, or `DecodingWorker.load_clip`'s, with the fields
    of the showing as keywords. Raises ValueError for a number that can't be.
    """
    try:
        if found := REPEAT.fullmatch(name):
            return replace(showing, repeat=int(found[1]))
        if found := FIRST.fullmatch(name):
            if not 0 < float(found[1]) <= 100:
                raise ValueError(f"part: expected a percentage above 0 and at most 100, got {found[1]}")
            return replace(showing, part=float(found[1]) / 100)
        if found := SPEED.fullmatch(name):
            return replace(showing, speed=float(found[1]))
    except ValueError as error:
        raise ValueError(f"change {name!r}: {error}") from None
    return None


def segments_shown(name: str, num_segments: int) -> list[int]:
    """Which segment's centre frame each segment shows after the change called `name`."""
    segments = torch.arange(num_segments).view(1, -1, 1, 1, 1, 1).expand(-1, -1, 5, -1, -1, -1)
    return CLIP_CHANGES.get(name, torch.clone)(segments)[0, :, 2].flatten().tolist()


def applies(name: str, model: TDN) -> bool:
    """Whether this network has the part that a change is about; changes of the clip apply to all."""
    model = bare(model)
    if name.startswith("S-TDM"):
        return model.s_tdm is not None
    if name.startswith("L-TDM"):
        return any(isinstance(module, LongTermTDM) for module in model.modules())
    return True


def random_weights(model: TDN, seed: int = 0) -> TDN:
    """A copy with fresh weights and statistics, in eval mode (the test of Adebayo et al., NeurIPS 2018).

    Statistics are those of fresh batch norms, so maps are those of an untrained network of the same architecture.
    """
    # PyTorch's layers draw from one generator for all threads.
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        other = copy.deepcopy(model)
        for module in other.modules():
            if isinstance(module, nn.BatchNorm2d) or hasattr(module, "reset_parameters"):
                module.reset_parameters()
        initialise(other)
    return other.eval()
