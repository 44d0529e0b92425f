"""What every reader of a list returns, and the words that people give to the parts of a data set."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# Also a list's name leads to those of the other parts by these words in it.
PARTS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "validate"), "test": ("test", "testing")}
TEST_FOR_VAL = (
    "has no validation part, so its test part stands for one: a best epoch is then chosen on test clips, and "
    "last.safetensors is the network to report"
)


@dataclass(frozen=True)
class Listed:
    """A list as it was read: class names, rows, and where the first video was expected.

    `named` is False where the list has numbers for classes, and nothing beside it names them. `notes` are sentences on
    what was left out, and on what was read otherwise than it is written.
    """

    class Row(NamedTuple):
        id: str
        path: Path | None
        label: int
        num_frames: int | None = None

    labels: list[str]
    rows: list[Row]
    example: str = ""
    named: bool = True
    notes: list[str] = field(default_factory=list)


def part_of(word: str) -> str | None:
    """The part that a word names, whatever its capitals."""
    return next((part for part, words in PARTS.items() if word.casefold() in words), None)


def part_in(name: str) -> str | None:
    """The part that stands as a word in a name, such as "training_set" or "val-videos"; None where two do."""
    found = [
        part
        for part, words in PARTS.items()
        if re.search(rf"(?i)(?<![a-z])({'|'.join(words)})(set|data|split)?(?![a-z])", name)
    ]
    return found[0] if len(found) == 1 else None


def such_as(names: Sequence[str], limit: int = 3) -> str:
    """The first few of them, for a sentence."""
    return ", ".join(names[:limit]) + (" ..." if len(names) > limit else "")
