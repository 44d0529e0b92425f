"""`models`: the family, and what each member costs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Json, say


def models(
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Also draw cost against published accuracy (Figure 1).")] = None,
) -> None:
    """Every network of the family: parameters, measured cost, and the paper's figures beside them."""
    from tdn.model import FAMILY
    from tdn.model.cost import multiply_adds, num_parameters

    rows = []
    for name, row in FAMILY.items():
        a = row.architecture
        paper = {"table": row.table, "multiply_adds": row.multiply_adds, "top1": row.top1} if row.table else None
        rows.append(
            {
                "name": name,
                "backbone": a.backbone.name,
                "num_segments": a.num_segments,
                "window": a.window,
                "input_size": row.input_size,
                "parameters": num_parameters(a),
                "multiply_adds": multiply_adds(a, row.input_size),
                "paper": paper,
            }
        )
    if plot is not None:
        from tdn.letters import save_figure
        from tdn.show.family_figure import cost_against_accuracy

        save_figure(cost_against_accuracy(rows), plot, dpi=200)
        say(f"wrote {plot}")
    if as_json:
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "T", "M params", "G mult-adds", "paper G", "deviation", "paper table", "SSv1 top-1", box=None)
    for row in rows:
        paper = row["paper"] or {}
        cost, printed = row["multiply_adds"] / 1e9, paper.get("multiply_adds")
        table.add_row(
            row["name"],
            str(row["num_segments"]),
            f"{row['parameters'] / 1e6:.2f}",
            f"{cost:.2f}",
            f"{printed / 1e9:g}" if printed else "",
            f"{100 * (cost * 1e9 / printed - 1):+.1f}%" if printed else "",
            paper.get("table", ""),
            f"{paper['top1']}" if paper.get("top1") else "",
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)
