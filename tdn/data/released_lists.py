"""Lists of the released code: `path num_frames label` or `path label` a line, and the lists of the parts beside it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tdn.data.class_numbers import names_for_numbers, names_of_checkpoint
from tdn.data.label_files import HEADINGS, labels_beside
from tdn.data.listed import PARTS, TEST_FOR_VAL, Listed
from tdn.data.lists import MAX_CLASSES, numbered_lines
from tdn.data.on_disk import Finder
from tdn.data.tables import COLUMNS

WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


def part_file(path: Path, kind: str) -> tuple[Path, list[str]]:
    """The list of another part beside this one (train_list.txt -> val_list.txt), and a note where that is surprising.

    A list whose name says no part, or that has none beside it, is given itself. Raises ValueError for a test part that
    is not there.
    """
    own = next((part for part, words in PARTS.items() if _word_in(path.stem, words)), None)
    if own in (None, kind):
        return path, []
    beside = {part: found for part in PARTS if part != own and (found := _sibling(path, own, part))}
    if kind in beside:
        return beside[kind], [f"{path.name} is the {own} list by its name; {beside[kind].name} beside it is read"]
    if kind == "test":
        raise ValueError(f"{path.name}: the {own} list by its name, and no list for split test lies beside it")
    if kind == "val" and "test" in beside:
        return beside["test"], [f"{path.name}: {TEST_FOR_VAL}"]
    if kind == "val" and own == "test":
        return path, []
    return path, [f"{path.name} is the {own} list by its name, and no {kind} list lies beside it; it stands for both"]


def _sibling(path: Path, own: str, part: str) -> Path | None:
    word = _word_in(path.stem, PARTS[own])
    pattern = re.compile(rf"(?i)(?<![a-z]){word}(?![a-z])")
    names = {path.with_name(pattern.sub(other, path.stem) + path.suffix).name.casefold() for other in PARTS[part]}
    found = sorted(other for other in path.parent.iterdir() if other.name.casefold() in names and other.is_file())
    return next((other for other in found if other != path), None)


def _word_in(stem: str, words: Sequence[str]) -> str | None:
    return next((word for word in words if re.search(rf"(?i)(?<![a-z]){word}(?![a-z])", stem)), None)


def read_released(path: Path, labels: Sequence[str] | None, root: Path | None, kind: str) -> tuple[str, Listed]:
    """A list of the released code: any white space between the fields, spaces within paths; commas and quotes as well.

    Source: TDN ops/dataset.py:69-76, whose split at single spaces breaks paths that hold one. Class names are those of
    a file beside the list, else `labels` (a checkpoint's), else "class 0", "class 1" ...
    """
    finder = Finder([root] if root else [path.parent, *path.absolute().parents[1:3]])
    fields, notes = _fields(path, finder)
    numbers = {label for _, _, label in fields}
    known, has_train = _numbers_of_all_parts(path, numbers)
    file, are_names = labels_beside(path), False
    if file is not None:
        names, position, said = names_for_numbers(path, file, known, is_whole=has_train or kind == "train")
        notes += said
    elif labels:
        names, position, said = names_of_checkpoint(path.name, numbers, labels)
        notes += said
        are_names = bool(said)
    else:
        names, position = [f"class {number}" for number in range(1 + max(known, default=0))], int
    rows = [Listed.Row(name, finder(name), position(label), count) for name, count, label in fields]
    example = str((root or path.parent) / rows[0].id) if rows else ""
    return path.stem, Listed(
        list(names), rows, example, named=file is not None or are_names, notes=notes + finder.notes(path.name)
    )


def _numbers_of_all_parts(path: Path, own: set[int]) -> tuple[set[int], bool]:
    """The class numbers of a list and of those beside it, and whether a training list is among these."""
    part = next((part for part, words in PARTS.items() if _word_in(path.stem, words)), None)
    numbers, has_train = set(own), part == "train"
    for other in PARTS:
        if part is not None and other != part and (file := _sibling(path, part, other)) is not None:
            numbers |= {label for _, _, label in _fields(file, lambda name: None)[0]}
            has_train |= other == "train"
    return numbers, has_train


def _fields(path: Path, place: Callable[[str], Path | None]) -> tuple[list[tuple[str, int | None, int]], list[str]]:
    """(path, frames, label) of each line, and notes. Raises ValueError showing the first line that reads otherwise."""
    lines, notes = numbered_lines(path), []
    comma = bool(lines) and all(re.search(r"[,;]\s*[0-9]+$", line) for _, line in lines[1:]) and len(lines) > 1
    if lines and _is_heading(lines[0][1]):
        notes.append(f"{path.name}: line 1, {lines[0][1][:60]!r}, is taken for a heading")
        lines = lines[1:]
    elif len(lines) == 1:
        comma = re.search(r"[,;]\s*[0-9]+$", lines[0][1]) is not None
    cut = _cut_at_commas if comma else _cut_at_space
    comments = [line for line in lines if line[1].startswith("#") and not WHOLE_NUMBER.fullmatch(cut(line[1], 1)[-1])]
    if comments:
        notes.append(f"{path.name}: lines taken for comments: {len(comments)}, such as {comments[0][1][:60]!r}")
        lines = [line for line in lines if line not in comments]
    with_count = _has_counts([cut(line, 2) for _, line in lines], place)
    found = []
    for number, line in lines:
        fields = cut(line, 2 if with_count else 1)
        if len(fields) != (3 if with_count else 2) or not all(map(WHOLE_NUMBER.fullmatch, fields[1:])):
            form = "path num_frames label" if with_count else "path label"
            raise ValueError(
                f"{path.name}: line {number} reads {line[:80]!r}, expected {form!r} with whole numbers; for classes in "
                f"words make a .csv with the columns file and label"
            )
        if int(fields[-1]) >= MAX_CLASSES:
            raise ValueError(f"{path.name}: line {number} has class {fields[-1]}, expected less than {MAX_CLASSES}")
        name = fields[0]
        if len(name) > 2 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1]
        found.append((name, int(fields[1]) if with_count else None, int(fields[-1])))
    return found, notes


def _cut_at_space(line: str, times: int) -> list[str]:
    return line.rsplit(maxsplit=times)


def _cut_at_commas(line: str, times: int) -> list[str]:
    """Cut at commas or semicolons, from the right."""
    separator = ";" if re.search(r";\s*[0-9]+$", line) else ","
    return [field.strip() for field in line.rsplit(separator, times)]


def _is_heading(line: str) -> bool:
    words = re.split(r"[\s,;]+", line.casefold())
    known = HEADINGS.union(*COLUMNS.values(), ("num_frames", "frames", "num", "length", "total_frames", "label_id"))
    return len(words) > 1 and all(word in known for word in words)


def _has_counts(fields: Sequence[list[str]], place: Callable[[str], Path | None]) -> bool:
    """Whether a list has frame counts: every line has two numbers, and the first does not belong to a path."""
    if not all(len(parts) == 3 and WHOLE_NUMBER.fullmatch(parts[1]) for parts in fields):
        return False
    return not fields or place(" ".join(fields[0][:2])) is None
