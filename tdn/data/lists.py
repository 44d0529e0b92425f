"""Text, CSV and JSON files that list videos, read so that a mistake in one is a sentence that names the line."""

import csv
import json
from pathlib import Path
from typing import Any

# Nobody has this many classes; a larger number in a list is a mistake.
MAX_CLASSES = 100_000


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """Lines that are not empty, without the space around them, and their numbers from 1 on.

    Raises ValueError for a file that is not text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: not UTF-8 text from byte {error.start} on") from None
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def csv_rows(path: Path, delimiters: str = ",") -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Column names in small letters, and the rows with the numbers of their last lines; a missing cell is empty.

    Of several `delimiters` the one that is most frequent in the first line counts. Raises ValueError.
    """
    reader = None
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            reader = csv.DictReader(
                file, delimiter=max(delimiters, key=head.count), skipinitialspace=True, restkey="", restval=""
            )
            columns = reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            rows = [(reader.line_num, {key: cell.strip() for key, cell in row.items() if key}) for row in reader]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: not UTF-8 text from byte {error.start} on") from None
    except csv.Error as error:
        line = reader.line_num + 1 if reader else 1
        raise ValueError(f"{path.name}: line {line} is no line of a table ({error})") from None
    return columns, rows


def read_json(path: Path) -> Any:
    """Raises ValueError for a file that is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}: not a JSON file ({error.msg}, line {error.lineno})") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: not UTF-8 text from byte {error.start} on") from None
    except (RecursionError, ValueError):
        raise ValueError(f"{path.name}: not a JSON file that can be read") from None
