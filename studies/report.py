"""Results as JSON, and the tables that documents show of them: no figure is typed by hand.

    python -m studies.report                     fill every table of docs/ anew from docs/*.json
    python -m studies.report DOCUMENT PART FILE  put a JSON file into docs/DOCUMENT.json first

A document marks a table's place by `<!-- table: NAME -->` and `<!-- end -->` on lines of their own.
"""

import json
import re
import sys
from pathlib import Path

from filelock import FileLock

from studies.tables import OF_ALL, TABLES
from tdn.weights.store import write_whole

DOCS = Path(__file__).resolve().parents[1] / "docs"
PLACE = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def save(name: str, part: str, found: object) -> None:
    """Write a result under `part` into docs/NAME.json, and docs/NAME.md's tables anew."""
    path = DOCS / f"{name}.json"
    with alone(name):
        parts = json.loads(path.read_text()) if path.exists() else {}
        parts[part] = found
        write_whole(path, (json.dumps(parts, indent=1) + "\n").encode())
        _fill(name)


def alone(name: str) -> FileLock:
    """Two studies may end at once: one after the other changes docs/NAME.*."""
    return FileLock(DOCS / f"{name}.lock")


def kept(name: str, part: str) -> dict:
    """What docs/NAME.json holds under `part`; nothing where it is not there yet."""
    path = DOCS / f"{name}.json"
    return (json.loads(path.read_text()) if path.exists() else {}).get(part, {})


def table(name: str, found: object) -> str:
    """The lines of a table of a result, as its document shows it."""
    return "\n".join(TABLES[name](found))


def fill(name: str) -> None:
    """Replace every marked table of docs/NAME.md by what docs/NAME.json holds now."""
    with alone(name):
        _fill(name)


def _fill(name: str) -> None:
    document = DOCS / f"{name}.md"
    text = filled(document.read_text(), json.loads((DOCS / f"{name}.json").read_text()))
    write_whole(document, text.encode())


def filled(text: str, parts: dict) -> str:
    """`text` with each marked table from `parts`; a result that is not there yet is said to be missing."""

    def table(match: re.Match[str]) -> str:
        part = match[2].split()[0]
        if match[2] in OF_ALL:
            lines = OF_ALL[match[2]](parts)
        else:
            lines = TABLES[match[2]](parts[part]) if part in parts else ["not measured yet"]
        return match[1] + "\n".join(lines) + "\n" + match[3]

    return PLACE.sub(table, text)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        save(sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text()))
    for results in sorted(DOCS.glob("*.json")):
        fill(results.stem)
