"""The training loop, readable to the end."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor
from tqdm import tqdm

from tdn.data.pool import Pool
from tdn.model import TDN
from tdn.train.batches import Batch, training_batches, validation_batches
from tdn.train.recipes import Recipe


class TrainingStopped(ValueError):
    """A run that can't go on; the last good checkpoint is kept."""


@dataclass
class Trainer:
    """A model with everything that changes while it trains."""

    recipe: Recipe
    model: TDN
    average: TDN  # exponential moving average of the model's weights: what is evaluated and shipped
    optimizer: torch.optim.Optimizer
    device: torch.device
    epoch: int = 0

    @classmethod
    def start(cls, recipe: Recipe, model: TDN, device: torch.device) -> "Trainer":
        model = model.to(device, memory_format=torch.channels_last).requires_grad_(True)
        average = copy.deepcopy(model).eval().requires_grad_(False)
        optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        return cls(recipe, model, average, optimizer, device)


def fit(trainer: Trainer, train: Pool, val: Pool, after_epoch: Callable[[Trainer, dict, Tensor], None]) -> None:
    """Train from `trainer.epoch` to the recipe's end.

    `after_epoch` gets the trainer, the epoch's log row and the confusion matrix [K, K] on `val`.
    """
    recipe = trainer.recipe
    while trainer.epoch < recipe.epochs:
        began = time.monotonic()
        row = train_epoch(trainer, train)
        trainer.epoch += 1
        confusion = evaluate(trainer, val)
        top1 = float(100 * confusion.diagonal().sum() / len(val))
        row = {"epoch": trainer.epoch, **row, "val_top1": top1, "seconds": time.monotonic() - began}
        after_epoch(trainer, row, confusion)


def train_epoch(trainer: Trainer, pool: Pool) -> dict:
    """One epoch. Returns its mean loss and accuracy; raises TrainingStopped when the loss is not a number."""
    recipe, model = trainer.recipe, trainer.model
    # Dropout draws from torch's generator; with a seed an epoch a resumed run repeats what the first would have done.
    torch.manual_seed(recipe.seed * 100_003 + trainer.epoch)
    steps = recipe.clips_per_epoch // recipe.batch_size
    size = size_at(recipe, trainer.epoch)
    batches = training_batches(pool, trainer.epoch, recipe.clips_per_epoch, recipe.batch_size, size, recipe.seed)
    losses, right, seen, rate = 0.0, 0, 0, 0.0
    model.train()
    progress = tqdm(batches, total=steps, desc=f"epoch {trainer.epoch + 1}/{recipe.epochs} {size}px", unit="batch")
    for number, batch in enumerate(progress):
        rate = learning_rate(recipe, trainer.epoch * steps + number)
        for group in trainer.optimizer.param_groups:
            group["lr"] = rate
        logits = scores(trainer, model, batch)
        labels = batch.labels.to(trainer.device)
        loss = nnf.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        if not torch.isfinite(loss):
            raise TrainingStopped(
                f"the loss became {loss.item()} in epoch {trainer.epoch + 1}; the checkpoint of the epoch before is "
                f"kept, try a lower learning_rate"
            )
        trainer.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        trainer.optimizer.step()
        follow(trainer)
        losses += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
        progress.set_postfix(loss=f"{losses / seen:.3f}", top1=f"{100 * right / seen:.1f}")
    return {"learning_rate": rate, "train_loss": losses / seen, "train_top1": 100 * right / seen, "clips": seen}


def scores(trainer: Trainer, model: TDN, batch: Batch) -> Tensor:
    """Logits of a batch in the recipe's precision, returned as float32."""
    half_precision = trainer.recipe.precision == "bf16"
    with torch.autocast(trainer.device.type, dtype=torch.bfloat16, enabled=half_precision):
        return model(batch.centre.to(trainer.device), batch.half.to(trainer.device)).float()


@torch.no_grad()
def evaluate(trainer: Trainer, pool: Pool) -> Tensor:
    """Confusion matrix [K true, K said] of the averaged weights on every clip of `pool`, at the final size."""
    recipe = trainer.recipe
    num_classes = trainer.average.architecture.num_classes
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for batch in validation_batches(pool, recipe.batch_size, size_at(recipe, trainer.epoch - 1)):
        said = scores(trainer, trainer.average, batch).argmax(1).cpu()
        confusion.index_put_((batch.labels, said), torch.ones_like(said), accumulate=True)
    return confusion


@torch.no_grad()
def follow(trainer: Trainer) -> None:
    """Move the averaged weights a step towards the model's; counters and running statistics are averaged too."""
    for mean, value in zip(trainer.average.state_dict().values(), trainer.model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - trainer.recipe.ema_decay)
        else:
            mean.copy_(value)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a cosine to zero, in steps of the whole run."""
    total = recipe.epochs * (recipe.clips_per_epoch // recipe.batch_size)
    warmup = max(1, round(recipe.warmup_share * total))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def size_at(recipe: Recipe, epoch: int) -> int:
    """Pixels of the input's side in an epoch: the first of `sizes` whose share of the run is not over."""
    done = (epoch + 0.5) / recipe.epochs
    return next(pixels for share, pixels in recipe.sizes if done < share or share >= 1)
