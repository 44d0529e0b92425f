"""The list of clips that `data check` found unreadable: a name and the reason a line, with a tab between them.

A name may hold any sign. One that begins or ends with white space, or holds a tab or an end of line, stands in it as
JSON text; a line without a tab that no clip is called is a remark.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from tdn.data.lists import read_text

HEADING = "# left out by `python -m tdn data check`; delete this file to try them again"


def read_skip_list(path: Path) -> dict[str, str]:
    """The reason by name, in the order of the file; empty where there is no file. Raises ValueError for no text."""
    if not path.exists():
        return {}
    lines = [line for line in read_text(path).split("\n") if line.strip() and line.strip() != HEADING]
    fields = (line.partition("\t") for line in lines)
    return {_name(name): why.strip() for name, _, why in fields}


def _name(text: str) -> str:
    if text.startswith('"'):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, str):
            return found
    return text.strip()


def write_skip_list(path: Path, reasons: Mapping[str, str]) -> None:
    """Write names and reasons, sorted by name."""
    lines = [f"{_written(name)}\t{' '.join(why.split())}\n" for name, why in sorted(reasons.items())]
    path.write_text(f"{HEADING}\n{''.join(lines)}", encoding="utf-8")


def _written(name: str) -> str:
    plain = name == name.strip() and not name.startswith('"') and not set(name) & set("\t\n\r")
    return name if plain else json.dumps(name)
