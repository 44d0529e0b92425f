"""Text, CSV and JSON files that list videos, read so that a mistake in one is a sentence that names the line."""

import codecs
import csv
import io
import json
from pathlib import Path
from typing import Any

from tdn.lfs import expect_no_pointer

# Nobody has this many classes; a larger number in a list is a mistake.
MAX_CLASSES = 100_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """A text in UTF-8, or in UTF-16 or UTF-32 with a byte order mark; every end of line is a newline.

    Raises ValueError for a file that is not text, and for a Git LFS pointer in place of one.
    """
    expect_no_pointer(path)
    content = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name}: not {encoding.removesuffix('-sig').upper()} text from byte {error.start} on; save it as "
            f"UTF-8 text"
        ) from None
    if "\0" in text:
        raise ValueError(f"{path.name}: holds bytes of 0, so it is no text; save it as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """Lines that are not empty, without the space around them, and their numbers from 1 on.

    Raises ValueError for a file that is not text.
    """
    return [(number, line.strip()) for number, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]


def csv_table(path: Path, delimiters: str = ",") -> list[tuple[int, list[str]]]:
    """The rows of a table, the first among them, with the numbers of their last lines; empty ones are left out.

    Of several `delimiters` the one that is most frequent in the first line, outside quotes, counts. Raises ValueError.
    """
    text = read_text(path)
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own line
        delimiters, text, skipped = first.strip()[4], rest, 1
    outside = "".join(text.partition("\n")[0].split('"')[::2])
    delimiter = max(delimiters, key=outside.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num + skipped, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path.name}: line {reader.line_num + skipped} is no line of a table ({error})") from None
    return [(number, row) for number, row in rows if any(row)]


def csv_rows(path: Path, delimiters: str = ",") -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Column names in small letters, and the rows with the numbers of their last lines; a missing cell is empty.

    Raises ValueError.
    """
    table = csv_table(path, delimiters)
    return as_rows([name.lower() for name in table[0][1]] if table else [], table[1:])


def as_rows(
    columns: list[str], table: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Rows of cells as rows by column; cells beyond the columns are dropped."""
    return columns, [
        (number, {name: row[place] if place < len(row) else "" for place, name in enumerate(columns) if name})
        for number, row in table
    ]


def read_json(path: Path) -> Any:
    """Raises ValueError for a file that is no JSON."""
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}: not a JSON file ({error.msg}, line {error.lineno})") from None
    except (RecursionError, ValueError):
        raise ValueError(f"{path.name}: not a JSON file that can be read") from None
