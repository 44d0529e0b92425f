"""The lab's last step: measured numbers as a plot of dots, and as tables: pure functions."""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from app.lab import text
from tdn.model import FAMILY
from tdn.motion.labels import GROUPS
from tdn.weights import Card

# What `python -m studies.motion.ablation --report` measured; it writes this file, too.
ABLATION = Path(__file__).parent / "ablation.json"
SHOWN = ("short-term motion", "long-range motion")
COLUMNS = (*SHOWN, "still", "all")
TOP = 22


@dataclass(frozen=True)
class Layout:
    """Of a plot, in units of its picture: names stand left of their dots, or above them where `names_width` is None."""

    width: int
    row: int
    names_width: int | None

    def x(self, percent: float) -> float:
        left = 8 if self.names_width is None else self.names_width
        return left + (self.width - left - 16) * min(max(percent, 0), 100) / 100


# For a screen and for a phone, whose words must not shrink with the picture: the style sheet shows one of them.
LAYOUTS = {"wide": Layout(640, 22, 232), "narrow": Layout(330, 38, None)}


@dataclass(frozen=True)
class Score:
    """Percent of clips, and half the width of its 95% interval where there is one."""

    percent: float
    half: float | None = None

    @property
    def words(self) -> str:
        return f"{self.percent:.1f}" + ("" if self.half is None else f" ± {self.half:.1f}")


@dataclass(frozen=True)
class Row:
    """One network: its scores by the name of a column; those not measured are left out."""

    name: str
    scores: dict[str, Score]


def rows_of_cards(cards: Mapping[str, Card]) -> list[Row]:
    """The networks of the lab's table whose checkpoints, by file name, say how often they are right in each class."""
    rows = []
    for stem, name in text.NETWORKS.items():
        card = cards.get(f"{stem}.safetensors")
        per_class = (card.accuracy or {}).get("per_class") if card else None
        if not per_class:
            continue
        groups = {
            group: [share for label, share in per_class.items() if group in ("all", GROUPS.get(label))]
            for group in COLUMNS
        }
        rows.append(Row(name, {group: Score(fmean(shares)) for group, shares in groups.items() if shares}))
    return rows


def rows_of_ablation(path: Path = ABLATION) -> list[Row]:
    """The networks that were trained alike."""
    measured = json.loads(path.read_text())["rows"]
    return [
        Row(row["network"], {group: Score(row[group]["mean"], row[group]["half_interval"]) for group in COLUMNS})
        for row in measured
    ]


def rows_of_paper() -> list[Row]:
    return [Row(words, {"all": Score(FAMILY[name].top1)}) for name, words in text.PAPER_ROWS.items()]


def plot(title: str, rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows of dots from 0 to 100 as HTML, an SVG for each layout: a filled dot for the first column, then a ring."""
    kinds = "".join(f'<span class="k{place}">{html.escape(column)}</span>' for place, column in enumerate(columns))
    legend = f'<div class="key">{kinds}</div>' if len(columns) > 1 else ""
    label = html.escape(f"{title}. The tables below hold the same numbers.")
    pictures = "".join(
        f'<svg class="{name}" viewBox="0 0 {layout.width} {_height(rows, layout)}" role="img" aria-label="{label}">'
        f"{_dots(rows, columns, layout)}</svg>"
        for name, layout in LAYOUTS.items()
    )
    return f'<figure class="dots"><figcaption>{html.escape(title)}</figcaption>{legend}{pictures}</figure>'


def _height(rows: Sequence[Row], layout: Layout) -> int:
    return TOP + layout.row * len(rows) + 24


def _dots(rows: Sequence[Row], columns: Sequence[str], layout: Layout) -> str:
    lines = [_axis(_height(rows, layout), layout)]
    for number, row in enumerate(rows):
        above = layout.names_width is None
        y = TOP + layout.row * (number + (0.75 if above else 0.5))
        at = (
            f'class="name above" x="2" y="{y - 13:.1f}"'
            if above
            else f'class="name" x="{layout.x(0) - 10}" y="{y + 4:.1f}"'
        )
        lines.append(f"<text {at}>{html.escape(row.name)}</text>")
        for place, column in enumerate(columns):
            if score := row.scores.get(column):
                shifted = y + 5 * (place - (len(columns) - 1) / 2)
                lines.append(_dot(score, shifted, place, f"{row.name}, {column}", layout))
    return "".join(lines)


def _axis(height: int, layout: Layout) -> str:
    marks = [
        f'<path class="axis" d="M{layout.x(at):.1f} {TOP}V{height - 20}"/><text class="mark" x="{layout.x(at):.1f}" '
        f'y="{height - 6}">{at}</text>'
        for at in (0, 25, 50, 75, 100)
    ]
    return "".join(marks)


def _dot(score: Score, y: float, place: int, name: str, layout: Layout) -> str:
    line = ""
    if score.half:
        left, right = layout.x(score.percent - score.half), layout.x(score.percent + score.half)
        line = f'<path class="interval k{place}" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
    title = f"<title>{html.escape(name)}: {score.words}%</title>"
    return f'{line}<circle class="k{place}" cx="{layout.x(score.percent):.1f}" cy="{y:.1f}" r="4.5">{title}</circle>'


def plots(cards: Mapping[str, Card]) -> str:
    """All three plots as HTML; the shipped networks' own numbers come with their checkpoints."""
    shipped = rows_of_cards(cards)
    first = plot(text.DOTS_CARDS, shipped, SHOWN) if shipped else f"<p>{text.NO_CARDS}</p>"
    return "".join(
        [
            f'<p class="dots-title">{text.DOTS_TITLE}</p>',
            first,
            plot(text.DOTS_ABLATION, sorted(rows_of_ablation(), key=lambda row: -row.scores[SHOWN[0]].percent), SHOWN),
            plot(text.DOTS_PAPER, rows_of_paper(), ("all",)),
        ]
    )


def tables(cards: Mapping[str, Card]) -> str:
    """The same in Markdown, with all columns."""
    paper = [
        [words, f"{row.top1:.1f}", f"{row.multiply_adds / 1e9:.0f}" if row.multiply_adds else "", row.table]
        for name, words in text.PAPER_ROWS.items()
        for row in [FAMILY[name]]
    ]
    parts = []
    if shipped := rows_of_cards(cards):
        parts += [text.CARDS_TABLE, _table(["top-1, %", *COLUMNS], _cells(shipped))]
    parts += [text.ABLATION_TABLE, _table(["top-1, %", *COLUMNS], _cells(rows_of_ablation())), text.ABLATION_NOTE]
    parts += [text.PAPER_TABLE, _table(["network", "top-1, %", "multiply-adds, G", "paper's table"], paper)]
    return "\n\n".join(parts)


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [
        [row.name, *(row.scores[column].words if column in row.scores else "" for column in COLUMNS)] for row in rows
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
