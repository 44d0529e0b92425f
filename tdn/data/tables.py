"""A table of clips: a CSV with the columns file and label, and optionally split."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tdn.data.class_numbers import names_for_numbers
from tdn.data.label_files import labels_beside
from tdn.data.listed import PARTS, TEST_FOR_VAL, Listed, part_of, such_as
from tdn.data.lists import as_rows, csv_table
from tdn.data.names import expect_told_apart, in_class_order, in_one_form, is_number
from tdn.data.on_disk import Finder

Rows = list[tuple[int, dict[str, str]]]

# What people call the columns; the first of each is ours and wins.
COLUMNS = {
    "file": tuple("file path filename file_name filepath file_path video video_path video_name clip".split()),
    "label": tuple("label class class_name label_name category action target".split()),
    "split": tuple("split part subset partition set phase usage data_split dataset_split".split()),
}
# Columns that say yes or no to a part, and such that a row is less than a whole file.
IS_PART = re.compile(r"(is[ _]?)?(train|training|val|valid|validation|test)")
YES_OR_NO = frozenset("0 1 0.0 1.0 yes no y n true false t f".split())
ONLY_A_PIECE = re.compile(r"(\w+_)?(start|end|begin|stop)(_\w+)?|(first|last)_frame")
UNUSED = ("unused", "none", "ignore", "ignored", "exclude", "excluded", "skip", "-")
# What an empty cell becomes on its way through pandas.
NO_LABEL = ("", "nan")


def is_clip_table(path: Path) -> bool:
    """Whether the first line of a table names a column of files and one of labels."""
    table = csv_table(path, ",;\t")
    names = {cell.lower() for cell in table[0][1]} if table else set()
    return all(any(known in names for known in COLUMNS[column]) for column in ("file", "label"))


def read_csv(path: Path, kind: str, root: Path | None) -> tuple[str, Listed]:
    """The rows of the part `kind`, and their title; without a column for the part, all rows.

    Raises ValueError where a column is missing, or a row has no file, no label or no part.
    """
    finder = Finder([root] if root else [path.parent])
    columns, numbered, notes = _table(path, finder)
    label_column, split_column = columns["label"], columns.get("split")
    _expect_filled(path, numbered, columns)
    texts = [row[label_column] for _, row in numbered]
    forms, said = in_one_form(texts, path.name)
    notes += said
    # Every part counts its classes alike.
    labels = in_class_order(set(forms.values()))
    expect_told_apart(labels, path.name)
    places = {text: labels.index(form) for text, form in forms.items()}
    if labels and all(map(is_number, labels)) and (file := labels_beside(path)) is not None:
        labels, places, named = _named_numbers(path, file, forms)
        notes += named
    if split_column is not None:
        numbered, said = _of_part(path, numbered, split_column, kind)
        notes += said
    rows = [Listed.Row(file := row[columns["file"]], finder(file), places[row[label_column]]) for _, row in numbered]
    # A file of synth's is called labels.csv, and its folder says more.
    title = path.parent.name if path.stem == "labels" else path.stem
    title += f" {kind}" if split_column is not None else ""
    example = str((root or path.parent) / rows[0].id) if rows else ""
    return title, Listed(labels, rows, example, notes=notes + finder.notes(path.name))


def clips_of_table(path: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Path and class of all rows of a table, whatever their part, and notes; a path may lead nowhere."""
    finder = Finder([path.parent])
    columns, numbered, notes = _table(path, finder)
    _expect_filled(path, numbered, columns)
    forms, said = in_one_form([row[columns["label"]] for _, row in numbered], path.name)
    clips = [
        (finder(row[columns["file"]]) or path.parent / row[columns["file"]], forms[row[columns["label"]]])
        for _, row in numbered
    ]
    return clips, [*notes, *said, *finder.notes(path.name)]


def _expect_filled(path: Path, numbered: Rows, columns: dict[str, str]) -> None:
    for number, row in numbered:
        if not row[columns["file"]] or row[columns["label"]].casefold() in NO_LABEL:
            raise ValueError(f"{path.name}: line {number} lacks a file or a label")


