"""What the S-TDM lab computes: a clip in, numbers and arrays out. Knows nothing of Gradio or of how it is shown."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.analysis import Request
from app.explainer import Explainer
from app.gallery import SampleClip, sample_clips
from app.server.settings import SAMPLES
from tdn.data.clip import Clip, clip_from_frames
from tdn.data.film import AS_FILMED, Showing
from tdn.data.transforms import IMAGENET_STD, denormalise
from tdn.explain import parse_change
from tdn.explain.inside import channel_means, gate_sizes, logits_of
from tdn.explain.network_changes import l_tdm_off, s_tdm_weight
from tdn.model import TDN, system_name
from tdn.motion import noise
from tdn.motion.labels import GROUPS, LABELS, REVERSE_TIME, SHORT_TERM
from tdn.motion.reordered import FPS
from tdn.motion.splits import SPLITS
from tdn.networks import as_network
from tdn.weights import Card
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "assets" / "lab"
# Clips of the appearance-free split that the lab takes: none of those that are counted elsewhere.
NOISE_SEED = 8
NOISE_CLIPS = len(noise.CLASSES)
WEIGHTS = tuple(number / 10 for number in range(11))


@dataclass(frozen=True)
class LabClip:
    """A clip of the project and what it shows; the two of one `pair` are each other backwards, None for one alone."""

    path: Path
    title: str
    label: str
    pair: str | None = None


@dataclass(frozen=True)
class Opinion:
    """What one network says of a clip: `probabilities` [K] of its `labels`."""

    network: str
    file: str
    labels: list[str]
    probabilities: np.ndarray

    @property
    def top(self) -> str:
        return self.labels[int(self.probabilities.argmax())]

    def of(self, label: str | None) -> float | None:
        """The probability of a class, None for one it does not know."""
        return float(self.probabilities[self.labels.index(label)]) if label in self.labels else None


@dataclass(frozen=True)
class Sweep:
    """TDN at each of `weights` of S-TDM: `opinions` one a weight, `means` channel means float32, point -> [W, T, h, w].

    Points are "rgb1", "diff1", "res1" and the same for stage 2; those that the weight does not reach have W = 1.
    `levels` are the differences of `Lessons.differences`.
    """

    weights: tuple[float, ...]
    opinions: list[Opinion]
    baseline: Opinion
    means: dict[str, np.ndarray]
    levels: np.ndarray
    alpha: float
    beta: float


@dataclass(frozen=True)
class Gates:
    """L-TDM of TDN: `sizes` mean |gate| float32, stage -> [T, h, w]; what it says with its gates on and off."""

    sizes: dict[int, np.ndarray]
    on: Opinion
    off: Opinion


@dataclass(frozen=True)
class WithoutSegments:
    """One network's answers: to the `whole` clip, `without` each segment alone [T], to the `rest` that was chosen."""

    whole: Opinion
    without: list[Opinion]
    rest: Opinion


@dataclass(frozen=True)
class Dropped:
    """`order` says which segment stands at each place once those of `gone` are dropped; `answers` by role."""

    order: list[int]
    gone: tuple[int, ...]
    answers: dict[str, WithoutSegments]


