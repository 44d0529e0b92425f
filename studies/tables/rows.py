"""A table in Markdown."""

from collections.abc import Iterable


def rows_of(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table; the first column is text, the others are numbers."""
    head = list(head)
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    return lines + [f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |" for row in rows]
