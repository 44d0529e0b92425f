"""`card`: what checkpoints say about themselves."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Json
from tdn.words import markdown


def card(
    checkpoints: Annotated[list[Path] | None, typer.Argument(help="Checkpoints; the shipped pair if left out.")] = None,
    as_json: Json = False,
) -> None:
    """What checkpoints say about themselves: data, command, time, limits, accuracy by class, side by side."""
    from tdn.weights import read_card
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    paths = [local_checkpoint(path) for path in checkpoints or shipped_pair()]
    cards = [read_card(path) for path in paths]
    if as_json:
        print(
            json.dumps(
                [json.loads(one.to_json()) | {"file": path.name} for path, one in zip(paths, cards, strict=True)]
            )
        )
        return
    for path, one in zip(paths, cards, strict=True):
        print(f"- `{path.name}`: {one.trained_on}. Made by `{one.command}`. {one.protocol}. Time: {one.time}.")
        print(f"  Limits: {one.known_limits}." + (f" Made of {one.material}." if one.material else ""))
    scored = [one.accuracy or {} for one in cards]
    print("\n| top-1 in percent | " + " | ".join(markdown(path.stem) for path in paths) + " |")
    print("| --- |" + " ---: |" * len(paths))
    print("| all classes | " + " | ".join(f"**{score.get('top1', '-')}**" for score in scored) + " |")
    for label in cards[0].labels:
        shares = [score.get("per_class", {}).get(label, "-") for score in scored]
        print(f"| {markdown(label)} | " + " | ".join("no clips" if one is None else str(one) for one in shares) + " |")
