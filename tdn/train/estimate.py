"""How long a run would take, and what it needs: `train --dry-run`."""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from tdn.motion.splits import split_named
from tdn.train.engine import remaining_batches, train_step
from tdn.train.recipe import Recipe
from tdn.train.run import build, close_distributed
from tdn.train.start import new_accelerator, say


def estimate(recipe: Recipe, device: str | torch.device = "cpu", data: str = "synthetic") -> dict:
    """Build everything, make one step and estimate the whole run; nothing is kept.

    Procedural clips are rendered for this step alone. Returns parameters, clips, steps an epoch, passes a step, seconds
    of a step, hours of the run and gigabytes at the most (of the GPU, or of this process).
    """
    accelerator = new_accelerator(recipe, device)
    few = recipe
    procedural = split_named(data) is not None
    if procedural:
        few = replace(recipe, pool_clips=recipe.batch_size, val_clips=2, clips_per_epoch=recipe.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        trainer = build(few, data, Path(folder), accelerator)
        for note in trainer.clips.notes:
            say(accelerator, f"note: {note}")
        for _ in range(2):  # the first step also allocates; the second is timed
            trainer.step = 0
            began = time.monotonic()
            batches = remaining_batches(trainer, trainer.recipe.input_size)
            first = [next(batches) for _ in range(trainer.passes)]
            loaded = time.monotonic()
            train_step(trainer, iter(first))
            stepped = time.monotonic()
    close_distributed(trainer)
    loading, computing = loaded - began, stepped - loaded
    workers = recipe.workers if not procedural else 0
    # Workers load while the last step computes.
    step_seconds = max(loading / workers, computing) if workers else loading + computing
    num_train = recipe.clips_per_epoch or (recipe.pool_clips if procedural else trainer.clips.num_train)
    num_val = recipe.val_clips if procedural else trainer.clips.num_val
    steps = num_train // recipe.batch_size
    # A validation clip costs a third of a training clip: no backward pass.
    epoch_seconds = step_seconds * (steps + num_val / recipe.batch_size / 3)
    return {
        "recipe": recipe.name,
        "data": trainer.clips.name,
        "classes": len(trainer.clips.labels),
        "parameters": sum(p.numel() for p in trainer.network.parameters()),
        "training_clips": num_train,
        "validation_clips": num_val,
        "steps_per_epoch": steps,
        "processes": accelerator.num_processes,
        "micro_batch": trainer.micro_batch,
        "passes_per_step": trainer.passes,
        "loading_seconds": round(loading, 3),
        "step_seconds": round(step_seconds, 3),
        "estimated_hours": float(f"{recipe.epochs * epoch_seconds / 3600:.3g}"),
        "peak_gigabytes": round(peak_bytes(accelerator.device) / 1e9, 2),
        "device": str(accelerator.device),
    }


def peak_bytes(device: torch.device) -> int:
    """The most memory taken so far: of a GPU by tensors, of this process elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
