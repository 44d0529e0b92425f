"""The layouts of the paper's Figures 4 to 7: two networks' maps of one layer, for several videos."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from tdn.data.clip import Clip
from tdn.data.sampling import spread
from tdn.explain.explanation import Explanation, Question
from tdn.explain.scale import evidence_share, scale_together
from tdn.letters import wrapped
from tdn.show.figures import MOST_COLUMNS, NO_EVIDENCE, MapRow, overlays
from tdn.show.overlay import COLOUR_MAPS

CELL, GAP = 1.5, 0.08


@dataclass(frozen=True)
class Block:
    """One video and what two networks say of it, the baseline first."""

    name: str
    clip: Clip
    explained: tuple[Explanation, Explanation]


def one_frame_each(blocks: Sequence[Block], question: Question, colours: str = "inferno") -> Figure:
    """Figures 4 and 5: a column a video with its centre frame, the baseline's map and the other network's.

    The frame is that of the segment in which the second network's map has most of its evidence, the same for all rows.
    """
    cells = []
    for block in blocks:
        rows = map_rows(block, question)
        (ours,) = block.explained[1].maps.values()
        share = evidence_share(ours)
        # Of equal shares the first: of the windows that one map speaks for, they are the same.
        segment = int(share[list(rows[1].which)].argmax() if rows[1].which else share.argmax())
        pictures = [block.clip.centre_frames[segment]]
        pictures += [
            overlays(row, block.clip.centre_frames, block.clip.seen_box, colours)[nearest(block, row, segment)]
            for row in rows
        ]
        title = f"{shortened(block.name)}\n{block.clip.times_sec[segment]:.2f} s"
        # At most two lines: there is no room for more between two pictures.
        notes = ["", *(wrapped(", ".join(filter(None, (row.note, when(block, row, segment)))), 38) for row in rows)]
        cells.append((title, wrapped(f"“{rows[1].label}”", 26), pictures, rows, notes))
    names = ["centre frame", *(row_title(block_row) for block_row in cells[0][3])]
    figure, axes = _grid(3, len(cells), cells[0][2][0].shape, top=0.75, left=1.5)
    for column, (title, label, pictures, rows, notes) in enumerate(cells):
        for row, picture in enumerate(pictures):
            _show(axes[row][column], picture, notes[row], row > 0 and rows[row - 1].scaled.is_empty)
            if column == 0:
                axes[row][0].set_ylabel(names[row], fontsize=8, rotation=0, ha="right", va="center")
        axes[0][column].set_title(f"{title}\n{label}", fontsize=6.5)
    _colour_bar(figure, colours, question.method)
    return figure


def all_segments(blocks: Sequence[Block], question: Question, colours: str = "inferno") -> Figure:
    """Figures 6 and 7: for each video three rows of all segments: centre frames, the baseline's maps, the other's."""
    segments = min(len(blocks[0].clip.centre_frames), MOST_COLUMNS)
    figure, axes = _grid(3 * len(blocks), segments, blocks[0].clip.centre_frames.shape[1:], top=0.5, left=1.9)
    for number, block in enumerate(blocks):
        rows = map_rows(block, question)
        frames = block.clip.centre_frames
        shown = spread(len(frames), segments) if len(frames) > segments else np.arange(len(frames))
        pictures = [[frames[place] for place in shown]]
        for row in rows:
            painted = overlays(row, frames, block.clip.seen_box, colours)
            pictures.append([painted[nearest(block, row, int(place))] for place in shown])
        times = [[""] * segments, *([when(block, row, int(place)) for place in shown] for row in rows)]
        names = [wrapped(f"{shortened(block.name)}\n“{rows[1].label}”", 26)]
        names += [wrapped(f"{row_title(row)}\n{row.note}", 34) for row in rows]
        for line, (name, images) in enumerate(zip(names, pictures, strict=True)):
            for segment in range(segments):
                place = axes[3 * number + line][segment]
                empty = line > 0 and rows[line - 1].scaled.is_empty and segment == segments // 2
                _show(place, images[segment], times[line][segment], empty)
                if line == 0:
                    place.set_title(f"{block.clip.times_sec[shown[segment]]:.2f} s", fontsize=6, pad=2)
            axes[3 * number + line][0].set_ylabel(name, fontsize=6.5, rotation=0, ha="right", va="center")
    _colour_bar(figure, colours, question.method)
    return figure


def map_rows(block: Block, question: Question) -> list[MapRow]:
    """The baseline's map and the other network's, scaled by the question's rule."""
    layers = [next(iter(one.signed)) for one in block.explained]
    if question.scale == "shared" and len(set(layers)) > 1:
        raise ValueError("scale shared: cells of different layers differ in number and meaning; choose clip or frame")
    pairs = list(zip(block.explained, layers, strict=True))
    scaled = scale_together({(one.title, layer): one.maps[layer] for one, layer in pairs}, question.scale)
    rows = []
    for one, layer in pairs:
        found, about = scaled[(one.title, layer)], one.layers[layer]
        times = block.clip.times_sec if one.times_sec is None else one.times_sec
        which = tuple(map(about.map_of, range(len(times)))) if len(about.knots) < len(times) else None
        note = f"class {100 * one.probabilities[one.target]:.0f}%, scale {found.rule}, max {found.maximum:.2g}"
        if one.label != block.explained[1].label:
            note = f"“{one.label}” {note.removeprefix('class ')}"
        title = f"{one.title} · {about.title}"
        rows.append(MapRow(title, one.label, note, found, one.pictures, one.times_sec, one.box, which))
    return rows


