"""Files of class names: a name a line, in the order of the numbers, as data sets and people write them."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdn.data.lists import numbered_lines, read_json
from tdn.data.names import expect_told_apart, in_one_form

LABEL_FILES = (
    *("labels.txt", "label.txt", "category.txt", "categories.txt", "classes.txt", "classind.txt", "class_names.txt"),
    *("classnames.txt", "label_names.txt", "label_map.txt", "labels.json", "classes.json", "class_names.json"),
)
HEADINGS = {
    *("index", "idx", "id", "nr", "no", "number", "key", "#", "label", "labels", "name", "names", "class", "classes"),
    *("class name", "class names", "classname", "label name", "label names", "category", "categories", "action"),
    *("actions", "class id", "classid", "label id", "class index", "class label", "class labels", "title"),
}
NUMBER_FIRST = re.compile(r"(\d{1,6})(?:\s*[,;:|=)\]]\s*|\s*[.\-]\s+|\s+)(\S.*)")
NUMBER_LAST = re.compile(r"(.*\S)(?:\s*[,;:|=\t]\s*|\s+)(\d{1,6})")


@dataclass(frozen=True)
class Labels:
    """Class names in the order of their numbers; `first` is the number of the first where the file itself says it."""

    names: list[str]
    first: int | None
    notes: list[str]


def labels_beside(path: Path) -> Path | None:
    """The file of class names in the folder of a list, in any capitals. Raises ValueError where two say other names."""
    there = {name.casefold(): path.with_name(name) for name in sorted(os.listdir(path.parent))}
    found = [there[name] for name in LABEL_FILES if name in there and there[name] != path and there[name].is_file()]
    for other in found[1:]:
        if read_labels(found[0]).names != read_labels(other).names:
            raise ValueError(
                f"{path.name}: {found[0].name} and {other.name} beside it name the classes in two ways; move one away"
            )
    return found[0] if found else None


def read_labels(path: Path, wanted: int | None = None) -> Labels:
    """Names a line; or `number name`, `number,name` or `name,number` lines, which may stand in any order.

    Quotes around a name are not part of it. Headings and comments (# or //) are left out, with a note; where `wanted`
    classes are known, only if that many names are left. A JSON file holds a list of names, or names with their numbers.
    Raises ValueError for numbers with a gap, two classes of one name, and files that are no text.
    """
    lines = _json_lines(path) if path.suffix.lower() == ".json" else numbered_lines(path)
    if lines and lines[0][1].startswith(("{", "[")):
        raise ValueError(f"{path.name}: line 1 reads {lines[0][1][:80]!r}; expected a class name a line")
    lines, notes = _without_headings(path, lines, wanted)
    first, lines = _by_number(path, [(number, _unquoted(line)) for number, line in lines])
    forms, said = in_one_form([name for _, name in lines], path.name)
    names = [forms[name] for _, name in lines]
    if nameless := [number for (number, _), name in zip(lines, names, strict=True) if not name]:
        raise ValueError(f"{path.name}: line {nameless[0]} has no class name")
    _expect_once(path, [number for number, _ in lines], names)
    expect_told_apart(names, path.name)
    return Labels(names, first, notes + said)


def _json_lines(path: Path) -> list[tuple[int, str]]:
    """A list of names, {name: number} or {number: name} as numbered lines."""
    content = read_json(path)
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return list(enumerate(content, 1))
    if isinstance(content, Mapping) and content:
        pairs = [(str(key), str(value)) for key, value in content.items()]
        if all(re.fullmatch(r"\d{1,6}", value) for _, value in pairs):
            return [(place, f"{value},{name}") for place, (name, value) in enumerate(pairs, 1)]
        if all(re.fullmatch(r"\d{1,6}", key) for key, _ in pairs):
            return [(place, f"{key},{name}") for place, (key, name) in enumerate(pairs, 1)]
    raise ValueError(f"{path.name}: expected a list of class names, or an object of names and numbers")


def _without_headings(
    path: Path, lines: list[tuple[int, str]], wanted: int | None
) -> tuple[list[tuple[int, str]], list[str]]:
    """The lines less those that are no names, and a note on each kind left out."""
    comments = [line for line in lines if line[1].startswith(("#", "//"))]
    heading = [line for line in lines if line not in comments][:1]
    heading = [line for line in heading if _is_heading(line[1])]
    ways = [comments + heading, heading, comments, []]
    count = [len(lines) - len(way) for way in ways]
    # Where it is known how many names there must be, "# 1" or "action" may be one of them.
    gone = ways[count.index(wanted)] if wanted in count else ways[0]
    notes = []
    if said := [line for line in gone if line in comments]:
        notes.append(f"{path.name}: lines taken for comments: {len(said)}, such as {said[0][1][:60]!r}")
    if said := [line for line in gone if line in heading]:
        notes.append(f"{path.name}: line {said[0][0]}, {said[0][1][:60]!r}, is taken for a heading, not for a class")
    return [line for line in lines if line not in gone], notes


def _is_heading(line: str) -> bool:
    cells = [
        _unquoted(cell.strip()).replace("_", " ").casefold() for cell in re.split(r"[,;:|\t]", line) if cell.strip()
    ]
    words = line.casefold().split()
    return all(cell in HEADINGS for cell in cells) or (len(words) > 1 and all(word in HEADINGS for word in words))


def _by_number(path: Path, lines: Sequence[tuple[int, str]]) -> tuple[int | None, list[tuple[int, str]]]:
    """Lines in the order of the numbers that they carry, without those, and the first of them; as they are without."""
    for pattern, number_place, name_place in ((NUMBER_FIRST, 1, 2), (NUMBER_LAST, 2, 1)):
        found = [(line, pattern.fullmatch(text)) for line, text in lines]
        matched = [(line, match) for line, match in found if match]
        if not matched:
            continue
        numbers = [int(match[number_place]) for _, match in matched]
        names = [match[name_place] for _, match in matched]
        in_a_row = sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers))) and min(numbers) in (0, 1)
        if len(matched) == len(lines) and in_a_row and len(set(names)) == len(names):
            rows = sorted(zip(numbers, [line for line, _ in matched], names, strict=True))
            return min(numbers), [(line, _unquoted(name)) for _, line, name in rows]
        # "2 hands" may be a name. Lines that count, but for one of them, are a mistake.
        counts = pattern is NUMBER_FIRST and min(numbers) in (0, 1) and len(set(numbers)) == len(numbers)
        if counts and len(lines) > 2 and len(matched) == len(lines) and not in_a_row:
            lost = next(number for number in range(min(numbers), max(numbers)) if number not in numbers)
            raise ValueError(f"{path.name}: its lines carry numbers, but none has {lost}; number the classes in a row")
        if counts and len(lines) > 3 and len(matched) == len(lines) - 1:
            line, text = next((line, text) for (line, text), (_, match) in zip(lines, found, strict=True) if not match)
            raise ValueError(
                f"{path.name}: line {line} reads {text[:80]!r}, and all others carry a number; add its own"
            )
    return None, list(lines)


def _unquoted(text: str) -> str:
    """Without the pair of quotes around it; doubled ones inside stand for one, as in a CSV."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace(text[0] * 2, text[0]) if text[0] not in inner.replace(text[0] * 2, "") else text
    return text


def _expect_once(path: Path, lines: Sequence[int], names: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for line, name in zip(lines, names, strict=True):
        if (other := seen.setdefault(name, line)) != line:
            raise ValueError(
                f"{path.name}: {name!r} stands on lines {other} and {line}; give every class a name of its own"
            )
