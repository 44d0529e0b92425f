"""The recipes of `studies.gpu.train`, and how fast they train: enough to choose how many clips are drawn."""

import time
from dataclasses import replace

import torch
from accelerate import Accelerator

from studies.gpu.device_clips import DeviceClips
from tdn.train.engine import Trainer, remaining_batches, train_step
from tdn.train.recipe import Recipe, override
from tdn.train.recipes import RECIPES
from tdn.train.start import new_network, plan

EPOCHS = 40
# AdamW's rate for 8 clips a step does not hold for 64: it grows with the root of the batch, here rounded down. The
# clock is looked at after every step.
GPU = {"batch_size": 64, "learning_rate": 2e-3, "ema_decay": 0.995, "save_minutes": 1e6, "save_steps": 1}
WARM_STEPS = 3
# Which is faster for depthwise convolutions depends on the GPU.
LAYOUTS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}


def gpu_recipe(name: str, start: str, pool_clips: int, val_clips: int, settings: list[str]) -> Recipe:
    """The demo recipe of a network, for large batches; `settings` as of `tdn train --set`."""
    recipe = replace(RECIPES[f"demo-mobile-{name}"], epochs=EPOCHS, start_from=start, workers=0, **GPU)
    return override(replace(recipe, pool_clips=pool_clips, val_clips=val_clips), settings)


def with_draws(recipe: Recipe, draws: int) -> Recipe:
    """The recipe whose epochs together draw so many clips, in whole batches."""
    steps = max(1, draws // (recipe.epochs * recipe.batch_size))
    return replace(recipe, clips_per_epoch=steps * recipe.batch_size)


def layout_name(layout: torch.memory_format) -> str:
    return next(name for name, value in LAYOUTS.items() if value == layout)


def new_trainer(
    recipe: Recipe, clips: DeviceClips, accelerator: Accelerator, layout: torch.memory_format, is_fresh: bool
) -> Trainer:
    """`is_fresh` off leaves the start out: its weights are replaced at once, or of no matter."""
    clips.clips_per_epoch = recipe.clips_per_epoch
    architecture = replace(plan(recipe)[0], num_classes=len(clips.labels))
    starts = recipe if is_fresh else replace(recipe, start_from=None)
    trainer = Trainer.start(recipe, new_network(starts, architecture, accelerator), clips, accelerator)
    trainer.network.to(memory_format=layout)
    return trainer


def seconds_a_clip(
    recipe: Recipe, clips: DeviceClips, accelerator: Accelerator, layout: torch.memory_format, timed_steps: int
) -> float:
    """What drawing a clip costs in the mean over the run, measured at each of its input sizes."""
    recipe = replace(recipe, clips_per_epoch=(WARM_STEPS + timed_steps) * recipe.batch_size)
    cost, done = 0.0, 0.0
    for share, size in recipe.sizes:
        trainer = new_trainer(recipe, clips, accelerator, layout, is_fresh=False)
        trainer.model.train()
        batches = remaining_batches(trainer, size)
        for step in range(WARM_STEPS + timed_steps):
            if step == WARM_STEPS:
                began = time.monotonic()
            train_step(trainer, batches)
        cost += (share - done) * (time.monotonic() - began) / (timed_steps * recipe.batch_size)
        done = share
    return cost


def draws_that_fit(seconds: float, costs: list[float], recipe: Recipe) -> int:
    """Draws of each network if all are done after `seconds`. A clip of validation costs a third of a draw."""
    validation = recipe.epochs * recipe.val_clips / 3
    return max(recipe.epochs * recipe.batch_size, int(seconds / sum(costs) - validation))