def nearest(block: Block, row: MapRow, segment: int) -> int:
    """Which of a row's pictures is nearest in time to a segment of the clip: its own, where it read the same clip."""
    if row.times_sec is None:
        return segment
    return int(np.abs(np.asarray(row.times_sec) - block.clip.times_sec[segment]).argmin())


def when(block: Block, row: MapRow, segment: int) -> str:
    """The time of the picture that stands for a segment of the clip, where it is another."""
    return "" if row.times_sec is None else f"{row.times_sec[nearest(block, row, segment)]:.2f} s"


def shortened(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def row_title(row: MapRow) -> str:
    return wrapped(row.title.replace(" · ", "\n"), 20)


def _grid(rows: int, columns: int, shape: tuple[int, ...], top: float, left: float) -> tuple[Figure, list[list[Axes]]]:
    height = CELL * shape[0] / shape[1]
    # Room beside the pictures: names on the left, a colour bar on the right, a line of notes under each cell.
    size = (left + columns * (CELL + GAP) + 0.75, top + rows * (height + 0.2) + 0.1)
    figure = Figure(figsize=size, dpi=150)
    grid = figure.add_gridspec(
        rows,
        columns,
        left=left / size[0],
        right=1 - 0.75 / size[0],
        top=1 - top / size[1],
        bottom=0.15 / size[1],
        wspace=GAP / CELL,
        hspace=0.2 / height,
    )
    return figure, [[figure.add_subplot(grid[row, column]) for column in range(columns)] for row in range(rows)]


def _show(axes: Axes, picture: np.ndarray, note: str, empty: bool) -> None:
    axes.imshow(picture, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    if note:
        axes.set_xlabel(note, fontsize=5, labelpad=1.5)
    if empty:
        axes.text(0.5, 0.5, NO_EVIDENCE, transform=axes.transAxes, ha="center", fontsize=6, color="white")


def _colour_bar(figure: Figure, colours: str, method: str) -> None:
    width = figure.get_size_inches()[0]
    place = figure.add_axes((1 - 0.6 / width, 0.2, 0.1 / width, 0.6))
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), COLOUR_MAPS[colours]), cax=place)
    bar.set_label(f"{method}, share of the scale's maximum", fontsize=6)
    bar.ax.tick_params(labelsize=5)
