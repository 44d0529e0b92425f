"""`benchmark`: how fast this machine is at what the project does, beside the plain way of doing it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Json

ROOT = Path(__file__).resolve().parents[2]


def benchmark(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Only these measurements; without, all but the longest.", metavar="[NAME...]"),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads torch may use; ratios were published for one.")] = 1,
    as_json: Json = False,
) -> None:
    """Time and memory of forward passes, maps, further classes, reading and a training step, ours and the plain way.

    Every pair is measured in turns in one process, so that a busy machine slows both down alike. It takes some seven
    minutes; docs/performance.md says how to read it. `python -m studies.speed.run` measures all of them.
    """
    if not (ROOT / "studies" / "speed").is_dir():
        raise ValueError("the measurements (studies/speed) are not here; run from a checkout of the repository")
    # A program of its own: the product stands without its studies, and what is measured without the command line.
    program = [sys.executable, "-m", "studies.speed.run", "--quick", "--json", "--threads", str(threads)]
    done = subprocess.run([*program, "--", *(names or [])], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise typer.Exit(2)
    rows = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "ours", "plain", "ratio", "peak, ours", "peak, plain", "of the floor")
    for row in rows:
        table.add_row(
            row["name"],
            f"{1000 * row['ours_s']:.1f} ms",
            f"{1000 * row['plain_s']:.1f} ms",
            f"{row['ratio']:.4f}",
            f"{row['ours_peak_mb']:.0f} MiB",
            f"{row['plain_peak_mb']:.0f} MiB",
            "" if row["floor_fraction"] is None else f"{row['floor_fraction']:.2f}",
        )
    Console().print(table)
