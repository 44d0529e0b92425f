"""`doctor`: what is wrong with this installation, and how to mend it."""

import json
from dataclasses import asdict

import typer

from tdn.cli.options import Json

MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "broken": "[red]broken[/]"}


def doctor(as_json: Json = False) -> None:
    """Look at packages, codecs, device, folders and checkpoints; exit with 1 if something is broken."""
    from tdn.doctor import examine

    findings = examine()
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table("", "what", "found", "remedy")
        for finding in findings:
            table.add_row(MARKS[finding.state], escape(finding.name), escape(finding.said), escape(finding.remedy))
        Console(emoji=False).print(table)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)
