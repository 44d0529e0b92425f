"""From clips to batches of tensors. Every draw depends on (seed, epoch, micro-batch) alone, never on who draws.

An epoch is a row of micro-batches, numbered from 0. Processes take turns: number j goes to process j modulo their
count. So one process that accumulates two micro-batches sees what two processes see together, and a run can go on
from the middle of an epoch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from tdn.data.flips import mirrored_classes
from tdn.data.processes import batches_of
from tdn.data.transforms import Preprocess, normalise
from tdn.motion import DRAWN, LABELS
from tdn.motion.pool import Pool, augment, load_or_render_pool
from tdn.motion.splits import TRAINING, material_of, split_named, split_title
from tdn.train.parts import open_parts
from tdn.train.recipe import Recipe

if TYPE_CHECKING:
    pass


@dataclass
class Batch:
    """What a network takes, and `labels` [N], -1 where a clip could not be read.

    `inputs` of procedural clips are centre frames [N, T, 1, 3, H, W] and windows at half resolution
    [N, T, L, 3, H/2, W/2], normalised; of videos one clip uint8 [N, T, L, 3, H, W], to be normalised on the device.
    """

    inputs: tuple[Tensor, ...]
    labels: Tensor


class Clips(Protocol):
    """Where batches come from."""

    name: str
    labels: tuple[str, ...]
    num_train: int
    num_val: int
    preprocess: Preprocess
    held_out: bool  # whether validation clips were taken from the training part
    flips: str  # a sentence on mirrored clips
    notes: Sequence[str]  # on what of the data was left out, or read otherwise than it is written

    def listing(self) -> list[tuple[str, str, str]]:
        """(part, id, class) of each clip that lies on a disk."""
        ...

    def training(self, epoch: int, numbers: Sequence[int], micro_batch: int, size: int) -> Iterator[Batch]:
        """The micro-batches `numbers` of an epoch, augmented, of `micro_batch` clips with sides of `size` pixels."""
        ...

    def validation(self, rank: int, processes: int, batch_size: int, size: int) -> Iterator[Batch]:
        """This process's share of the validation clips; all shares together hold each clip exactly once."""
        ...


class ProceduralClips:
    """A split of the synthetic benchmark with its training clips, rendered once into `folder` and kept in memory.

    Raises ValueError for a split that has no training clips.
    """

    labels = LABELS
    held_out = False
    notes: tuple[str, ...] = ()

    def __init__(self, recipe: Recipe, num_segments: int, window: int, folder: Path, split: str = "val"):
        if split not in TRAINING:
            told = ", ".join(f"synthetic:{name}" for name in TRAINING if name != "val")
            raise ValueError(f"synthetic:{split}: it has no training clips; expected synthetic, {told}")
        if split == "val" and recipe.clips_version == 2:
            split = "val-v2"
        # With the checksum of the photos: a card says what its network has seen.
        self.name = f"procedural motion clips (synthetic {split_title(TRAINING[split]).replace('-train', '')})"
        # A clip that is mirrored or reversed shows another class, and its sign would still tell the old one.
        self.augments = split != "planted-bias"
        self.flips = "mirrored, turned and reversed where the class has a partner" if self.augments else "never changed"
        shape = (recipe.pool_seed, recipe.render_size, num_segments, window)
        self.train: Pool = load_or_render_pool(folder, TRAINING[split], recipe.pool_clips, *shape)
        # In words for a card: what a network that learnt from them has seen.
        self.photographic = material_of(TRAINING[split], 0).checksum != DRAWN.checksum
        self.seen = "clips that were put together of photos or drawn" if self.photographic else "drawn scenes only"
        self.seen = "noise in motion only" if split == "appearance-free" else self.seen
        self.val: Pool = load_or_render_pool(folder, split, recipe.val_clips, *shape)
        self.num_train, self.num_val = len(self.train), len(self.val)
        self.seed, self.clips_per_epoch = recipe.seed, recipe.clips_per_epoch or len(self.train)
        self.preprocess = Preprocess.whole(recipe.input_size)

    def listing(self) -> list[tuple[str, str, str]]:
        return []

    def training(self, epoch: int, numbers: Sequence[int], micro_batch: int, size: int) -> Iterator[Batch]:
        order = epoch_order(self.num_train, epoch, self.clips_per_epoch, self.seed)
        for number in numbers:
            rng = np.random.default_rng([self.seed, epoch, number])
            places = order[number * micro_batch : (number + 1) * micro_batch]
            pool = self.train
            drawn = [(pool.centre[i], pool.half[i], int(pool.labels[i])) for i in places]
            if self.augments:
                drawn = [augment(*clip, rng) for clip in drawn]
            yield _packed_batch(*zip(*drawn, strict=True), size)

    def validation(self, rank: int, processes: int, batch_size: int, size: int) -> Iterator[Batch]:
        for start in range(rank * batch_size, self.num_val, processes * batch_size):
            part = slice(start, start + batch_size)
            yield _packed_batch(self.val.centre[part], self.val.half[part], self.val.labels[part], size)


