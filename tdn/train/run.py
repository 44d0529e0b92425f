"""A run from recipe to checkpoint: folders, logs, and resuming after anything."""

import csv
import json
import os
import shlex
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import torch

from tdn.data.pool import load_or_render_pool
from tdn.data.synthetic import LABELS, VERSION
from tdn.data.transforms import Preprocess
from tdn.model import BACKBONES, FAMILY, TDN, on_backbone
from tdn.train.engine import Trainer, fit
from tdn.train.recipes import Recipe
from tdn.weights import (
    Card,
    CheckpointError,
    imagenet_state,
    load_model,
    save_checkpoint,
    start_from_imagenet,
    start_from_network,
)

LAST, STATE, LOG = "last.safetensors", "resume.pt", "log.csv"


def train(recipe: Recipe, out: Path, resume: bool = False, device: str = "cpu", command: str = "") -> Path:
    """Run `recipe` in the folder `out` and return the path of its checkpoint, `out/last.safetensors`.

    After every epoch the checkpoint, what resuming needs and a row of `log.csv` are on disk, each replaced in one
    piece. `resume` goes on from there (or starts, if there is nothing). A resumed run ends in the same weights as an
    undisturbed one on a CPU. Raises ValueError when `out` holds a run and `resume` is off, or a run of other settings.
    """
    out = Path(out)
    state = _read_state(out, recipe) if (out / STATE).is_file() else None
    if state is not None and not resume:
        raise ValueError(f"{out} already holds a run; add --resume auto to go on with it, or choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    pools = out.parent / "pools"
    model = new_network(recipe)
    shape = (recipe.seed, recipe.render_size, model.num_segments, model.window)
    train_pool = load_or_render_pool(pools, "train", recipe.pool_clips, *shape)
    val_pool = load_or_render_pool(pools, "val", recipe.val_clips, *shape)
    trainer = Trainer.start(recipe, model, torch.device(device))
    if state is not None:
        trainer.epoch = state["epoch"]
        trainer.model.load_state_dict(state["model"])
        trainer.average.load_state_dict(state["average"])
        trainer.optimizer.load_state_dict(state["optimizer"])
    _keep_log_rows(out / LOG, trainer.epoch)
    fit(trainer, train_pool, val_pool, partial(_after_epoch, out, command))
    return out / LAST


def new_network(recipe: Recipe) -> TDN:
    """The recipe's network for the synthetic classes, started from `start_from` where that is given.

    Says on standard error how many tensors were taken over and which were not. Raises ValueError for a model or
    backbone that does not exist.
    """
    if recipe.model not in FAMILY:
        raise ValueError(f"model {recipe.model!r}: expected one of {', '.join(FAMILY)}")
    if recipe.backbone is not None and recipe.backbone not in BACKBONES:
        raise ValueError(f"backbone {recipe.backbone!r}: expected one of {', '.join(BACKBONES)}")
    architecture = replace(FAMILY[recipe.model].architecture, num_classes=len(LABELS))
    if recipe.backbone is not None:
        architecture = on_backbone(architecture, BACKBONES[recipe.backbone])
    torch.manual_seed(recipe.seed)
    model = TDN(architecture)
    if recipe.start_from is None:
        return model
    if recipe.start_from == "imagenet" or recipe.start_from.endswith(".pth"):
        path = None if recipe.start_from == "imagenet" else recipe.start_from
        started = start_from_imagenet(model, imagenet_state(architecture.backbone.name, path))
    else:
        started = start_from_network(model, load_model(recipe.start_from))
    fresh = f"; fresh: {', '.join(started.fresh)}" if started.fresh else ""
    print(f"start_from {recipe.start_from}: kept {len(started.kept)} tensors{fresh}", file=sys.stderr)
    return model


def _after_epoch(out: Path, command: str, trainer: Trainer, row: dict, confusion: torch.Tensor) -> None:
    recipe = trainer.recipe
    card = Card(
        trainer.average.architecture,
        Preprocess(
            view="whole",
            short_side=recipe.input_size,
            input_size=recipe.input_size,
            sampling="even",
            fps=None,
            max_frames=64,
        ),
        list(LABELS),
        trained_on=(
            f"{recipe.pool_clips} procedural motion clips (synthetic v{VERSION}), {trainer.epoch} of {recipe.epochs} "
            f"epochs of {recipe.clips_per_epoch} clips"
            + (f", started from the tensors of {Path(recipe.start_from).name}" if recipe.start_from else "")
        ),
        command=command or f"python -m tdn train {recipe.name}",
        accuracy=accuracy(confusion),
        protocol=f"{int(confusion.sum())} procedural validation clips, one clip, whole view",
        extra={"recipe": asdict(recipe)},
    )
    save_checkpoint(out / LAST, trainer.average, card)
    _append_row(out / LOG, row)
    # The state goes last: a run killed before this line repeats the epoch, and its log row is dropped on resuming.
    state = {
        "epoch": trainer.epoch,
        "recipe": json.dumps(asdict(recipe)),
        "model": trainer.model.state_dict(),
        "average": trainer.average.state_dict(),
        "optimizer": trainer.optimizer.state_dict(),
    }
    unfinished = out / (STATE + ".partial")
    torch.save(state, unfinished)
    unfinished.replace(out / STATE)


def accuracy(confusion: torch.Tensor) -> dict:
    """Top-1 in percent, overall and by class, from a confusion matrix [K true, K said]."""
    per_class = 100 * confusion.diagonal() / confusion.sum(1).clamp(min=1)
    return {
        "top1": round(float(100 * confusion.diagonal().sum() / confusion.sum()), 2),
        "clips": int(confusion.sum()),
        "per_class": {label: round(float(share), 1) for label, share in zip(LABELS, per_class, strict=True)},
    }


def _read_state(out: Path, recipe: Recipe) -> dict:
    try:
        state = torch.load(out / STATE, weights_only=True, map_location="cpu")
    except Exception as error:
        raise CheckpointError(f"{out / STATE} can't be read ({error}); remove it to start again") from None
    then, now = json.loads(state["recipe"]), json.loads(json.dumps(asdict(recipe)))
    changed = [key for key in now if then.get(key) != now[key]]
    if changed:
        raise ValueError(
            f"{out} holds a run with another {', '.join(changed)}; use the same settings, or choose another --out"
        )
    return state


def _append_row(path: Path, row: dict) -> None:
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if is_new:
            writer.writeheader()
        writer.writerow({key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.items()})
        file.flush()
        os.fsync(file.fileno())


def _keep_log_rows(path: Path, epoch: int) -> None:
    """Drop rows of epochs that will be trained again."""
    if not path.exists():
        return
    header, *rows = path.read_text().splitlines()
    kept = [row for row in rows if row and int(row.split(",")[0]) <= epoch]
    path.write_text("\n".join([header, *kept]) + "\n")


def command_line(arguments: list[str]) -> str:
    """The command that is running, as a person would type it."""
    return shlex.join(["python", "-m", "tdn", *arguments])
