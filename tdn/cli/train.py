"""`train`: a network by a recipe."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Device, Json, fail, say


def train(
    recipe: Annotated[str, typer.Argument(help="A name of tdn/train/recipes.py; an unknown one lists them.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="synthetic, synthetic:planted-bias or synthetic:appearance-free; a folder with one folder per class; "
            "a .csv (file,label); a released list (.txt); or "
            "NAME:ROOT with NAME one of something-v1, something-v2, kinetics400, ucf101, hmdb51."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/RECIPE if left out.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="'auto' goes on with the run in --out, or starts where there is none.")
    ] = None,
    device: Device = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Override a field of the recipe, such as epochs=2; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build everything, make one step, estimate time and memory, keep nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a network by a recipe; killed at any moment, it goes on with --resume auto.

    Published: ssv1-, ssv2-, k400- with r50-8f, r50-16f, r101-8f or r101-16f, as the released code trains; with -paper
    at the end as the paper says. ucf101 and hmdb51 go on from a Kinetics checkpoint. Own clips: finetune. Procedural
    clips: demo-tdn, demo-tconv, smoke. docs/training.md has a command for each row of the paper's tables.

    \b
    Try it:        train smoke
    Own clips:     train finetune --data my_clips --dry-run
    Table 2:       torchrun --nproc-per-node 8 -m tdn train ssv1-r50-8f --data something-v1:/data/sthv1
    Smaller GPUs:  train ssv1-r50-8f --data something-v1:/data/sthv1 --set micro_batch=4
    Interrupted:   the same command and --resume auto
    """
    from tdn.device import choose_device, keep_freed_memory
    from tdn.train.engine import TrainingStopped
    from tdn.train.estimate import estimate
    from tdn.train.recipe import override
    from tdn.train.recipes import PROCEDURAL, RECIPES
    from tdn.train.run import command_line
    from tdn.train.run import train as run
    from tdn.weights import read_card

    if recipe not in RECIPES:
        raise ValueError(f"recipe {recipe!r}: expected one of {', '.join(RECIPES)}")
    if resume not in (None, "auto"):
        raise ValueError(f"--resume {resume}: expected auto")
    if data is None and recipe not in PROCEDURAL:
        raise ValueError(f"recipe {recipe} needs clips; add --data, or --data synthetic to try it")
    chosen = override(RECIPES[recipe], settings or [])
    clips, where = data or "synthetic", choose_device(device)
    keep_freed_memory()
    is_first = int(os.environ.get("RANK", 0)) == 0  # of the processes that a launcher started
    try:
        if dry_run:
            found = estimate(chosen, where, clips)
            if is_first:
                print(json.dumps(found) if as_json else "\n".join(f"{key}: {value}" for key, value in found.items()))
            return
        path = run(
            chosen,
            out or Path("runs") / recipe,
            resume == "auto",
            where,
            command_line(told(recipe, data, settings)),
            clips,
        )
    except TrainingStopped as error:
        fail(str(error))
    if not is_first:
        return
    say(f"wrote {path}")
    if as_json:
        card = read_card(path)
        print(json.dumps({"checkpoint": str(path), "protocol": card.protocol, **(card.accuracy or {})}))


def told(recipe: str, data: str | None, settings: list[str] | None) -> list[str]:
    """What a checkpoint remembers of its command: not where on this machine clips were read or weights written."""
    name, separator, root = (data or "").rpartition(":")
    shown = ["--data", f"{name}{separator}{Path(root).name}"] if data else []
    for setting in settings or []:
        key, _, value = setting.partition("=")
        shown += ["--set", f"start_from={Path(value).name}" if key == "start_from" else setting]
    return ["train", recipe, *shown]
