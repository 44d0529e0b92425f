"""A run from recipe to checkpoint: the network it starts from, folders, logs, and resuming after anything."""

import errno
import json
import os
import shlex
import sys
import tempfile
import time
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from tdn.data.transforms import Preprocess
from tdn.device import device_name
from tdn.model import BACKBONES, FAMILY, TDN, Architecture, on_backbone
from tdn.motion.splits import split_named
from tdn.output import expect_writable, remove_files
from tdn.train.batches import open_clips, write_list
from tdn.train.checkpoint import has_state, read_state, write_state
from tdn.train.engine import Trainer, TrainingStopped, Validation, fit, remaining_batches, train_step
from tdn.train.logs import (
    CONFUSION,
    LOG,
    append_row,
    column,
    draw_confusion,
    keep_rows,
    open_tensorboard,
    write_confusion,
)
from tdn.train.recipes import MACHINE_FIELDS, Recipe, micro_batches
from tdn.train.same_clips import CLIPS, digest, expect_same_clips, write_clips
from tdn.weights import (
    Card,
    imagenet_state,
    load_model,
    read_card,
    save_checkpoint,
    start_from_imagenet,
    start_from_network,
    start_from_trunk,
)

LAST, BEST, HELD_OUT = "last.safetensors", "best.safetensors", "val.csv"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_STARTED = {"all": "tensors", "trunk": "2-D trunk"}
# What a network has seen of procedural clips, by the version of the generator.
_MADE = {
    2: "it has seen drawn scenes only, no real video",
    3: "it has seen clips that were put together of photos or drawn, no real video",
}
ACCELERATE_PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def train(
    recipe: Recipe,
    out: Path,
    resume: bool = False,
    device: str | torch.device = "cpu",
    command: str = "",
    data: str = "synthetic",
) -> Path:
    """Run `recipe` on `data` in the folder `out` and return the path of its checkpoint, `out/last.safetensors`.

    After every epoch the checkpoint, what resuming needs, a row of `log.csv` and the confusion matrix are on disk, each
    replaced in one piece; `best.safetensors` is the best epoch by validation top-1, and `val.csv` lists the validation
    clips where they had to be held out. `resume` goes on from there, also
    from the middle of an epoch (or starts, if there is nothing); on a CPU it ends in the same weights as an undisturbed
    run. Every process of a distributed run calls this. Raises ValueError when `out` holds a run and `resume` is off, or
    a run of other settings, and TrainingStopped where the loss stops being a number or the disk is full.
    """
    try:
        return _train(recipe, Path(out), resume, device, command, data)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise TrainingStopped(
            f"{out}: {error.strerror.lower()}; what was saved before is whole: free some space and go on with "
            f"--resume auto"
        ) from None


def _train(recipe: Recipe, out: Path, resume: bool, device: str | torch.device, command: str, data: str) -> Path:
    expect_writable(out)
    accelerator = new_accelerator(recipe, device)
    if has_state(out) and not resume:
        raise ValueError(f"{out} already holds a run; add --resume auto to go on with it, or choose another --out")
    state = read_state(out)
    trainer = build(recipe, data, out.parent / "pools", accelerator)
    fingerprint = run_settings(trainer, data)
    if accelerator.is_main_process:
        print(described(trainer, data), file=sys.stderr)
        if state is None:  # of a run whose state was deleted
            remove_files(out, (HELD_OUT, CONFUSION, Path(CONFUSION).with_suffix(".png").name))
    if state is not None:
        expect_same_clips(out, json.loads(state["settings"]).get("clip_names", ""), trainer.clips.listing())
        if added := expect_same_run(out, state, fingerprint):
            say(accelerator, added)
        trainer.restore(state)
        say(accelerator, f"going on after epoch {trainer.epoch}, step {trainer.step} of the next")
    board = None
    if accelerator.is_main_process:
        keep_rows(out / LOG, trainer.epoch)
        if listing := trainer.clips.listing():
            write_clips(out / CLIPS, listing)
        if trainer.clips.held_out:
            write_list(out / HELD_OUT, trainer.clips.val)
        board = open_tensorboard(out / "tensorboard", trainer.epoch)
    try:
        fit(trainer, partial(_save, out, fingerprint), partial(_after_epoch, out, fingerprint, command, board))
    except TrainingStopped:  # in all processes at once
        take_leave(trainer)
        raise
    if accelerator.is_main_process and (picture := draw_confusion(out / CONFUSION)):
        say(accelerator, f"wrote {picture}")
    take_leave(trainer)
    return out / LAST


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
    take_leave(trainer)
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


