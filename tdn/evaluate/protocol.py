"""How a network is tested: which clips and crops of a video it sees, and the loop that scores them. Paper Sec. 4.2."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, Subset
from tqdm import tqdm

from tdn.data import sampling
from tdn.data.film import ClipTaker
from tdn.data.processes import batches_of
from tdn.data.transforms import Preprocess, normalise_tensor, to_view
from tdn.evaluate.labels import match_labels
from tdn.evaluate.scores import Scores, first_repeated
from tdn.launch import gathered, is_main, share
from tdn.motion import LABELS
from tdn.motion.splits import SPLITS, Clip, clip_name, fps_of

if TYPE_CHECKING:
    from tdn.data.datasets import DataSet

ClipSampling = Literal["released", "even"]
SYNTHETIC_SIZE = 112


@dataclass(frozen=True)
class Protocol:
    """The views of a video: `clips` times `crops`.

    One crop is the network's own view; three are left, right and centre, at full resolution. One clip has its windows
    in the middle of each segment. More are drawn at random, as the released code does for Kinetics (its other tests
    show the same clip ten times), here from `seed`, so that a number can be measured again; or they are evenly spaced,
    with `clip_sampling` "even". Source: TDN ops/dataset.py:176-177, ops/transforms.py:175-183.

    Raises ValueError for other values.
    """

    clips: int = 1
    crops: int = 1
    clip_sampling: ClipSampling = "released"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.clips < 1 or self.crops not in (1, 3):
            raise ValueError(f"protocol {self.name}: expected 1 or more clips and 1 or 3 crops, such as 1x1 or 10x3")
        if self.clip_sampling not in get_args(ClipSampling):
            raise ValueError(f"clip sampling {self.clip_sampling!r}: expected {' or '.join(get_args(ClipSampling))}")
        if self.seed < 0:
            raise ValueError(f"seed {self.seed}: expected 0 or above")

    @classmethod
    def parse(cls, text: str, clip_sampling: str = "released", seed: int = 0) -> "Protocol":
        """Read "1x1", "1x3" or "10x3" (clips x crops)."""
        match = re.fullmatch(r"(\d+)x(\d+)", text.strip())
        if match is None:
            raise ValueError(f"protocol {text!r}: expected clips x crops, such as 1x1, 1x3 or 10x3")
        return cls(int(match[1]), int(match[2]), clip_sampling, seed)

    @property
    def name(self) -> str:
        """As `parse` reads it."""
        return f"{self.clips}x{self.crops}"

    @property
    def views(self) -> int:
        return self.clips * self.crops

    def describe(self, preprocess: Preprocess) -> str:
        """The words that stand with every number: "10 clips x 3 crops, random clips as released, seed 0"."""
        clips = "one clip" if self.clips == 1 else f"{self.clips} clips"
        one_crop = "centre crop" if preprocess.view == "centre_crop" else "whole view"
        crops = f"{clips} x 3 crops" if self.crops == 3 else f"{clips}, {one_crop}"
        if self.clips == 1:
            return crops
        if self.clip_sampling == "even" or preprocess.sampling == "dense":
            return f"{crops}, evenly spaced clips"
        return f"{crops}, random clips as released, seed {self.seed}"


@dataclass(frozen=True)
class SyntheticSet:
    """The first `num_clips` clips of a split of the benchmark and a seed; None stands for as many as it usually has."""

    num_clips: int | None = None
    seed: int = 0
    split: str = "val"
    named = True  # as `DataSet.named`

    def __post_init__(self) -> None:
        if self.num_clips is None:
            object.__setattr__(self, "num_clips", SPLITS[self.split].clips)
        if self.num_clips < 1 or self.seed < 0:
            raise ValueError(
                f"synthetic: expected at least 1 clip and a seed from 0, got {self.num_clips} and {self.seed}"
            )

    @property
    def name(self) -> str:
        split = "" if self.split == "val" else f"-{self.split.replace(' ', '-')}"
        return f"synthetic{split}-{self.num_clips}-seed{self.seed}"

    @property
    def labels(self) -> tuple[str, ...]:
        return LABELS

    @property
    def ids(self) -> list[str]:
        return [clip_name(self.split, self.seed, index) for index in range(self.num_clips)]


class SyntheticViews(Dataset):
    """The views of procedural clips, rendered as they are asked for; items as those of `TestViews`."""

    def __init__(self, clips: SyntheticSet, model: ClipTaker, protocol: Protocol):
        self.clips = clips
        self.num_segments, self.window = model.num_segments, model.window
        self.preprocess = model.preprocess
        self.protocol = protocol

    def __len__(self) -> int:
        return self.clips.num_clips

    def __getitem__(self, index: int) -> tuple[Tensor, int, str]:
        """Views uint8 [V, T, L, 3, H, W], label, id."""
        scene = SPLITS[self.clips.split].make(self.clips.seed, index, SYNTHETIC_SIZE)
        preprocess = self.preprocess
        if self.protocol.crops == 3:
            # The pictures are square, so left, right and centre at full resolution are all the whole of it.
            preprocess = replace(preprocess, view="whole", input_size=preprocess.short_side)
        frames = self._frames(scene, index)  # [clips, T, L]
        numbers, places = np.unique(frames, return_inverse=True)
        pictures = np.stack([to_view(scene.image(int(number)), preprocess) for number in numbers])
        views = torch.from_numpy(pictures).movedim(-1, -3)[places.reshape(frames.shape)]  # [clips, T, L, 3, H, W]
        return views.repeat_interleave(self.protocol.crops, 0), scene.label_index, self.clips.ids[index]

    def _frames(self, scene: Clip, index: int) -> np.ndarray:
        """Frame numbers of each clip, int64 [clips, T, L]."""
        preprocess = self.preprocess
        kept = preprocess.kept_frames(scene.num_frames, fps_of(scene))
        protocol, rng = self.protocol, np.random.default_rng([self.protocol.seed, index])
        places = sampling.clip_frames(
            *(len(kept), self.num_segments, self.window, protocol.clips, protocol.clip_sampling),
            preprocess.sampling,
            rng,
            preprocess.stride,
        )
        return kept[places]


def run_protocol(
    model: nn.Module,
    dataset: "DataSet | SyntheticSet",
    protocol: Protocol,
    device: torch.device | str = "cpu",
    batch_views: int = 8,
    workers: int = 0,
    progress: bool = True,
) -> Scores:
    """Score every view of every clip of `dataset`; `model` as `load_model` or `Network.whole` gives it, moved to
    `device`.

    `batch_views` views go through the network at a time, `workers` processes read videos. Started as several processes
    (torchrun), each scores its share of the clips, and all return the whole. Clips that cannot be read, or
    that the lists name and the disk lacks, are named in `Scores.missing`. Labels are put in the order of `model.labels`
    by `match_labels`, which raises ValueError where that cannot be done; so do a clip that stands twice and a data set
    of which nothing can be read.
    """
    places, _ = match_labels(dataset.labels, model.labels)
    ids = dataset.ids if isinstance(dataset, SyntheticSet) else [item.id for item in dataset.items]
    if (twice := first_repeated(ids)) is not None:
        raise ValueError(f"{dataset.name}: the clip {twice} stands in it twice")
    model = model.to(device).eval()
    scored: list[tuple[str, int, np.ndarray]] = []  # id, label or -1 for a clip that could not be read, logits [V, K]
    own = share(range(len(ids)))
    bar = tqdm(
        total=len(own), desc=f"{dataset.name} {protocol.name}", unit="clip", disable=not (progress and is_main())
    )
    # One batch ahead a process: thirty views of a clip are 240 MB, and wait in shared memory.
    options = {"batch_size": max(1, batch_views // protocol.views), "prefetch_factor": 1 if workers else None}
    side = model.preprocess.short_side if protocol.crops == 3 else model.preprocess.input_size
    one_view = model.num_segments * model.window * 3 * side**2
    options["batch_bytes"] = options["batch_size"] * protocol.views * one_view
    for views, label, name in batches_of(Subset(_views(dataset, model, protocol), own), workers, **options):
        scored += zip(name, label.tolist(), _logits(model, views, batch_views), strict=True)
        bar.update(len(name))
    bar.close()
    whole: list[Any] = [None] * len(ids)
    for number, part in enumerate(parts := gathered(scored)):
        whole[number :: len(parts)] = part
    found = [one for one in whole if one[1] >= 0]
    missing = [] if isinstance(dataset, SyntheticSet) else list(dataset.missing)
    missing += [name for name, label, _ in whole if label < 0]
    if not found:
        raise ValueError(f"{dataset.name}: none of its {len(ids)} clips could be read, {', '.join(missing[:3])} ...")
    return Scores(
        ids=[name for name, _, _ in found],
        labels=np.array([places[label] for _, label, _ in found], np.int64),
        logits=np.stack([logits for _, _, logits in found]),
        class_names=list(model.labels),
        protocol=protocol.describe(model.preprocess),
        missing=missing,
        data=dataset.name,
    )


def _views(dataset: "DataSet | SyntheticSet", model: ClipTaker, protocol: Protocol) -> Dataset:
    if isinstance(dataset, SyntheticSet):
        return SyntheticViews(dataset, model, protocol)
    # Read here, not above: procedural clips need no reader of videos.
    from tdn.data.loading import TestViews

    return TestViews(dataset, model, protocol.clips, protocol.crops, protocol.clip_sampling, protocol.seed)


@torch.inference_mode()
def _logits(model: nn.Module, views: Tensor, batch_views: int) -> np.ndarray:
    """Views uint8 [B, V, T, L, 3, H, W] -> float32 [B, V, K]."""
    weights = next(model.parameters())
    # To the device first: bytes are a quarter of the floats to send.
    parts = [
        model(normalise_tensor(part.to(weights.device), model.preprocess).to(weights.dtype)).float().cpu()  # [b, K]
        for part in views.flatten(0, 1).split(batch_views)
    ]
    return torch.cat(parts).unflatten(0, views.shape[:2]).numpy()
