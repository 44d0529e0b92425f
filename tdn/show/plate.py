"""The paper's Figures 4 to 7 at their final size: a column's or a page's width, and no letter below 7 points.

All places are in points from the upper left corner. `draw` decides nothing about colours: those are the page's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from matplotlib.figure import Figure

from tdn.letters import wrapped
from tdn.show.collected import LAYER_NAMES, Collected, Look, painted, scaled
from tdn.show.overlay import SIGNED_COLOURS, colour_table

# Inches: a column and both of them in the style of CVPR, 8.26 and 17.46 cm.
WIDTHS = {"one": 3.25, "two": 6.875}
MOST_HEIGHT = 8.875  # of a page of it
FONT, LINE, GAP, SPACE = 7.0, 8.6, 2.0, 6.0
# Of DejaVu Sans, for an average letter.
LETTER = 0.62 * FONT
LEAST_CELL = 18.0
# Finer pictures are made coarser; coarser ones are left as they are.
PIXELS_PER_INCH = 300
BAR_SIZE = (90.0, 5.0)
NOTHING = "none"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class _Sheet:
    """Pictures with their edges (left, right, bottom, top), and words with how they are set, not drawn yet."""

    pictures: list[tuple[np.ndarray, tuple[float, float, float, float]]]
    words: list[tuple[float, float, str, dict[str, Any]]]

    def write(self, x: float, y: float, words: str, **settings: Any) -> None:
        self.words.append((x, y, words, {"size": FONT, "linespacing": 1.05, **settings}))

    def drawn(self, width: float, height: float) -> Figure:
        figure = Figure(figsize=(width / 72, height / 72), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for picture, extent in self.pictures:
            # Pixel by pixel: what smooths a picture changes its colours.
            axes.imshow(picture, extent=extent, interpolation="none", aspect="auto")
        for x, y, words, settings in self.words:
            axes.text(x, y, words, **settings)
        axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
        return figure


@dataclass(frozen=True)
class Plan:
    """What is drawn of the results.

    `kind` "moments": a column a clip, one segment each (Figures 4 and 5); "segments": a block of rows a clip, a column
    a segment (Figures 6 and 7). `width` is one column or two. Empty `layers`, `networks`, `segments` (from 0) mean all.
    `scores` writes what each network gives the class. Without a `title` there is none.
    """

    kind: Literal["moments", "segments"] = "moments"
    width: Literal["one", "two"] = "two"
    layers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    segments: tuple[int, ...] = ()
    scores: bool = True
    title: str = ""


@dataclass(frozen=True)
class _Row:
    """A row of pictures uint8 [H, W, 3] with what stands to its left; `notes` in their corners."""

    label: str
    pictures: list[np.ndarray]
    notes: list[str]


@dataclass(frozen=True)
class _Block:
    """Rows under a heading, with words above each column."""

    heading: str
    columns: list[str]
    rows: list[_Row]


def draw(results: Sequence[Collected], plan: Plan, look: Look) -> Figure:
    """The figure; `tdn.show.formats.write_figure` writes it.

    Raises ValueError for no results or maps, for cells that would be too small to see anything in, and for a figure
    that would be higher than a page.
    """
    if not results:
        raise ValueError("the figure has no clips yet; add a result to it")
    if len(results) > len(LETTERS):
        raise ValueError(f"{len(results)} clips: at most {len(LETTERS)} fit one figure")
    # Scaled before anything is left out: the page scales all that it shows together.
    painted_maps = _painted(results, plan, look)
    blocks = _moments(results, plan, painted_maps) if plan.kind == "moments" else _segments(results, plan, painted_maps)
    return _figure(blocks, plan, look)


def chosen_segments(result: Collected, plan: Plan) -> list[int]:
    """The segments of a result that a plan shows. Raises ValueError where it has none of them."""
    if plan.kind == "moments":
        return [result.shown_segment]
    count = len(result.frames)
    found = [segment for segment in plan.segments if segment < count] if plan.segments else list(range(count))
    if not found:
        raise ValueError(f"{result.label}: has {count} segments, none of those chosen")
    return found


def label_of(result: Collected) -> str:
    """The class, and the change."""
    return f"“{result.label}”" + (f", {result.change}" if result.change else "")


Painted = dict[tuple[str, str], tuple[list[np.ndarray], bool, float]]


def _painted(results: Sequence[Collected], plan: Plan, look: Look) -> list[Painted]:
    """For each result {(network, layer): (pictures of the chosen segments, whether there is nothing, probability)}."""
    found = []
    for result, maps in zip(results, scaled(results, look), strict=True):
        segments = chosen_segments(result, plan)
        frames, box = _small(result, len(results) if plan.kind == "moments" else len(segments), plan)
        entry: Painted = {}
        for one, values in zip(result.maps, maps, strict=True):
            if (plan.layers and one.layer not in plan.layers) or (plan.networks and one.network not in plan.networks):
                continue
            # A layer may have fewer moments than there are segments.
            times = [segment * len(values.values) // len(frames) for segment in segments]
            shown = frames[segments]
            pictures = shown if values.is_empty else painted(shown, values.values[times], box, look)
            entry[one.network, one.layer] = list(pictures), values.is_empty, one.probability
        if not entry:
            raise ValueError(f"{result.label}: has no map of the chosen networks and layers")
        found.append({("", ""): (list(frames[segments]), False, 0.0), **entry})
    return found


def _small(result: Collected, columns: int, plan: Plan) -> tuple[np.ndarray, tuple[float, ...]]:
    """Frames no finer than they can be printed, and the box in them."""
    height, width = result.frames.shape[1:3]
    most = round(WIDTHS[plan.width] / columns * PIXELS_PER_INCH)
    if width <= most:
        return result.frames, result.box
    size = most, max(1, round(height * most / width))
    frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in result.frames])
    x_scale, y_scale = size[0] / width, size[1] / height
    x0, y0, x1, y1 = result.box
    return frames, (x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale)


def row_names(found: Sequence[Painted]) -> list[tuple[str, str]]:
    """Networks and layers that any of the results has, in their order; the frames come first."""
    return list(dict.fromkeys(key for entry in found for key in entry))


def _row_label(network: str, layer: str) -> str:
    return f"{network}\n{LAYER_NAMES.get(layer, layer)}" if network else "frame"


def _moments(results: Sequence[Collected], plan: Plan, found: list[Painted]) -> list[_Block]:
    rows = []
    for key in row_names(found):
        pictures, notes = [], []
        for result, entry in zip(results, found, strict=True):
            if key not in entry:
                raise ValueError(f"{result.label}: has no map of {key[0]} at {key[1]}, which another clip has")
            shown, is_empty, probability = entry[key]
            pictures.append(shown[0])
            notes.append(_note(key, is_empty, probability, plan))
        rows.append(_Row(_row_label(*key), pictures, notes))
    columns = [
        f"({letter}) {label_of(result)}\n{result.times_sec[result.shown_segment]:.2f} s"
        for letter, result in zip(LETTERS, results, strict=False)
    ]
    return [_Block("", columns, rows)]


def _segments(results: Sequence[Collected], plan: Plan, found: list[Painted]) -> list[_Block]:
    blocks = []
    for letter, result, entry in zip(LETTERS, results, found, strict=False):
        segments = chosen_segments(result, plan)
        rows = []
        for key, (pictures, is_empty, probability) in entry.items():
            label = _row_label(*key)
            if key[0] and plan.scores:
                label += f"\n{100 * probability:.0f}%"
            rows.append(_Row(label, pictures, [NOTHING if is_empty else ""] * len(pictures)))
        times = [f"{result.times_sec[segment]:.2f}" for segment in segments]
        times[0] += " s" if len(times) == 1 else ""
        blocks.append(_Block(f"({letter}) {label_of(result)}", times, rows))
    return blocks


def _note(key: tuple[str, str], is_empty: bool, probability: float, plan: Plan) -> str:
    if is_empty:
        return NOTHING
    return f"{100 * probability:.0f}%" if plan.scores and key[0] else ""


def _figure(blocks: list[_Block], plan: Plan, look: Look) -> Figure:
    """Place and draw everything as wide as it can be. A figure higher than a page gets smaller pictures."""
    width = 72 * WIDTHS[plan.width]
    most_letters = 11 if plan.width == "one" else 15
    labels = [wrapped(row.label, most_letters) for block in blocks for row in block.rows]
    left = LETTER * max(len(line) for label in labels for line in label.split("\n")) + GAP
    count = max(len(block.columns) for block in blocks)
    cell = (width - left - GAP * (count - 1)) / count
    while cell >= LEAST_CELL:
        sheet = _Sheet([], [])
        y = _place_title(sheet, plan.title, width)
        for block in blocks:
            y = _place_block(sheet, block, y, left, cell, most_letters)
        y = _place_bar(sheet, look, y, width)
        if y <= 72 * MOST_HEIGHT:
            return sheet.drawn(width, y)
        # Words take the same room in a smaller figure, so one step may not be enough.
        cell *= min(0.97, 72 * MOST_HEIGHT / y)
    raise ValueError(
        f"pictures would be {25.4 * cell / 72:.0f} mm wide; below {25.4 * LEAST_CELL / 72:.0f} mm there is little to "
        "see; choose fewer clips, segments, layers or networks, or the width of two columns"
    )


def _place_title(sheet: _Sheet, title: str, width: float) -> float:
    """The title if there is one; gives where it ends."""
    if not title:
        return 1.0
    title = wrapped(title, int(width / (1.15 * LETTER)))
    sheet.write(width / 2, 1, title, size=FONT + 1, weight="bold", ha="center", va="top")
    return 1.0 + (LINE + 1.5) * _lines(title) + GAP


def _place_block(sheet: _Sheet, block: _Block, y: float, left: float, cell: float, most_letters: int) -> float:
    """A block from `y` downwards; gives where it ends."""
    if block.heading:
        heading = wrapped(block.heading, int((left + len(block.columns) * (cell + GAP)) / LETTER))
        sheet.write(0, y, heading, va="top")
        y += LINE * _lines(heading) + 1
    columns = [_narrow(words, int(cell / LETTER)) for words in block.columns]
    high = max(map(_lines, columns))
    for number, words in enumerate(columns):
        x = left + number * (cell + GAP) + cell / 2
        sheet.write(x, y + LINE * high, words, ha="center", va="bottom")
    y += LINE * high + 1.5
    for row in block.rows:
        label = wrapped(row.label, most_letters)
        shapes = [picture.shape[:2] for picture in row.pictures]
        high = max(cell * height / across for height, across in shapes)
        full = max(high, LINE * _lines(label))
        sheet.write(left - GAP - 1, y + full / 2, label, ha="right", va="center")
        for number, (picture, note) in enumerate(zip(row.pictures, row.notes, strict=True)):
            own = cell * picture.shape[0] / picture.shape[1]
            x, top = left + number * (cell + GAP), y + (full - own) / 2
            bottom = top + own
            sheet.pictures.append((picture, (x, x + cell, bottom, top)))
            if note:
                box = {"facecolor": "black", "alpha": 0.55, "pad": 0.8, "linewidth": 0}
                sheet.write(x + 2, bottom - 2, note, color="white", va="bottom", bbox=box)
        y += full + GAP
    return y + SPACE


def _place_bar(sheet: _Sheet, look: Look, y: float, width: float) -> float:
    """The colours and what they stand for, at the right below everything."""
    most = {
        "clip": "largest value of each map",
        "shared": "largest value of the clip's maps",
        "frame": "largest of each frame",
    }
    words = ("against the class", "for the class") if look.signed else ("0", most[look.scale])
    long, high = BAR_SIZE
    end = width - LETTER * len(words[1]) - 4
    table = colour_table(SIGNED_COLOURS if look.signed else look.colours)
    sheet.pictures.append((table[None], (end - long, end, y + high, y)))
    sheet.write(end - long - 3, y + high / 2, words[0], ha="right", va="center")
    sheet.write(end + 3, y + high / 2, words[1], va="center")
    return y + LINE


def _narrow(words: str, letters: int) -> str:
    """In lines of so many letters; a word too long for one is broken at its hyphen."""
    pieces = [word.replace("-", "- ") if len(word) > letters else word for word in words.split(" ")]
    return wrapped(" ".join(pieces), letters)


def _lines(words: str) -> int:
    return words.count("\n") + 1
