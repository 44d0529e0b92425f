"""Options that several verbs share, and their two ways to speak to a person."""

import sys
from typing import Annotated, NoReturn

import typer

from tdn.launch import is_main
from tdn.words import one_line

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or cuda:0; CUDA is taken where there is one.")]
Checkpoint = Annotated[
    str | None,
    typer.Option(help="A network, as `python -m tdn networks` names them; the shipped TDN if left out."),
]
Method = Annotated[
    str, typer.Option(help="Of the maps: grad_cam, hirescam, layercam, grad_cam_pp, xgradcam or eigencam.")
]


def fail(message: str) -> NoReturn:
    """End with one `error: ...` line and exit code 2."""
    print(f"error: {one_line(message)}", file=sys.stderr)
    sys.exit(2)


def say(message: str) -> None:
    """A line for the person, on standard error, so that standard output stays clean for results; once for a command
    of several processes.
    """
    if is_main():
        print(message, file=sys.stderr)