class VideoClips:
    """A data set of videos or folders of frames, decoded in `recipe.workers` processes."""

    def __init__(self, recipe: Recipe, num_segments: int, window: int, data: str, preprocess: Preprocess):
        self.train, self.val, self.held_out, self.notes = open_parts(data, recipe)
        if recipe.flip_unknown:
            flip, reason = mirrored_classes(self.train.labels, trusted=True)
            self.train = replace(self.train, flip=flip, flip_reason=reason)
        self.recipe, self.num_segments, self.window, self.preprocess = recipe, num_segments, window, preprocess
        self.name, self.labels = self.train.name, self.train.labels
        self.num_train, self.num_val = len(self.train.items), len(self.val.items)
        self.flips = "mirrored half of the time" if self.mirrors else f"never mirrored ({self.why_not_mirrored})"

    def listing(self) -> list[tuple[str, str, str]]:
        return [
            (part, item.id, self.labels[item.label])
            for part, clips in (("train", self.train), ("val", self.val))
            for item in clips.items
        ]

    @property
    def mirrors(self) -> bool:
        return self.recipe.flip and self.train.flip is not None

    @property
    def why_not_mirrored(self) -> str:
        return self.train.flip_reason if self.recipe.flip else "flip is off"

    def training(self, epoch: int, numbers: Sequence[int], micro_batch: int, size: int) -> Iterator[Batch]:
        from tdn.data.loading import TrainClips

        recipe = self.recipe
        order = epoch_order(self.num_train, epoch, recipe.clips_per_epoch or self.num_train, recipe.seed)
        clips = TrainClips(
            self.train,
            num_segments=self.num_segments,
            window=self.window,
            input_size=size,
            crop=recipe.crop,
            flip=self.mirrors,
            seed=recipe.seed,
            preprocess=self.preprocess,
        )
        clips.set_epoch(epoch)
        groups = [order[number * micro_batch : (number + 1) * micro_batch] for number in numbers]
        one = self.num_segments * self.window * 3 * size**2
        for clip, labels, _ in self._loaded(clips, batch_sampler=groups, batch_bytes=micro_batch * one):
            yield Batch((clip,), labels)

    def validation(self, rank: int, processes: int, batch_size: int, size: int) -> Iterator[Batch]:
        from tdn.data.loading import TestViews

        model_like = SimpleNamespace(
            num_segments=self.num_segments, window=self.window, preprocess=seen_at(self.preprocess, size)
        )
        views = TestViews(self.val, model_like, clips=1, crops=1, clip_sampling="released", seed=self.recipe.seed)
        mine = range(rank, self.num_val, processes)
        one = self.num_segments * self.window * 3 * size**2
        for view, labels, _ in self._loaded(views, sampler=mine, batch_size=batch_size, batch_bytes=batch_size * one):
            yield Batch((view[:, 0],), labels)

    def _loaded(self, clips: torch.utils.data.Dataset, **order) -> Iterator[tuple]:
        return batches_of(
            clips,
            self.recipe.workers,
            pin_memory=torch.cuda.is_available(),
            # A generator of its own: otherwise each loader draws from the one that dropout draws from.
            generator=torch.Generator(),
            **order,
        )


def open_clips(recipe: Recipe, data: str, num_segments: int, window: int, preprocess: Preprocess, pools: Path) -> Clips:
    """The clips named by `data`: "synthetic", "synthetic:NAME", or anything tdn.data.datasets.open_dataset reads."""
    if (split := split_named(data)) is not None:
        return ProceduralClips(recipe, num_segments, window, pools, split)
    return VideoClips(recipe, num_segments, window, data, preprocess)


def seen_at(preprocess: Preprocess, size: int) -> Preprocess:
    """The same view at another input size, the short side in proportion."""
    short_side = round(preprocess.short_side * size / preprocess.input_size)
    return replace(preprocess, input_size=size, short_side=max(size, short_side))


def epoch_order(num_clips: int, epoch: int, clips_per_epoch: int, seed: int) -> list[int]:
    """The clips of an epoch; epochs go on through ever new orders of all clips."""
    return clip_order(num_clips, epoch * clips_per_epoch, clips_per_epoch, seed)


def clip_order(pool_size: int, first: int, count: int, seed: int) -> list[int]:
    """Places `first` to `first + count` of an endless row of shuffles of the pool."""
    passes = range(first // pool_size, (first + count - 1) // pool_size + 1)
    row = np.concatenate([np.random.default_rng([seed, number]).permutation(pool_size) for number in passes])
    skip = first - passes[0] * pool_size
    return row[skip : skip + count].tolist()


def _packed_batch(centre, half, labels, size: int) -> Batch:
    centre = resized(normalise(np.stack(centre)), size).unsqueeze(2)
    return Batch((centre, resized(normalise(np.stack(half)), size // 2)), torch.as_tensor(np.asarray(labels)))


def resized(frames: Tensor, size: int) -> Tensor:
    """[..., 3, S, S] -> [..., 3, size, size], bilinear with antialiasing."""
    if frames.shape[-1] == size:
        return frames
    flat = frames.flatten(0, -4)
    return nnf.interpolate(flat, (size, size), mode="bilinear", antialias=True).unflatten(0, frames.shape[:-3])
