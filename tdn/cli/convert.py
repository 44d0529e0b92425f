"""`convert`: official weights to ours, and back."""

from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import say


def convert(
    src: Annotated[Path, typer.Argument(help="Official .pth or .pth.tar, or one of our .safetensors.")],
    dst: Annotated[Path, typer.Argument(help="A .safetensors to write, or .pth.tar for the official layout.")],
    num_segments: Annotated[int | None, typer.Option(help="8 or 16: the official file can't tell.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Class names, one a line, in the order of the weights.")] = None,
    legacy_backward: Annotated[bool, typer.Option(help="For weights trained before March 2021 (TDN issue 6).")] = False,
    part: Annotated[
        str | None, typer.Option(help="Which weights of a file that holds several sets, such as model_ema.")
    ] = None,
) -> None:
    """Convert official weights to a checkpoint of ours, or back."""
    from tdn.data.label_files import read_labels
    from tdn.weights import Card, convert_official, export_official, load_model, save_checkpoint
    from tdn.weights.official import segments_from_name

    if not src.is_file():
        raise FileNotFoundError(f"{src}: no such file")
    if dst.name.endswith((".pth.tar", ".pth")):
        export_official(load_model(src), dst)
    elif dst.suffix == ".safetensors":
        told = read_labels(labels) if labels else None
        for note in told.notes if told else []:
            say(note)
        model = convert_official(src, num_segments, told.names if told else None, legacy_backward, part)
        by_name = segments_from_name(src)
        if by_name not in (None, model.num_segments):
            say(f"{src.name}: {by_name} segments by its name, {model.num_segments} as asked for")
        card: Card = model.card
        save_checkpoint(dst, model, card)
        say(f"{model.architecture.backbone.name}, {model.num_segments} segments, {len(model.labels)} classes")
    else:
        raise ValueError(f"{dst}: expected a name ending in .safetensors or .pth.tar")
    say(f"wrote {dst}")
