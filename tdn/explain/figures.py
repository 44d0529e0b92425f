"""The side-by-side figure, and the frames of the side-by-side video."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from tdn.explain.overlay import COLOUR_MAPS, Box, blend, place_in_frame
from tdn.explain.scale import ScaledMap

NO_EVIDENCE = "no positive evidence"


@dataclass(frozen=True)
class MapRow:
    """One model and layer: `title` such as "TDN · Res2", the class `label`, `note` on the scale, and its scaled map."""

    title: str
    label: str
    note: str
    scaled: ScaledMap


def overlays(row: MapRow, frames: np.ndarray, box: Box, colours: str = "inferno") -> np.ndarray:
    """The row's map over every frame, uint8 [T, H, W, 3]; the bare frames where there is no evidence."""
    if row.scaled.is_empty:
        return frames
    height, width = frames.shape[1:3]
    return blend(frames, place_in_frame(row.scaled.values, height, width, box), colours=colours)


def side_by_side(
    frames: np.ndarray,
    times_sec: Sequence[float],
    rows: Sequence[MapRow],
    box: Box,
    heading: str,
    colours: str = "inferno",
) -> Figure:
    """One column a segment, the frames on top and one row of overlays for each model and layer.

    `frames` uint8 [T, H, W, 3], the centre frames; `heading` names the clip and the class. Returns a matplotlib figure
    (not registered with pyplot, so nothing stays open).
    """
    segments, height, width = frames.shape[:3]
    cell = 1.35
    cell_height = cell * height / width
    left, top, bottom, right = 1.95, 0.7, 0.15, 0.75
    size = (left + segments * cell + right, top + (len(rows) + 1) * (cell_height + 0.06) + bottom)
    figure = Figure(figsize=size, dpi=150)
    grid = figure.add_gridspec(
        len(rows) + 1,
        segments,
        left=left / size[0],
        right=1 - right / size[0],
        top=1 - top / size[1],
        bottom=bottom / size[1],
        wspace=0.04,
        hspace=0.06,
    )
    figure.text(0.12 / size[0], 1 - 0.3 / size[1], heading, fontsize=11, weight="bold")
    pictures = [("Centre frames", "what each segment shows", frames, None)]
    pictures += [(row.title, row.note, overlays(row, frames, box, colours), row.scaled) for row in rows]
    for number, (title, note, images, scaled) in enumerate(pictures):
        for segment in range(segments):
            axes = figure.add_subplot(grid[number, segment])
            axes.imshow(images[segment], interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            for side in axes.spines.values():
                side.set_linewidth(0.4)
            if number == 0:
                axes.set_title(f"{times_sec[segment]:.2f} s", fontsize=7, pad=3)
            if segment == 0:
                axes.text(-0.08, 0.62, title, transform=axes.transAxes, ha="right", fontsize=8, weight="bold")
                axes.text(-0.08, 0.5, note, transform=axes.transAxes, ha="right", va="top", fontsize=6)
            if scaled is not None and scaled.is_empty and segment == segments // 2:
                axes.text(0.5, 0.5, NO_EVIDENCE, transform=axes.transAxes, ha="center", fontsize=6, color="white")
    if rows:
        bar_axes = figure.add_axes((1 - 0.6 / size[0], bottom / size[1], 0.1 / size[0], 1 - (top + bottom) / size[1]))
        bar = figure.colorbar(ScalarMappable(Normalize(0, 1), COLOUR_MAPS[colours]), cax=bar_axes)
        bar.set_label("share of the row's maximum", fontsize=7)
        bar.ax.tick_params(labelsize=6)
    return figure


def grid_video(
    frames: np.ndarray,
    rows: Sequence[MapRow],
    box: Box,
    columns: int = 2,
    colours: str = "inferno",
    cell_height: int = 240,
) -> np.ndarray:
    """All overlays in one picture a segment, captions included: uint8 [T, H', W', 3], even sides."""
    height, width = frames.shape[1:3]
    cell_width = round(cell_height * width / height)
    tiles = [
        [
            _captioned(cv2.resize(image, (cell_width, cell_height), interpolation=cv2.INTER_AREA), row)
            for image in images
        ]
        for row, images in ((row, overlays(row, frames, box, colours)) for row in rows)
    ]
    pictures = []
    for segment in range(len(frames)):
        cells = [tile[segment] for tile in tiles]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
        lines = [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
        pictures.append(np.concatenate(lines))
    video = np.stack(pictures)
    return np.pad(video, ((0, 0), (0, video.shape[1] % 2), (0, video.shape[2] % 2), (0, 0)), mode="edge")


def _captioned(image: np.ndarray, row: MapRow) -> np.ndarray:
    """The picture with a strip above it that names model, layer, class and scale."""
    strip = np.full((48, image.shape[1], 3), 24, np.uint8)
    lines = (row.title, row.label, NO_EVIDENCE if row.scaled.is_empty else row.note.replace("\n", " "))
    for line, y in zip(lines, (14, 28, 42), strict=True):
        # OpenCV's fonts are ASCII.
        text = line.replace("·", "-").encode("ascii", "replace").decode()
        cv2.putText(strip, text, (6, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (235, 235, 235), 1, cv2.LINE_AA)
    return np.concatenate([strip, image])