def _table(path: Path, finder: Finder) -> tuple[dict[str, str], Rows, list[str]]:
    """What the columns are called that are file, label and split; the rows; notes."""
    table = csv_table(path, ",;\t")
    first = table[0][1] if table else []
    names = [cell.lower() for cell in first]
    columns = {column: found for column in COLUMNS if (found := _column(path, column, names)) is not None}
    if {"file", "label"} <= set(columns):
        rows, notes = as_rows(names, table[1:])[1], []
        if twice := [name for name in columns.values() if names.count(name) > 1]:
            raise ValueError(f"{path.name}: two columns are called {twice[0]}; which one counts?")
        if (split := columns.get("split")) is not None and not _says_parts(split, [row[split] for _, row in rows]):
            notes.append(f"{path.name}: the column {split} names no part, so all rows are of one")
            del columns["split"]
        _expect_no_more_cells(path, len(names), table[1:])
        others = [name for name in names if name not in columns.values()]
        if "split" not in columns and (name := _hidden_part(path, others, rows)):
            columns["split"] = name
        if pieces := [name for name in names if ONLY_A_PIECE.fullmatch(name)]:
            notes.append(f"{path.name}: {such_as(pieces)} are not read, so every row stands for its whole file")
        for column, name in columns.items():
            if unread := [other for other in COLUMNS[column] if other in names and other != name]:
                notes.append(f"{path.name}: {name} is read as the {column}, {', '.join(unread)} is not")
        if renamed := [f"{name} for {column}" for column, name in columns.items() if name != column]:
            notes.append(f"{path.name}: columns read: {', '.join(renamed)}")
        return columns, rows, notes
    if len(first) in (2, 3) and not set(columns) and finder(first[0]) is not None:
        if len(first) == 2 or part_of(first[2]) is not None:
            given = ["file", "label", "split"][: len(first)]
            said = f"{path.name}: has no line with the names of columns; read as {', '.join(given)}"
            return {name: name for name in given}, as_rows(given, table)[1], [said]
    hint = "; a list of Kinetics is read as kinetics400:ROOT" if "youtube_id" in names else ""
    raise ValueError(
        f"{path.name}: expected a first line with the columns file and label, got {','.join(first)[:60]!r}{hint}"
    )


def _hidden_part(path: Path, names: Sequence[str], rows: Rows) -> str | None:
    """The column that says which part a row is of under a name that we do not know, told by its words.

    Raises ValueError where several do, or one says so with yes and no.
    """
    found = []
    for name in names:
        words = [row[name] for _, row in rows if name and row[name]]
        if IS_PART.fullmatch(name) and words and all(word.casefold() in YES_OR_NO for word in words):
            raise ValueError(
                f"{path.name}: the column {name} says yes or no to a part; expected a column split with train, val or "
                f"test in each row"
            )
        if sum(part_of(word) is not None for word in words) > len(words) / 2:
            found.append(name)
    if len(found) > 1:
        raise ValueError(f"{path.name}: the columns {' and '.join(found)} may be the split; call one of them split")
    return found[0] if found else None


def _expect_no_more_cells(path: Path, columns: int, table: list[tuple[int, list[str]]]) -> None:
    """Raises ValueError for a row that holds more than the columns: a comma in a label, without quotes."""
    for number, row in table:
        if any(row[columns:]):
            raise ValueError(
                f"{path.name}: line {number} has {len(row)} cells for {columns} columns; put quotes around a name that "
                f"holds a comma"
            )


def _says_parts(column: str, words: Sequence[str]) -> bool:
    """Whether a column says which part a row is of; an empty one does not, nor one that is only called so."""
    filled = [word for word in words if word]
    if column == "split":
        return bool(filled) or not words
    return any(part_of(word) is not None for word in filled)


def _column(path: Path, column: str, names: Sequence[str]) -> str | None:
    found = [name for name in COLUMNS[column] if name in names]
    if len(found) > 1 and found[0] != column:
        raise ValueError(
            f"{path.name}: the columns {' and '.join(found)} may be the {column}; call one of them {column}"
        )
    return found[0] if found else None


def _of_part(path: Path, numbered: Rows, column: str, kind: str) -> tuple[Rows, list[str]]:
    """The rows of one part. Raises ValueError naming the line and the word of rows that are of none."""
    parts = [(number, row, part_of(row[column])) for number, row in numbered]
    astray = [
        (number, row[column]) for number, row, part in parts if part is None and row[column].casefold() not in UNUSED
    ]
    if astray:
        words = Counter(word for _, word in astray)
        first = {word: next(number for number, own in astray if own == word) for word in words}
        said = [
            f"line {first[word]} says {word!r}" + (f" ({count} lines do)" if count > 1 else "")
            for word, count in words.most_common()
        ]
        raise ValueError(
            f"{path.name}: {len(astray)} of {len(numbered)} lines are of no part: {such_as(said)}; expected "
            f"{', '.join(PARTS)} in the column {column}, or unused"
        )
    notes = []
    if unused := sum(1 for *_, part in parts if part is None):
        notes.append(f"{path.name}: {unused} lines are marked as of no part and left out")
    there = {part for *_, part in parts if part is not None}
    if kind == "val" and kind not in there and "test" in there:
        notes.append(f"{path.name}: {TEST_FOR_VAL}")
        kind = "test"
    if kind not in there:
        raise ValueError(f"{path.name}: no line of split {kind}; expected {', '.join(PARTS)} in its {column} column")
    return [(number, row) for number, row, part in parts if part == kind], notes


def _named_numbers(path: Path, file: Path, forms: dict[str, str]) -> tuple[list[str], dict[str, int], list[str]]:
    """Names for a table whose labels are numbers, from the file of names beside it."""
    numbers = {int(form) for form in forms.values()}
    names, place, notes = names_for_numbers(path, file, numbers, is_whole=True)
    places = {text: place(int(form)) for text, form in forms.items()}
    return names, places, [*notes, f"{path.name}: its labels are numbers; {file.name} beside it names them"]
