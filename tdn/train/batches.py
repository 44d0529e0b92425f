"""From a pool of packed clips to batches of tensors; every draw depends on (seed, epoch, batch) alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from tdn.data.pool import Pool, augment
from tdn.data.transforms import normalise


@dataclass
class Batch:
    """`centre` [N, T, 1, 3, H, W] and `half` [N, T, L, 3, H/2, W/2], normalised float32; `labels` [N]."""

    centre: Tensor
    half: Tensor
    labels: Tensor


def training_batches(
    pool: Pool, epoch: int, clips_per_epoch: int, batch_size: int, size: int, seed: int
) -> Iterator[Batch]:
    """Augmented batches of one epoch. Epochs go on through ever new orders of the pool."""
    order = clip_order(len(pool), epoch * clips_per_epoch, clips_per_epoch, seed)
    for number, start in enumerate(range(0, clips_per_epoch - batch_size + 1, batch_size)):
        rng = np.random.default_rng([seed, epoch, number])
        drawn = [
            augment(pool.centre[i], pool.half[i], int(pool.labels[i]), rng) for i in order[start : start + batch_size]
        ]
        yield _batch(*zip(*drawn, strict=True), size)


def validation_batches(pool: Pool, batch_size: int, size: int) -> Iterator[Batch]:
    """Every clip of the pool once, as it is."""
    for start in range(0, len(pool), batch_size):
        part = slice(start, start + batch_size)
        yield _batch(pool.centre[part], pool.half[part], pool.labels[part], size)


def clip_order(pool_size: int, first: int, count: int, seed: int) -> list[int]:
    """Places `first` to `first + count` of an endless row of shuffles of the pool."""
    passes = range(first // pool_size, (first + count - 1) // pool_size + 1)
    row = np.concatenate([np.random.default_rng([seed, number]).permutation(pool_size) for number in passes])
    skip = first - passes[0] * pool_size
    return row[skip : skip + count].tolist()


def _batch(centre, half, labels, size: int) -> Batch:
    centre = resized(normalise(np.stack(centre)), size).unsqueeze(2)
    return Batch(centre, resized(normalise(np.stack(half)), size // 2), torch.as_tensor(np.asarray(labels)))


def resized(frames: Tensor, size: int) -> Tensor:
    """[..., 3, S, S] -> [..., 3, size, size], bilinear with antialiasing."""
    if frames.shape[-1] == size:
        return frames
    flat = frames.flatten(0, -4)
    return nnf.interpolate(flat, (size, size), mode="bilinear", antialias=True).unflatten(0, frames.shape[:-3])
