"""The training loop, readable to the end. Hugging Face accelerate moves tensors, casts and talks between processes."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as nnf
from accelerate import Accelerator
from accelerate.utils import broadcast, gather_object
from torch import Tensor, nn

from tdn.data.transforms import normalise_tensor
from tdn.model import TDN
from tdn.train.batches import Batch, Clips
from tdn.train.logs import Waited, progress
from tdn.train.optim import Plateau, learning_rate, new_optimizer, set_rate, size_at
from tdn.train.recipe import Recipe, micro_batches
from tdn.train.validation import Validation, hits


class TrainingStopped(ValueError):
    """A run that can't go on; the last good checkpoint is kept."""


@dataclass
class Sums:
    """What has been added up since the epoch began, over all processes."""

    loss: float = 0.0
    top1: float = 0.0
    top5: float = 0.0
    clips: float = 0.0


@dataclass
class Trainer:
    """A network with everything that changes while it trains.

    `model` is the network as accelerate wraps it, `network` the same one unwrapped, `average` the moving average of its
    weights, which is evaluated and saved (without `ema_decay`: the network itself). `epoch` epochs and `step` steps of
    the next one are done.
    """

    recipe: Recipe
    clips: Clips
    accelerator: Accelerator
    network: TDN
    model: nn.Module
    average: TDN
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0
    sums: Sums = field(default_factory=Sums)
    plateau: Plateau = field(default_factory=Plateau)

    @classmethod
    def start(cls, recipe: Recipe, network: TDN, clips: Clips, accelerator: Accelerator) -> "Trainer":
        if recipe.sync_bn:
            if accelerator.device.type != "cuda":
                raise ValueError("sync_bn: SyncBatchNorm runs on GPUs only; leave it false here")
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        network = network.to(accelerator.device, memory_format=torch.channels_last).requires_grad_(True)
        # Copied before accelerate changes `forward` for mixed precision.
        average = copy.deepcopy(network).eval().requires_grad_(False) if recipe.ema_decay is not None else network
        model, optimizer = accelerator.prepare(network, new_optimizer(recipe, network))
        return cls(recipe, clips, accelerator, network, model, average, optimizer)

    @property
    def micro_batch(self) -> int:
        return micro_batches(self.recipe, self.accelerator.num_processes)[0]

    @property
    def passes(self) -> int:
        return micro_batches(self.recipe, self.accelerator.num_processes)[1]

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch; what is left over is not trained on (as released) but comes early next time."""
        clips = self.recipe.clips_per_epoch or self.clips.num_train
        if clips < self.recipe.batch_size:
            raise ValueError(
                f"{clips} training clips are fewer than one batch of {self.recipe.batch_size}; film more, or add "
                f"--set batch_size={max(1, clips // 2)}"
            )
        return clips // self.recipe.batch_size

    def state(self) -> dict:
        """Everything that resuming needs, alike in all processes; every process has to call it."""
        device = self.accelerator.device
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return {
            "epoch": self.epoch,
            "step": self.step,
            "sums": asdict(self.sums),
            "plateau": asdict(self.plateau),
            "model": self.network.state_dict(),
            "average": self.average.state_dict() if self.average is not self.network else None,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.accelerator.scaler.state_dict() if self.accelerator.scaler else None,
            # Dropout draws from torch's generators; all other draws follow from (seed, epoch, number).
            "random": gather_object([(torch.get_rng_state(), cuda)]),
        }

    def restore(self, state: dict) -> None:
        self.epoch, self.step = state["epoch"], state["step"]
        self.sums, self.plateau = Sums(**state["sums"]), Plateau(**state["plateau"])
        self.network.load_state_dict(state["model"])
        if state["average"] is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        rank = self.accelerator.process_index
        if self.step and rank < len(state["random"]):
            cpu, cuda = state["random"][rank]
            torch.set_rng_state(cpu)
            if cuda is not None and self.accelerator.device.type == "cuda":
                torch.cuda.set_rng_state(cuda, self.accelerator.device)


def fit(
    trainer: Trainer, save: Callable[[Trainer], None], after_epoch: Callable[[Trainer, dict, Validation, bool], None]
) -> None:
    """Train from where `trainer` is to the recipe's end.

    `save` is called within epochs when a checkpoint is due; `after_epoch` gets the epoch's log row, the validation and
    whether it is the best so far. Every process calls both. Raises TrainingStopped, in all processes at once, when
    losses or gradients are not finite.
    """
    recipe = trainer.recipe
    while trainer.epoch < recipe.epochs:
        began = time.monotonic()
        row = train_epoch(trainer, save)
        trainer.epoch, trainer.step, trainer.sums = trainer.epoch + 1, 0, Sums()
        validation = evaluate(trainer)
        if not math.isfinite(validation.loss):
            raise TrainingStopped(
                f"the validation loss became {validation.loss} in epoch {trainer.epoch}; the last checkpoint is kept, "
                f"try a lower learning_rate"
            )
        is_best = trainer.plateau.update(validation.top1, recipe.patience)
        row = {
            "epoch": trainer.epoch,
            **row,
            "val_loss": validation.loss,
            "val_top1": validation.top1,
            "val_top5": validation.top5,
            "seconds": time.monotonic() - began,
        }
        after_epoch(trainer, row, validation, is_best)


def train_epoch(trainer: Trainer, save: Callable[[Trainer], None]) -> dict:
    """The steps of one epoch that are not done yet. Returns the whole epoch's mean loss and accuracy.

    Raises TrainingStopped, in all processes at once, when loss or gradients are not finite.
    """
    recipe, accelerator = trainer.recipe, trainer.accelerator
    if trainer.step == 0:
        # With a seed an epoch a resumed run repeats what the first would have done. Processes differ, the first is
        # what a single one would be.
        torch.manual_seed(recipe.seed * 100_003 + trainer.epoch + 1_000_003 * accelerator.process_index)
    steps, size = trainer.steps_per_epoch, size_at(recipe, trainer.epoch)
    batches = Waited(remaining_batches(trainer, size))
    trainer.model.train()
    began = saved_at = time.monotonic()
    rate = 0.0
    title = f"epoch {trainer.epoch + 1}/{recipe.epochs} {size}px"
    with progress(steps, trainer.step, title, accelerator.is_main_process) as show:
        while trainer.step < steps:
            rate = learning_rate(recipe, trainer.epoch * steps + trainer.step, steps, trainer.plateau.drops)
            set_rate(trainer.optimizer, rate)
            is_time = time.monotonic() - saved_at > 60 * recipe.save_minutes
            due = train_step(trainer, batches, save_is_due=is_time)
            sums = trainer.sums
            show(f"loss {sums.loss / sums.clips:.3f}, top-1 {100 * sums.top1 / sums.clips:.1f}%")
            due |= recipe.save_steps is not None and trainer.step % recipe.save_steps == 0
            if due and trainer.step < steps:
                save(trainer)
                saved_at = time.monotonic()
    sums = trainer.sums
    return {
        "learning_rate": rate,
        "train_loss": sums.loss / sums.clips,
        "train_top1": 100 * sums.top1 / sums.clips,
        "train_top5": 100 * sums.top5 / sums.clips,
        "clips": int(sums.clips),
        # Of the time since the epoch began, or went on: above a few percent, the device waits for clips.
        "data_wait": batches.seconds / (time.monotonic() - began),
    }


def remaining_batches(trainer: Trainer, size: int) -> Iterator[Batch]:
    """This process's micro-batches of the epoch, from the step that comes next."""
    accelerator = trainer.accelerator
    per_step = trainer.passes * accelerator.num_processes
    first, end = trainer.step * per_step, trainer.steps_per_epoch * per_step
    numbers = range(first + accelerator.process_index, end, accelerator.num_processes)
    return trainer.clips.training(trainer.epoch, numbers, trainer.micro_batch, size)


