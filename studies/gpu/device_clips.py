"""The procedural clips of training, held and augmented on the device: for a GPU that a processor could not feed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tdn.data.transforms import normalise_tensor
from tdn.motion.pool import Pool, Variant, draw_variant
from tdn.train.batches import Batch, ProceduralClips, epoch_order, resized
from tdn.train.recipe import Recipe


class DeviceClips(ProceduralClips):
    """The same clips in the same order and variants as `ProceduralClips`, from pools that lie on `device` as bytes."""

    def __init__(self, recipe: Recipe, num_segments: int, window: int, folder: Path, device: torch.device):
        super().__init__(recipe, num_segments, window, folder)
        self.on_device = {id(pool): pool_on(pool, device) for pool in (self.train, self.val)}

    def training(self, epoch: int, numbers: Sequence[int], micro_batch: int, size: int) -> Iterator[Batch]:
        centre, half = self.on_device[id(self.train)]
        order = epoch_order(self.num_train, epoch, self.clips_per_epoch, self.seed)
        for number in numbers:
            rng = np.random.default_rng([self.seed, epoch, number])
            places = order[number * micro_batch : (number + 1) * micro_batch]
            chosen, labels = torch.tensor(places, device=centre.device), self.train.labels[places]
            clips = centre[chosen], half[chosen]
            if self.augments:
                variants = [draw_variant(int(label), rng) for label in labels]
                clips, labels = varied(*clips, variants), [variant.label for variant in variants]
            yield batch_of(*clips, torch.as_tensor(labels), size)

    def validation(self, rank: int, processes: int, batch_size: int, size: int) -> Iterator[Batch]:
        centre, half = self.on_device[id(self.val)]
        for start in range(rank * batch_size, self.num_val, processes * batch_size):
            part = slice(start, start + batch_size)
            yield batch_of(centre[part], half[part], torch.as_tensor(self.val.labels[part]), size)


def pool_on(pool: Pool, device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(pool.centre).to(device), torch.from_numpy(pool.half).to(device)


def varied(centre: Tensor, half: Tensor, variants: list[Variant]) -> tuple[Tensor, Tensor]:
    """Apply a variant to each clip: centre uint8 [N, T, S, S, 3], half uint8 [N, T, L, S/2, S/2, 3]."""

    def where(applied: list[bool], one: Tensor, other: Tensor) -> Tensor:
        return torch.where(flags(applied, one), one, other)

    def flags(values: list[bool], like: Tensor) -> Tensor:
        return torch.tensor(values, device=like.device).view(-1, *[1] * (like.ndim - 1))

    mirrored, flipped = [v.is_mirrored for v in variants], [v.is_flipped for v in variants]
    transposed, backwards = [v.is_transposed for v in variants], [v.is_reversed for v in variants]
    centre, half = where(mirrored, centre.flip(3), centre), where(mirrored, half.flip(4), half)
    centre, half = where(flipped, centre.flip(2), centre), where(flipped, half.flip(3), half)
    centre, half = where(transposed, centre.transpose(2, 3), centre), where(transposed, half.transpose(3, 4), half)
    centre, half = where(backwards, centre.flip(1), centre), where(backwards, half.flip(1, 2), half)
    colours = torch.tensor([v.colours for v in variants], device=centre.device)
    centre, half = (x.gather(-1, colours.view(-1, *[1] * (x.ndim - 2), 3).expand_as(x)) for x in (centre, half))
    negative = [v.is_negative for v in variants]
    return where(negative, 255 - centre, centre), where(negative, 255 - half, half)


def batch_of(centre: Tensor, half: Tensor, labels: Tensor, size: int) -> Batch:
    """Normalised and at `size` pixels: what a network takes."""
    centre, half = (normalise_tensor(x.movedim(-1, -3).contiguous()) for x in (centre, half))
    return Batch((resized(centre, size).unsqueeze(2), resized(half, size // 2)), labels)
