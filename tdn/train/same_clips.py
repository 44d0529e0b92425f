"""The clips of a run by name, so that it never goes on with others without a word."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from tdn.weights.store import write_whole

CLIPS = "clips.csv"
Listing = Sequence[tuple[str, str, str]]


def digest(listing: Listing) -> str:
    """One short text for all clips, their parts and classes; "" for none."""
    text = "\n".join("\t".join(row) for row in sorted(listing))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16] if listing else ""


def write_clips(path: Path, listing: Listing) -> None:
    """Write part, clip and class, a row a clip."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(["part", "clip", "label"])
    writer.writerows(listing)
    write_whole(path, lines.getvalue().encode("utf-8", "surrogateescape"))


def expect_same_clips(out: Path, before: str, listing: Listing) -> None:
    """Raises ValueError, naming clips, where those of the run in `out` are others than `before`, their digest."""
    if not before or before == digest(listing):
        return
    told = f"{out} holds a run on other clips"
    if rows := _read_clips(out / CLIPS):
        old, new = ({name: (part, label) for part, name, label in listed} for listed in (rows, listing))
        gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
        moved = [name for name in old if name in new and old[name] != new[name]]
        kinds = ((gone, "gone"), (come, "new"), (moved, "of another part or class"))
        said = [f"{len(names)} {kind} ({', '.join(names[:3])})" for names, kind in kinds if names]
        told += f": {'; '.join(said)}" if said else ""
    raise ValueError(f"{told}; put the clips back as they were, or choose another --out")


def trained_on(run: Path, names: Sequence[str]) -> str:
    """A sentence where clips of these names were trained on by the run in a folder, as its list tells; else ""."""
    known = {name for part, name, _ in _read_clips(run / CLIPS) if part == "train"}
    count = sum(name in known for name in names)
    if not count:
        return ""
    return (
        f"{count} of {len(names)} clips have the names of clips that the network was trained on ({CLIPS} beside it); "
        f"numbers on those say nothing of new clips"
    )


def _read_clips(path: Path) -> list[list[str]]:
    """The rows of a run's list; none where there is no list, or another file of that name."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [row for row in csv.reader(file) if len(row) == 3][1:]