def take_leave(trainer: Trainer) -> None:
    """End the talk between processes.

    The wrapper that talks goes first: where it outlives the process group, freeing it can wait for ever for a thread
    that waits for Python's lock (seen with gloo, in about one run of six).
    """
    trainer.model = trainer.network
    trainer.accelerator.free_memory()
    trainer.accelerator.end_training()


def peak_bytes(device: torch.device) -> int:
    """The most memory taken so far: of a GPU by tensors, of this process elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def new_accelerator(recipe: Recipe, device: str | torch.device) -> Accelerator:
    """Processes, device and precision. The launcher (torchrun, accelerate launch) decides how many processes."""
    device = torch.device(device)
    # accelerate keeps one state a process and refuses another precision; runs after one another are allowed here.
    AcceleratorState._reset_state(reset_partial_state=True)
    if device.type == "cuda" and device.index is not None and "LOCAL_RANK" not in os.environ:
        torch.cuda.set_device(device)
    return Accelerator(cpu=device.type == "cpu", mixed_precision=ACCELERATE_PRECISION[recipe.precision])


def build(recipe: Recipe, data: str, pools: Path, accelerator: Accelerator) -> Trainer:
    """Network, clips and optimiser of a recipe whose last open fields are filled in from where it starts."""
    micro_batches(recipe, accelerator.num_processes)  # raises before anything is opened
    architecture, preprocess = plan(recipe)
    if recipe.model is None:
        recipe = as_seen_by(recipe, preprocess)
    # One process renders or downloads, the others read what it wrote.
    with accelerator.main_process_first():
        clips = open_clips(recipe, data, architecture.num_segments, architecture.window, preprocess, pools)
        network = new_network(recipe, replace(architecture, num_classes=len(clips.labels)), accelerator)
    return Trainer.start(recipe, network, clips, accelerator)


def as_seen_by(recipe: Recipe, preprocess: Preprocess) -> Recipe:
    """The recipe with the view and size of the network it goes on from."""
    if preprocess.view == "whole":
        recipe = replace(recipe, preprocess="whole", crop="whole")
    return replace(recipe, sizes=((1.0, preprocess.input_size),))


def plan(recipe: Recipe) -> tuple[Architecture, Preprocess]:
    """The network a recipe trains, its classes still open, and how that sees clips.

    Raises ValueError for a model or backbone that does not exist, FileNotFoundError for a missing `start_from`.
    """
    if recipe.model is None:
        card = read_card(recipe.start_from)
        architecture, preprocess = card.architecture, card.preprocess
    elif recipe.model in FAMILY:
        architecture, preprocess = FAMILY[recipe.model].architecture, preprocess_of(recipe)
    else:
        raise ValueError(f"model {recipe.model!r}: expected one of {', '.join(FAMILY)}")
    if recipe.backbone is not None:
        if recipe.backbone not in BACKBONES:
            raise ValueError(f"backbone {recipe.backbone!r}: expected one of {', '.join(BACKBONES)}")
        architecture = on_backbone(architecture, BACKBONES[recipe.backbone])
    if recipe.dropout is not None:
        architecture = replace(architecture, dropout=recipe.dropout)
    if recipe.s_tdm_width is not None:
        architecture = replace(architecture, s_tdm_width=recipe.s_tdm_width or None)
    if recipe.t_conv_init is not None:
        architecture = replace(architecture, t_conv_init=recipe.t_conv_init)
    return architecture, preprocess


def preprocess_of(recipe: Recipe) -> Preprocess:
    """How clips are seen after training: 256 and 224 as released, or in proportion; or the whole picture."""
    size = recipe.input_size
    if recipe.preprocess == "whole":
        return Preprocess.whole(size)
    return Preprocess("centre_crop", round(size * 256 / 224), size, "released")


def new_network(recipe: Recipe, architecture: Architecture, accelerator: Accelerator) -> TDN:
    """The network, started from `start_from` where that is given; says how many tensors were taken over."""
    torch.manual_seed(recipe.seed)
    model = TDN(architecture)
    if recipe.start_from is None:
        return model
    if recipe.start_from == "imagenet" or recipe.start_from.endswith(".pth"):
        path = None if recipe.start_from == "imagenet" else recipe.start_from
        started = start_from_imagenet(model, imagenet_state(architecture.backbone.name, path))
    else:
        trained = load_model(recipe.start_from)
        if recipe.model is None:
            # A new task gets a new head, also where the number of classes happens to agree.
            del trained.head
        started = (start_from_trunk if recipe.start_part == "trunk" else start_from_network)(model, trained)
    fresh = f"; {len(started.fresh)} fresh: {', '.join(started.fresh_parts)}" if started.fresh else ""
    say(accelerator, f"start_from {recipe.start_from}: kept {len(started.kept)} tensors{fresh}")
    return model


def described(trainer: Trainer, data: str) -> str:
    """The resolved recipe and what follows from it, a line each."""
    lines = [f"{key}: {value}" for key, value in asdict(trainer.recipe).items()]
    processes = trainer.accelerator.num_processes
    flips = trainer.clips.flips
    return "\n".join(
        [
            *lines,
            f"data: {data} ({trainer.clips.name}): {trainer.clips.num_train} training and {trainer.clips.num_val} "
            f"validation clips{' held out of them' if trainer.clips.held_out else ''}, {len(trainer.clips.labels)} "
            f"classes; {flips}",
            *(f"note: {note}" for note in trainer.clips.notes),
            f"a step: {processes} x {trainer.passes} x {trainer.micro_batch} clips (processes, passes, micro-batch) at "
            f"rate {trainer.recipe.rate:g}; {trainer.steps_per_epoch} steps an epoch; {trainer.accelerator.device}",
        ]
    )


def run_settings(trainer: Trainer, data: str) -> str:
    """What must be the same when a run goes on, as JSON: recipe, data and classes."""
    clips = trainer.clips
    settings = {key: value for key, value in asdict(trainer.recipe).items() if key not in MACHINE_FIELDS}
    settings |= {"data": data, "clips": [clips.num_train, clips.num_val], "labels": [*clips.labels]}
    return json.dumps(settings | {"clip_names": digest(clips.listing())})


def expect_same_run(out: Path, state: dict, now: str) -> str:
    """A sentence where a finished run goes on for more epochs, else "". Raises ValueError where settings differ."""
    then, wanted = json.loads(state["settings"]), json.loads(now)
    # A field that the run did not know yet stood for what it is when left out.
    left_out = {field.name: field.default for field in fields(Recipe)} | {"clip_names": wanted["clip_names"]}
    changed = [key for key in wanted if then.get(key, left_out.get(key)) != wanted[key]]
    if changed == ["epochs"]:
        done, more = state["epoch"], wanted["epochs"]
        if done == then["epochs"] < more:
            return (
                f"{out}: its {done} epochs were finished; it goes on to {more}, with the rates and sizes that a run of "
                f"{more} has from there on, so it is not the run that {more} epochs from the start would have been"
            )
        raise ValueError(
            f"{out} holds a run of {then['epochs']} epochs, {done} of them done; finish it with --set "
            f"epochs={then['epochs']}, then it can go on for more, or choose another --out"
        )
    if changed:
        raise ValueError(
            f"{out} holds a run with another {', '.join(changed)}; use the same settings, or choose another --out"
        )
    return ""


def _save(out: Path, settings: str, trainer: Trainer) -> None:
    state = {"settings": settings, **trainer.state()}
    if trainer.accelerator.is_main_process:
        write_state(out, state)


def _after_epoch(
    out: Path, settings: str, command: str, board, trainer: Trainer, row: dict, validation: Validation, is_best: bool
) -> None:
    if trainer.accelerator.is_main_process:
        seconds = sum(map(float, column(out / LOG, "seconds"))) + row["seconds"]
        card = card_of(trainer, validation, command, seconds)
        save_checkpoint(out / LAST, trainer.average, card)
        if is_best:
            save_checkpoint(out / BEST, trainer.average, card)
        append_row(out / LOG, row)
        write_confusion(out / CONFUSION, validation.confusion, trainer.clips.labels)
        if board is not None:
            for key in set(row) - {"epoch", "clips"}:
                board.add_scalar(key, row[key], trainer.epoch)
            board.flush()
        left = (trainer.recipe.epochs - trainer.epoch) * row["seconds"] / 60
        unread = f", {validation.missing} clips could not be read" if validation.missing else ""
        print(
            f"epoch {trainer.epoch}: loss {row['train_loss']:.3f}, validation top-1 {row['val_top1']:.2f}%, top-5 "
            f"{row['val_top5']:.2f}%{unread}; {left:.0f} minutes left",
            file=sys.stderr,
        )
    # The state goes last: a run killed before this line repeats the epoch, and its log row is dropped on resuming.
    _save(out, settings, trainer)


def card_of(trainer: Trainer, validation: Validation, command: str, seconds: float) -> Card:
    recipe, clips = trainer.recipe, trainer.clips
    procedural = clips.name.startswith("procedural")
    preprocess = clips.preprocess
    view = "whole view" if preprocess.view == "whole" else f"centre crop of {preprocess.input_size}"
    return Card(
        trainer.average.architecture,
        preprocess,
        list(clips.labels),
        trained_on=(
            (f"{clips.num_train} {clips.name}" if procedural else f"{clips.name} ({clips.num_train} clips)")
            + f", {trainer.epoch} of {recipe.epochs} epochs of {trainer.steps_per_epoch * recipe.batch_size} clips"
            + started_from(recipe)
        ),
        command=command or f"python -m tdn train {recipe.name}",
        time=f"{seconds / 60:.0f} minutes of training and validation ({device_name(trainer.accelerator.device)})",
        known_limits=(_MADE[recipe.clips_version] if procedural else f"its classes are those of {clips.name}")
        + "; every clip gets one of its classes for an answer, also one that shows none of them, or several",
        accuracy=accuracy(validation, clips.labels),
        protocol=(
            f"{int(validation.confusion.sum())} "
            + ("procedural validation clips" if procedural else f"validation clips of {clips.name}")
            + f", one clip, {view}"
        ),
        extra={"recipe": asdict(recipe)},
    )


def started_from(recipe: Recipe) -> str:
    """Where the weights began, in words for a card."""
    if recipe.start_from is None:
        return ""
    if recipe.start_from == "imagenet" or recipe.start_from.endswith(".pth"):
        return ", started from torchvision's ImageNet weights (BSD-3)"
    return f", started from the {_STARTED[recipe.start_part]} of {Path(recipe.start_from).name}"


def accuracy(validation: Validation, labels: tuple[str, ...]) -> dict:
    """Top-1 and top-5 in percent, and top-1 by class (None: no clips); clips counted, and those that can't be read.

    `sure_above` is the probability from which on an answer can be relied on, as far as these clips go.
    """
    confusion = validation.confusion
    per_class = 100 * confusion.diagonal() / confusion.sum(1).clamp(min=1)
    counted = {
        "top1": round(validation.top1, 2),
        "top5": round(validation.top5, 2),
        "clips": int(confusion.sum()),
        "sure_above": validation.sure_above,
        "per_class": {
            label: round(float(share), 1) if count else None
            for label, share, count in zip(labels, per_class, confusion.sum(1).tolist(), strict=True)
        },
    }
    return counted | ({"missing": validation.missing} if validation.missing else {})


def say(accelerator: Accelerator, message: str) -> None:
    if accelerator.is_main_process:
        print(message, file=sys.stderr)


def command_line(arguments: list[str]) -> str:
    """The command that is running, as a person would type it."""
    return shlex.join(["python", "-m", "tdn", *arguments])