def train_step(trainer: Trainer, batches: Iterator[Batch], save_is_due: bool = False) -> bool:
    """Move the weights once, by the mean gradient over all micro-batches of all processes.

    Returns whether the first process finds that saving is due, so that all agree.
    """
    recipe, accelerator, passes = trainer.recipe, trainer.accelerator, trainer.passes
    trainer.optimizer.zero_grad(set_to_none=True)
    totals = torch.zeros(5, dtype=torch.float64, device=accelerator.device)  # loss, top-1, top-5, clips, due
    for number in range(passes):
        batch = next(batches)
        labels = batch.labels.to(accelerator.device)
        # Gradients travel between processes once a step, with the last pass.
        with nullcontext() if number == passes - 1 else accelerator.no_sync(trainer.model):
            logits = scores(trainer, trainer.model, batch)
            loss = nnf.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
            accelerator.backward(loss / passes)
        totals[:4] += torch.stack([loss.detach().double() * len(labels), *hits(logits.detach(), labels)])
    totals[4] = float(save_is_due and accelerator.is_main_process)
    loss, top1, top5, clips, due = accelerator.reduce(totals, "sum").tolist()
    stop_unless_finite(trainer, "loss", loss / clips)
    norm = accelerator.clip_grad_norm_(trainer.network.parameters(), recipe.clip_norm)
    if accelerator.scaler is None:  # a scaler (fp16) leaves out such a step and goes on
        stop_unless_finite(trainer, "gradient", norm.item())
    trainer.optimizer.step()
    follow(trainer)
    sums = trainer.sums
    trainer.sums = Sums(sums.loss + loss, sums.top1 + top1, sums.top5 + top5, sums.clips + clips)
    trainer.step += 1
    return due > 0


