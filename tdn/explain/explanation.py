"""What one network says of one clip, and where in the clip it finds the evidence for a class."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from torch import nn

from tdn.data.clip import Clip, load_clip
from tdn.explain.changes import Change, frames_shown, parse_change
from tdn.explain.classes import Target, find_label, target_classes
from tdn.explain.forward_pass import ForwardPass
from tdn.explain.methods import GRAD_CAM, METHODS, Rule
from tdn.explain.scale import NOTHING
from tdn.networks import Network, as_network


@dataclass(frozen=True)
class Question:
    """What is asked of a clip but the class: it stands beside every picture.

    `layers` are taps of the network, None for those usually shown; `rule` is the method, `versus` a label whose score
    is taken off, `scale` one of `tdn.explain.scale.SCALES`.
    """

    layers: tuple[str, ...] | None = None
    rule: Rule = GRAD_CAM
    versus: str | None = None
    scale: str = "clip"

    @property
    def signed(self) -> bool:
        """Whether evidence against the class is shown too."""
        return self.rule.signed

    @property
    def method(self) -> str:
        """Its name, and what differs from the usual."""
        name = METHODS[self.rule.method].split(" (")[0]
        return name + ", weights per clip" * (self.rule.weights == "clip") + ", signed" * self.rule.signed


USUAL = Question()


@dataclass(frozen=True)
class Layer:
    """What stands beside the maps of a layer: its `title`, what they may `claim`, which `frames` of the video each of
    the T' maps speaks for, where each lies among the clip's windows (`knots` [T'], in windows from 0), and which of the
    clip's `windows` it stands for.
    """

    title: str
    claim: str
    frames: list[list[int]]
    knots: list[float]
    windows: list[range] = field(default_factory=list)

    def map_of(self, window: int) -> int:
        """Which of the T' maps speaks for a window of the clip; each for its own where nothing is known."""
        return next((place for place, windows in enumerate(self.windows) if window in windows), window)


@dataclass(frozen=True)
class Explanation:
    """Logits [K] of a network, and the signed maps of class `target`: {layer: float32 [T', h, w]}, raw.

    `title` names the network, `labels` [K] its classes, `rule` the method, `versus` the label whose score was taken
    off, `layers` what to know about each layer's maps. `change` is what was done to clip or network before, empty where
    nothing was; `pictures`, uint8 [T, H, W, 3], are the centre frames it then saw, where they are not the clip's,
    `frames` [T][L] their numbers where the video was read again, and `note` what to know about that clip; `times_sec`
    [T] and `box`, as of a `Clip`, say when and where the pictures were seen, where that is not the clip's too.
    """

    title: str
    labels: tuple[str, ...]
    logits: np.ndarray
    target: int
    signed: dict[str, np.ndarray]
    rule: Rule = GRAD_CAM
    versus: str | None = None
    layers: dict[str, Layer] = field(default_factory=dict)
    change: str = ""
    pictures: np.ndarray | None = None
    frames: list[list[int]] | None = None
    note: str = ""
    times_sec: np.ndarray | None = None
    box: tuple[float, float, float, float] | None = None

    def over(self, clip: Clip) -> "Explanation":
        """The same, with the pictures of a clip that is not the one shown beside it."""
        pictures = clip.centre_frames if self.pictures is None else self.pictures
        return replace(self, pictures=pictures, times_sec=clip.times_sec, box=clip.seen_box)

    @property
    def label(self) -> str:
        return self.labels[self.target]

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """What speaks for the class alone: the signed maps with their negative values at zero."""
        return {layer: values.clip(min=0) for layer, values in self.signed.items()}

    def shown(self, question: Question = USUAL) -> dict[str, np.ndarray]:
        """The maps as a question wants them: signed, or what speaks for the class."""
        return self.signed if question.signed else self.maps

    def silence(self, layer: str) -> str:
        """One sentence on a map in which nothing speaks for the class; empty for any other."""
        signed = self.signed[layer]
        if signed.max() > NOTHING:
            return ""
        found = (
            "every cell is zero" if signed.min() >= -NOTHING else f"{int((signed < 0).sum())} cells speak against it"
        )
        return f"at {self.layers[layer].title} nothing speaks for {self.label!r}; {found}"

    @property
    def probabilities(self) -> np.ndarray:
        shifted = np.exp(self.logits - self.logits.max())
        return shifted / shifted.sum()

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """The likeliest classes with their probabilities, best first."""
        probabilities = self.probabilities
        return [(self.labels[i], float(probabilities[i])) for i in np.argsort(-probabilities)[:count]]


def explain(
    network: Network | nn.Module,
    clip: Clip,
    target: Target = None,
    question: Question = USUAL,
    change: Change | str | None = None,
    video: Path | None = None,
    title: str = "",
) -> Explanation:
    """Maps of `target` (a class index; None: the top class) at the layers of the question, before or after a change.

    A change that shows the video in another way reads `video` again. Layers that this network lacks are left out; with
    none left the first one is an error, as are a change it has no part for and a class it does not know.
    """
    network = as_network(network)
    wanted = network.layers if question.layers is None else question.layers
    layers = [layer for layer in wanted if layer in network.taps] or wanted[:1]
    seen = clip
    changed = network
    tensor = clip.tensor
    about = {}
    if change is not None:
        change = parse_change(change) if isinstance(change, str) else change
        change.expect(network)
        if change.kind == "video":
            seen = load_clip(video, network, **change.showing(clip.showing))
            tensor = seen.tensor
            about = {"pictures": seen.centre_frames, "frames": np.asarray(seen.frames).tolist(), "note": seen.note}
        else:
            changed, tensor = change.apply(network, clip.tensor)
            about = {"pictures": clip.centre_frames[frames_shown(change, network)]}
        about["change"] = change.name
    taken = ForwardPass(changed, changed.arrange(tensor), layers)
    (chosen,) = target_classes(target, taken.logits).tolist()
    found = explanation(network, seen, taken, chosen, question, title=title, for_the_last_time=True)
    return replace(found, **about)


def explanation(
    network: Network,
    clip: Clip,
    taken: ForwardPass,
    target: int,
    question: Question = USUAL,
    layers: Sequence[str] | None = None,
    title: str = "",
    for_the_last_time: bool = False,
) -> Explanation:
    """What a forward pass of one clip says of class `target` at `layers` (None: all that it kept)."""
    layers = taken.layers if layers is None else tuple(layers)
    versus = None if question.versus is None else [find_label(network.labels, question.versus)]
    rule = question.rule.on(network)
    maps = taken.maps([target], layers, rule, versus, for_the_last_time)
    signed = {layer: values[0].float().cpu().numpy() for layer, values in maps.items()}
    return Explanation(
        title=title or network.title,
        labels=tuple(network.labels),
        logits=taken.logits[0].float().cpu().numpy(),
        target=target,
        signed=signed,
        rule=rule,
        versus=question.versus,
        layers={layer: _about(network, clip, layer, len(values)) for layer, values in signed.items()},
    )


def _about(network: Network, clip: Clip, layer: str, maps: int) -> Layer:
    frames, tap, spans = np.asarray(clip.frames), network.taps[layer], network.spans(maps, layer)
    return Layer(
        title=tap.title or layer,
        claim=network.claim(layer) + (f"; {maps} maps for {len(frames)} frames" if maps < len(frames) else ""),
        frames=[frames[span.start : span.stop].ravel().tolist() for span in spans],
        knots=network.knots(layer, maps).tolist(),
        windows=spans,
    )