class Lessons:
    """The lab's networks are always the shipped pair, read and run through the page's `explainer`."""

    def __init__(self, explainer: Explainer):
        self.explainer = explainer
        self.networks = explainer.networks

    def read(self, path: str | Path, showing: Showing = AS_FILMED) -> Clip:
        """Raises what `Explainer.prepare` does, each error one sentence."""
        return self.explainer.prepare(Request(str(path), TDN_FILE, BASELINE_FILE), showing).clip

    @contextmanager
    def _lent(self, file: str) -> Iterator[TDN]:
        """The module of a network; it must come back as it was."""
        with self.networks.lent(file) as network:
            yield network.module

    def opinions(self, clip: Clip, change: str | None = None) -> dict[str, Opinion]:
        """What TDN ("tdn") and the baseline ("baseline") say, perhaps after a change of the clip."""
        found = {}
        for role, file in (("tdn", TDN_FILE), ("baseline", BASELINE_FILE)):
            with self._lent(file) as model:
                network, tensor = as_network(model), clip.tensor
                if change is not None:
                    network, tensor = parse_change(change).apply(network, tensor)
                logits = logits_of(network, tensor)
            found[role] = opinion(model, file, logits)
        return found

    def differences(self, clip: Clip) -> np.ndarray:
        """What S-TDM's first layer reads (Eq. 1), in levels of 0 to 255: float32 [T, L-1, h, w, 3], half resolution."""
        with self._lent(TDN_FILE) as model, torch.no_grad():
            _, half = model.inputs(clip.tensor.to(self.networks.device), None)
            stacked = model.s_tdm.stack(half)  # [T, 3 * (L-1), h, w]
        levels = 255 * stacked.unflatten(1, (-1, 3)).movedim(2, -1).cpu() * torch.tensor(IMAGENET_STD)
        return levels.numpy()

    def sweep(self, clip: Clip, weights: Sequence[float] = WEIGHTS) -> Sweep:
        """TDN with S-TDM's features times each weight; the last one has to be 1, as trained."""
        opinions, means = [], []
        tensor = clip.tensor.to(self.networks.device)
        baseline, levels = self.opinions(clip)["baseline"], self.differences(clip)
        with self._lent(TDN_FILE) as model:
            points = ("rgb1", "diff1", "res1", "rgb2", "diff2", "res2")
            for weight in weights:
                logits, found = channel_means(s_tdm_weight(as_network(model), weight), tensor, points)
                opinions.append(opinion(model, TDN_FILE, logits))
                means.append({point: values[0].float().cpu().numpy() for point, values in found.items()})
            alpha, beta = model.architecture.alpha, model.architecture.beta
        moved = {point: np.stack([one[point] for one in means]) for point in ("res1", "rgb2", "res2")}
        fixed = {point: means[-1][point][None] for point in ("rgb1", "diff1", "diff2")}
        return Sweep(tuple(weights), opinions, baseline, {**fixed, **moved}, levels, alpha, beta)

    def noise(self, number: int) -> Clip:
        """Clip `number` of the appearance-free split, drawn at the size that the networks read."""
        with self._lent(TDN_FILE) as model:
            drawn = SPLITS["appearance-free"].make(NOISE_SEED, number, model.input_size)
            frames = np.stack([drawn.image(index) for index in range(drawn.num_frames)])
            return clip_from_frames(frames, model, FPS, name=noise_label(number))

    def noise_right(self, clips: Sequence[Clip]) -> dict[str, int]:
        """How many of the first so many clips of `noise` each network names right, by its name."""
        counts = {}
        for number, clip in enumerate(clips):
            for said in self.opinions(clip).values():
                counts[said.network] = counts.get(said.network, 0) + (said.top == noise_label(number))
        return counts

    def dropped(self, clip: Clip, segments: Sequence[int]) -> Dropped:
        """The answers to the whole clip, to the clip without each segment alone, and without all of `segments`."""
        count = clip.tensor.shape[1]
        sets = [(), *((segment,) for segment in range(count)), tuple(segments)]
        order = [stand_ins(count, gone) for gone in sets]
        clips = torch.cat([clip.tensor[:, one] for one in order]).to(self.networks.device)
        found = {}
        for role, file in (("tdn", TDN_FILE), ("baseline", BASELINE_FILE)):
            with self._lent(file) as model, torch.no_grad():
                logits = torch.cat([model(one[None]) for one in clips])
            answers = [opinion(model, file, one[None]) for one in logits]
            found[role] = WithoutSegments(answers[0], answers[1:-1], answers[-1])
        return Dropped(order[-1], tuple(segments), found)

    def gates(self, clip: Clip) -> Gates:
        tensor = clip.tensor.to(self.networks.device)
        with self._lent(TDN_FILE) as model:
            logits, sizes = gate_sizes(model, tensor)
            without = logits_of(l_tdm_off(as_network(model)), tensor)
        arrays = {stage: size[0].float().cpu().numpy() for stage, size in sizes.items()}
        return Gates(arrays, opinion(model, TDN_FILE, logits), opinion(model, TDN_FILE, without))


