"""`synth`: procedural motion clips, written as videos with masks."""

from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import say


def synth(
    out: Annotated[Path, typer.Option(help="Folder for NAME.mp4, NAME_mask.npz, labels.csv and sheet.png.")],
    clips: Annotated[int, typer.Option(min=1, help="How many; classes go round in turn.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same clips.")] = 0,
    split: Annotated[
        str, typer.Option(help="train, val, minimal-pairs, ..., or a probe set such as twin; an unknown one lists all.")
    ] = "val",
    label: Annotated[str | None, typer.Option(help="Only this class.")] = None,
    size: Annotated[int, typer.Option(min=64, help="Side in pixels.")] = 112,
) -> None:
    """Write procedural motion clips with exact masks of what moves."""
    from tdn.motion.files import write_clips

    for line in write_clips(out, clips, seed, split, label, size):
        say(line)
