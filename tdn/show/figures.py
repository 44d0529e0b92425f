"""The side-by-side figure, and the frames of the side-by-side video."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from tdn.explain.scale import SCALES, ScaledMap, evidence_share, over_timeline
from tdn.letters import strip, wrapped
from tdn.show.overlay import COLOUR_MAPS, SIGNED_COLOURS, Box, blend, place_in_frame

CURVE_COLOURS = ("#c1440e", "#e8a33d", "#1f5fa8", "#62a5d9", "#3f7d4e", "#8fbf7f", "#6b4c9a", "#b39ddb")
NO_EVIDENCE = "no positive evidence"


@dataclass(frozen=True)
class MapRow:
    """One model and layer: `title` such as "TDN · Res2", the class `label`, `note` on the scale, and its scaled map.

    `frames` are the centre frames under the maps where those are not the clip's, uint8 [T, H, W, 3].
    """

    title: str
    label: str
    note: str
    scaled: ScaledMap
    frames: np.ndarray | None = None


def overlays(row: MapRow, frames: np.ndarray, box: Box, colours: str = "inferno") -> np.ndarray:
    """The row's map over every frame, uint8 [T, H, W, 3]; the bare frames where there is no evidence."""
    frames = frames if row.frames is None else row.frames
    if row.scaled.is_empty:
        return frames
    height, width = frames.shape[1:3]
    placed = place_in_frame(row.scaled.values, height, width, box)
    return blend(frames, placed, colours=colours, signed=row.scaled.is_signed)


def side_by_side(
    frames: np.ndarray,
    times_sec: Sequence[float],
    rows: Sequence[MapRow],
    box: Box,
    heading: str,
    colours: str = "inferno",
) -> Figure:
    """One column a segment: the frames on top, a row of overlays for each model and layer, each segment's share below.

    `frames` uint8 [T, H, W, 3], the centre frames; `heading` names the clip and the class. Returns a matplotlib figure
    (not registered with pyplot, so nothing stays open).
    """
    segments, height, width = frames.shape[:3]
    cell = 1.35
    cell_height = cell * height / width
    left, top, right = 1.95, 0.7, 0.75
    curve, bottom = (1.0, 1.5) if rows else (0.0, 0.15)
    size = (left + segments * cell + right, top + (len(rows) + 1) * (cell_height + 0.06) + bottom)
    figure = Figure(figsize=size, dpi=150)
    inside = {"left": left / size[0], "right": 1 - right / size[0]}
    grid = figure.add_gridspec(
        len(rows) + 1,
        segments,
        **inside,
        top=1 - top / size[1],
        bottom=bottom / size[1],
        wspace=0.04,
        hspace=0.06,
    )
    # A letter of this size is at most 0.1 inches wide.
    lines = wrapped(heading, int((size[0] - 0.24) / 0.1))
    figure.text(0.12 / size[0], 1 - 0.1 / size[1], lines, fontsize=11, weight="bold", va="top")
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
                axes.text(
                    -0.08,
                    0.56,
                    wrapped(title, 24),
                    va="bottom",
                    transform=axes.transAxes,
                    ha="right",
                    fontsize=8,
                    weight="bold",
                )
                axes.text(-0.08, 0.5, note, transform=axes.transAxes, ha="right", va="top", fontsize=6)
            if scaled is not None and scaled.is_empty and segment == segments // 2:
                axes.text(0.5, 0.5, NO_EVIDENCE, transform=axes.transAxes, ha="center", fontsize=6, color="white")
    if rows:
        signed = any(row.scaled.is_signed for row in rows)
        bar_axes = figure.add_axes((1 - 0.6 / size[0], bottom / size[1], 0.1 / size[0], 1 - (top + bottom) / size[1]))
        scale = ScalarMappable(Normalize(-1 if signed else 0, 1), SIGNED_COLOURS if signed else COLOUR_MAPS[colours])
        bar = figure.colorbar(scale, cax=bar_axes)
        bar.set_label("share of the row's scale" if signed else "share of the row's maximum", fontsize=7)
        bar.ax.tick_params(labelsize=6)
        _draw_shares(figure.add_gridspec(1, 1, **inside, top=(curve + 0.3) / size[1], bottom=0.3 / size[1]), rows)
    return figure


def _draw_shares(place: GridSpec, rows: Sequence[MapRow]) -> None:
    """Each segment's share of the clip's positive evidence, a line a row; none where each frame has its own scale."""
    axes = place.figure.add_subplot(place[0])
    segments = len(rows[0].scaled.values)
    axes.axhline(100 / segments, color="0.7", linewidth=0.6, linestyle="--")
    # After an intervention the rows say so in a second line; their curves would only crowd the others.
    for number, row in enumerate(row for row in rows if "\n" not in row.title):
        if not row.scaled.is_empty and row.scaled.rule != SCALES["frame"]:
            shares = 100 * evidence_share(row.scaled.values)
            colour = CURVE_COLOURS[number % len(CURVE_COLOURS)]
            axes.plot(range(segments), shares, marker="o", markersize=2.5, linewidth=1, color=colour, label=row.title)
    axes.set_xlim(-0.5, segments - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_xticks([])
    axes.tick_params(labelsize=6)
    axes.set_ylabel("evidence in\nthe segment, %", fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines[1:]:
        axes.legend(fontsize=6, ncol=len(rows), loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False)


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


def timeline_video(
    frames: Iterable[np.ndarray], row: MapRow, knots: Sequence[int], num_frames: int, box: Box, colours: str = "inferno"
) -> Iterator[np.ndarray]:
    """The row's map over every frame of a video, uint8 [H', W, 3] each: interpolated, and marked where it is not.

    `knots` [T] are the numbers of the centre frames. A strip below shows the place in the video and all knots; a bright
    border says that this frame is one of them.
    """
    values, is_knot = over_timeline(row.scaled.values, np.asarray(knots), num_frames)
    for number, frame in enumerate(frames):
        height, width = frame.shape[:2]
        picture = frame.copy()
        if not row.scaled.is_empty:
            placed = place_in_frame(values[number : number + 1], height, width, box)
            picture = blend(frame[None], placed, colours=colours, signed=row.scaled.is_signed)[0]
        if is_knot[number]:
            cv2.rectangle(picture, (0, 0), (width - 1, height - 1), (255, 255, 255), 3)
        yield np.concatenate([_captioned(picture, row), _time_strip(width, number, knots, num_frames)])


def _time_strip(width: int, number: int, knots: Sequence[int], num_frames: int) -> np.ndarray:
    """Knots as ticks, and where the video is."""
    strip = np.full((16, width, 3), 24, np.uint8)
    scale = (width - 1) / max(1, num_frames - 1)
    for knot in knots:
        cv2.line(strip, (round(knot * scale), 3), (round(knot * scale), 12), (235, 235, 235), 1)
    cv2.circle(strip, (round(number * scale), 8), 4, (255, 176, 66), -1, cv2.LINE_AA)
    return strip


def _captioned(image: np.ndarray, row: MapRow) -> np.ndarray:
    """The picture with a strip above it that names model, layer, class and scale."""
    lines = (row.title, row.label, NO_EVIDENCE if row.scaled.is_empty else row.note)
    return np.concatenate([strip(lines, image.shape[1]), image])
