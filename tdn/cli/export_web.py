"""`export-web`: checkpoints as files that a page runs in the visitor's own browser."""

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Json

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"


def export_web(
    checkpoints: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, or owner/name on the Hugging Face Hub; the shipped pair if left out."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder; each network gets one of its own in it.")] = Path("web/networks"),
    clips: Annotated[int, typer.Option(min=1, help="How many random clips are compared with torch.")] = 3,
    mantissa: Annotated[
        int, typer.Option(min=10, max=23, help="Bits of each weight behind the point; 23 is all of them.")
    ] = 23,
    as_json: Json = False,
) -> None:
    """Networks for the page without a server: ONNX graphs for scores and maps, and how far they are from torch."""
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ValueError(f"{', '.join(missing)}: not installed; run pip install -r requirements-web.txt")
    from tdn.export import export_web as export
    from tdn.export import write_site

    results = []
    for checkpoint in checkpoints or shipped_pair():
        exported = export(local_checkpoint(checkpoint), out, clips, mantissa)
        results.append({**asdict(exported), "folder": str(exported.folder)})
        difference = exported.difference
        typer.echo(
            f"wrote {exported.folder} ({exported.bytes / 1e6:.1f} MB); furthest from torch over {clips} random clips: "
            f"logits {difference.logits:.1e}, maps of the final stage {difference.final:.1e} and of Res2 "
            f"{difference.res2:.1e} of their maximum",
            err=True,
        )
    stems = [Path(result["folder"]).name for result in results]
    if len(stems) >= 2 and SAMPLES.is_dir():
        typer.echo(f"wrote {write_site(out, stems[:2], SAMPLES)}: the page loads the first two", err=True)
    if as_json:
        typer.echo(json.dumps(results))