def stop_unless_finite(trainer: Trainer, what: str, value: float) -> None:
    if not abs(value) < float("inf"):
        raise TrainingStopped(
            f"the {what} became {value} in epoch {trainer.epoch + 1}, step {trainer.step + 1}; the last checkpoint is "
            f"kept, try a lower learning_rate"
        )


def scores(trainer: Trainer, model: nn.Module, batch: Batch) -> Tensor:
    """Logits of a batch in the recipe's precision, returned as float32."""
    device = trainer.accelerator.device
    inputs = (part.to(device, non_blocking=True) for part in batch.inputs)
    inputs = [normalise_tensor(part) if part.dtype == torch.uint8 else part for part in inputs]
    with trainer.accelerator.autocast():
        return model(*inputs).float()


@torch.no_grad()
def evaluate(trainer: Trainer) -> Validation:
    """The averaged weights on every validation clip exactly once, at the size of the epoch just done."""
    recipe, accelerator, network = trainer.recipe, trainer.accelerator, trainer.average
    # Batch norm's statistics differ between processes; those of the first are the network's (released `main.py`).
    for statistic in network.buffers():
        broadcast(statistic)
    num_classes = network.architecture.num_classes
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=accelerator.device)
    certainty = torch.zeros(2, 100, dtype=torch.int64, device=accelerator.device)
    totals = torch.zeros(5, dtype=torch.float64, device=accelerator.device)  # loss, top-1, top-5, clips, missing
    was_training = network.training
    network.eval()
    size = size_at(recipe, max(trainer.epoch, 1) - 1)
    ours = (accelerator.process_index, accelerator.num_processes)
    for batch in trainer.clips.validation(*ours, trainer.micro_batch, size):
        logits, labels = scores(trainer, network, batch), batch.labels.to(accelerator.device)
        totals[4] += (labels < 0).sum()
        logits, labels = logits[labels >= 0], labels[labels >= 0]
        probability, said = logits.softmax(1).nan_to_num(0).max(1)
        one = torch.ones_like(labels)
        confusion.index_put_((labels, said), one, accumulate=True)
        percent = (100 * probability).long().clamp(max=99)
        certainty.index_put_(((said == labels).long(), percent), one, accumulate=True)
        loss = nnf.cross_entropy(logits, labels, reduction="sum").double()
        totals[:4] += torch.stack([loss, *hits(logits, labels)])
    network.train(was_training)
    confusion, certainty = (accelerator.reduce(counts, "sum").cpu() for counts in (confusion, certainty))
    loss, _, top5, clips, missing = accelerator.reduce(totals, "sum").tolist()
    if not clips:
        raise TrainingStopped("none of the validation clips could be read; check them with `python -m tdn data check`")
    return Validation(confusion, certainty, loss / clips, 100 * top5 / clips, int(missing))


@torch.no_grad()
def follow(trainer: Trainer) -> None:
    """Move the averaged weights a step towards the network's; statistics are averaged too, counters copied."""
    if trainer.average is trainer.network:
        return
    means, values = [], []
    for mean, value in zip(trainer.average.state_dict().values(), trainer.network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            means.append(mean)
            values.append(value)
        else:
            mean.copy_(value)
    torch._foreach_lerp_(means, values, 1 - trainer.recipe.ema_decay)  # one call for some hundred tensors
