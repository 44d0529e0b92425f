"""`python -m tdn imagenet`: the ImageNet weights that training starts from, as a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def imagenet(
    backbone: Annotated[str, typer.Argument(help="mobilenetv2, resnet50 or resnet101.")] = "mobilenetv2",
    out: Annotated[Path | None, typer.Option(help="Also copy the file here: for machines without a network.")] = None,
) -> None:
    """Fetch torchvision's ImageNet weights of a backbone into torch's cache, check their hash, and print the path."""
    from tdn.weights.imagenet import fetch_imagenet
    from tdn.weights.store import write_whole

    path = fetch_imagenet(backbone)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, path.read_bytes())
        print(f"wrote {out}", file=sys.stderr)
    print(out or path)
