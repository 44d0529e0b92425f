"""A run from recipe to checkpoint: the network it starts from, folders, logs, and resuming after anything."""

import errno
import json
import shlex
import sys
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator

from tdn.output import expect_writable, remove_files
from tdn.train.batches import open_clips
from tdn.train.card import card_of
from tdn.train.checkpoint import has_state, read_state, write_state
from tdn.train.engine import Trainer, TrainingStopped, fit
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
from tdn.train.parts import write_list
from tdn.train.recipe import MACHINE_FIELDS, Recipe, micro_batches
from tdn.train.same_clips import CLIPS, digest, expect_same_clips, write_clips
from tdn.train.start import NO_BFLOAT16, as_seen_by, computed_in, new_accelerator, new_network, plan, say
from tdn.train.validation import Validation
from tdn.weights import (
    save_checkpoint,
)

LAST, BEST, HELD_OUT = "last.safetensors", "best.safetensors", "val.csv"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    if trainer.recipe.precision != computed_in(trainer.recipe, accelerator.device):
        say(accelerator, NO_BFLOAT16)
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
        close_distributed(trainer)
        raise
    if accelerator.is_main_process and (picture := draw_confusion(out / CONFUSION)):
        say(accelerator, f"wrote {picture}")
    close_distributed(trainer)
    return out / LAST


def close_distributed(trainer: Trainer) -> None:
    """End the talk between processes.

    The wrapper that talks goes first: where it outlives the process group, freeing it can wait for ever for a thread
    that waits for Python's lock (seen with gloo, in about one run of six).
    """
    trainer.model = trainer.network
    trainer.accelerator.free_memory()
    trainer.accelerator.end_training()


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


def command_line(arguments: list[str]) -> str:
    """The command that is running, as a person would type it."""
    return shlex.join(["python", "-m", "tdn", *arguments])
