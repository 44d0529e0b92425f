"""From clips to batches of tensors. Every draw depends on (seed, epoch, micro-batch) alone, never on who draws.

An epoch is a row of micro-batches, numbered from 0. Processes take turns: number j goes to process j modulo their
count. So one process that accumulates two micro-batches sees what two processes see together, and a run can go on
from the middle of an epoch.
"""

import csv
import os
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
from tdn.motion import LABELS
from tdn.motion.pool import Pool, augment, load_or_render_pool
from tdn.motion.splits import TRAINING, split_named, split_title
from tdn.train.recipes import Recipe

if TYPE_CHECKING:
    from tdn.data.datasets import DataSet
    from tdn.data.recordings import Recordings


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


def open_parts(data: str, recipe: Recipe) -> tuple["DataSet", "DataSet", bool, list[str]]:
    """Training and validation part of a data set, whether `val_share` of it had to be held out for that, and notes.

    Raises ValueError where the two parts name different classes, one of them is empty, there is one class only, or a
    class of a person's own data has no training clips.
    """
    from tdn.data.datasets import open_dataset, parse_data
    from tdn.data.recordings import recordings, shared_between

    number, is_published = recipe.split or "", parse_data(data)[0] is not None
    train, val = open_dataset(data, split=f"train{number}"), open_dataset(data, split=f"val{number}")
    notes = [*train.notes, *val.notes]
    is_one = {item.path for item in train.items} == {item.path for item in val.items}
    if is_one:
        whole, found = train, recordings(train.items)
        train, val = held_out(whole, recipe.val_share, found)
        if found.told:
            notes.append(f"{whole.name}: {found}" + ("; a recording stays on one side" if val.items else ""))
        if not val.items and "equal bytes" in found.told:
            train, val = held_out(whole, recipe.val_share, recordings(whole.items, read_bytes=False))
            notes.append(
                f"{whole.name}: every class is one clip and its copies, so validation clips are copies of training "
                f"clips and their numbers say nothing"
            )
        if not val.items:
            raise ValueError(
                f"{data}: {len(whole.items)} clips, but no class has two recordings of which one could be held out for "
                f"validation; film more, or make train/ and val/"
            )
    elif not is_published:
        notes += [f"{val.name}: {shared}" for shared in shared_between((train, val))]
    _expect_same_classes(data, train, val)
    for part, kind in ((train, "training"), (val, "validation")):
        if not part.items:
            raise ValueError(f"{data}: no {kind} clips; check with `python -m tdn data check {data}`")
    return train, val, is_one, [*dict.fromkeys(notes), *_classes_without_clips(data, train, val, is_published)]


def _expect_same_classes(data: str, train: "DataSet", val: "DataSet") -> None:
    if len(train.labels) < 2:
        raise ValueError(
            f"{data}: one class only, {train.labels[0]!r}; whatever a network answers is then right, so two or more "
            f"are needed"
        )
    if train.labels == val.labels:
        return
    for own, other, name in ((train, val, "training"), (val, train, "validation")):
        if alone := [label for label in own.labels if label not in other.labels]:
            shown = ", ".join(map(repr, alone[:3]))
            raise ValueError(f"{data}: the class {shown} is named in the {name} part only; both need the same classes")
    raise ValueError(f"{data}: the training and validation parts name their classes in different orders")


def _classes_without_clips(data: str, train: "DataSet", val: "DataSet", is_published: bool) -> list[str]:
    """Sentences on classes that one part has no clip of; raises ValueError where own data have none to train on."""
    notes = []
    for part, kind in ((train, "training"), (val, "validation")):
        there = {item.label for item in part.items}
        lost = [label for number, label in enumerate(part.labels) if number not in there]
        if not lost:
            continue
        said = f"{len(lost)} of {len(part.labels)} classes have no {kind} clips: {', '.join(map(repr, lost[:10]))}"
        said += " ..." if len(lost) > 10 else ""
        if kind == "training" and not is_published:
            raise ValueError(f"{data}: {said}; no network can learn them, so add clips or take those classes out")
        notes.append(f"{said}; nothing says how well a network knows them")
    return notes


def held_out(dataset: "DataSet", share: float, found: "Recordings | None" = None) -> tuple["DataSet", "DataSet"]:
    """The same data set without and with its held-out clips: every n-th recording of each class.

    Clips of one recording, as far as names and bytes tell, stay together (`tdn.data.recordings`).
    """
    from tdn.data.recordings import held_out_places, recordings

    places = held_out_places(dataset, share, found or recordings(dataset.items))
    train = tuple(item for place, item in enumerate(dataset.items) if place not in places)
    val = tuple(item for place, item in enumerate(dataset.items) if place in places)
    return replace(dataset, items=train), replace(dataset, items=val)


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


def _from_folder(path: Path, folder: Path) -> str:
    """The way from a folder to a file. By real folders: ".." of a link to a folder leads to where that really lies."""
    return os.path.relpath(Path(os.path.realpath(path.parent)) / path.name, os.path.realpath(folder))


def write_list(path: Path, dataset: "DataSet") -> None:
    """The clips of a data set as a CSV that `open_dataset` reads again: file (relative to the CSV) and label."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label"])
        writer.writerows((_from_folder(item.path, path.parent), dataset.labels[item.label]) for item in dataset.items)