def opinion(model: object, file: str, logits: Tensor) -> Opinion:
    """`model` as `tdn.weights.load_model` returns it, logits [1, K]."""
    probabilities = logits[0].float().softmax(0).cpu().numpy()
    return Opinion(system_name(model.architecture), file, list(model.labels), probabilities)


def can_teach(cards: dict[str, Card]) -> bool:
    """Whether the shipped pair is among the checkpoints, and its TDN what the lab is about."""
    return {TDN_FILE, BASELINE_FILE} <= set(cards) and system_name(cards[TDN_FILE].architecture) == "TDN"


def noise_label(number: int) -> str:
    """What clip `number` of `Lessons.noise` shows."""
    return LABELS[noise.CLASSES[number % NOISE_CLIPS]]


def stand_ins(count: int, gone: Sequence[int]) -> list[int]:
    """Which segment is shown at each of `count` places when those of `gone` are dropped: the nearest one that is left,
    the earlier of two. Raises ValueError where none is left.
    """
    left = [segment for segment in range(count) if segment not in gone]
    if not left:
        raise ValueError("no segment is left")
    return [min(left, key=lambda segment: (abs(segment - place), segment)) for place in range(count)]


def windows(tensor: Tensor) -> np.ndarray:
    """A clip [1, T, L, 3, H, W] as pictures at the size the networks read: uint8 [T, L, H, W, 3]."""
    return denormalise(tensor[0])


def lab_clips(*folders: Path) -> list[LabClip]:
    """The clips that `clips.json` or `samples.json` of each folder lists and that are there."""
    clips = []
    for folder in folders:
        for listing in (folder / "clips.json", folder / "samples.json"):
            for entry in json.loads(listing.read_text()) if listing.is_file() else []:
                path = (folder / entry["file"]).resolve()
                if path.is_file():
                    clips.append(LabClip(path, entry["title"], entry["label"], entry.get("pair")))
    return clips


def stills(clips: Sequence[LabClip]) -> list[LabClip]:
    """Those a frame of which is to be guessed from: one of each pair, and one whose motion is slow."""
    pairs = {clip.pair: clip for clip in reversed(clips) if clip.pair}
    return [*reversed(pairs.values()), *[clip for clip in clips if clip.pair is None][:1]]


def belt() -> SampleClip | None:
    """The filmed belt of the project's own samples, whatever an operator offers; None where it is not there."""
    return next((clip for clip in sample_clips(SAMPLES) if clip.opening and clip.label), None)


def opposite(label: str | None) -> str | None:
    """What a clip of a class shows when it runs backwards; None where that is the same, or nothing with a name."""
    other = backwards(label)
    return None if other == label else other


def backwards(label: str | None) -> str | None:
    """What a clip of a class shows when it runs backwards; None where that has no name."""
    turned = REVERSE_TIME[LABELS.index(label)] if label in LABELS else None
    return None if turned is None else LABELS[turned]


def shows_after(change: str, label: str | None) -> str | None:
    """What a clip of class `label` shows after a change; None where that has no name or is no one thing."""
    if change == "reverse" or (change == "reverse inside windows" and GROUPS.get(label) == SHORT_TERM):
        return backwards(label)
    return None


def guesses(label: str) -> list[str]:
    """Answers to choose from, the right one among them, in an order that does not tell it."""
    others = (opposite(label), "Holding something still", "Making something vibrate")
    return sorted({label, *filter(None, others)})
