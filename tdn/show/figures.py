"""The side-by-side figure, and the frames of the side-by-side video."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from tdn.data.sampling import spread
from tdn.explain.scale import SCALES, ScaledMap, evidence_share, over_timeline
from tdn.letters import strip, wrapped
from tdn.show.overlay import COLOUR_MAPS, SIGNED_COLOURS, Box, blend, place_in_frame

CURVE_COLOURS = ("#c1440e", "#e8a33d", "#1f5fa8", "#62a5d9", "#3f7d4e", "#8fbf7f", "#6b4c9a", "#b39ddb")
NO_EVIDENCE = "no positive evidence"
DARK = {"facecolor": "black", "alpha": 0.5, "pad": 1, "linewidth": 0}


# Of a clip of more frames this many are shown, evenly spread.
MOST_COLUMNS = 16
# Pictures of a film of maps whose networks read at different moments.
MOST_PICTURES = 64


@dataclass(frozen=True)
class MapRow:
    """One model and layer: `title` such as "TDN · Res2", the class `label`, `note` on the scale, and its scaled map.

    `frames` are the pictures under the maps where those are not the clip's, uint8 [T, H, W, 3]; with `times_sec` [T]
    and `box` where the network read at other moments or another part. `which` [T] says which of T' maps lies over each
    picture where they are fewer, `at_sec` [T'] when each lies; `claim` what the map may claim.
    """

    title: str
    label: str
    note: str
    scaled: ScaledMap
    frames: np.ndarray | None = None
    times_sec: np.ndarray | None = None
    box: Box | None = None
    which: tuple[int, ...] | None = None
    at_sec: tuple[float, ...] | None = None
    claim: str = ""


@dataclass(frozen=True)
class _Line:
    """A line of pictures in a figure, with their times where they are bare frames."""

    title: str
    note: str
    images: np.ndarray
    times_sec: np.ndarray | None = None
    scaled: ScaledMap | None = None


def overlays(row: MapRow, frames: np.ndarray, box: Box, colours: str = "inferno") -> np.ndarray:
    """The row's map over every frame, uint8 [T, H, W, 3]; the bare frames where there is no evidence."""
    frames = frames if row.frames is None else row.frames
    if row.scaled.is_empty:
        return frames
    height, width = frames.shape[1:3]
    values = row.scaled.values if row.which is None else row.scaled.values[list(row.which)]
    placed = place_in_frame(values, height, width, row.box or box)
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

    `frames` uint8 [T, H, W, 3], the centre frames; `heading` names the clip and the class. A network that read at other
    moments has a line of its own frames above its maps. Returns a matplotlib figure (not registered with pyplot, so
    nothing stays open).
    """
    height, width = frames.shape[1:3]
    columns = min(len(frames), MOST_COLUMNS)
    lines = _lines(frames, np.asarray(times_sec), rows, box, colours)
    cell = 1.35
    cell_height = cell * height / width
    left, top, right = 1.95, 0.7, 0.75
    curve, bottom = (1.0, 1.5) if rows else (0.0, 0.15)
    size = (left + columns * cell + right, top + len(lines) * (cell_height + 0.06) + bottom)
    figure = Figure(figsize=size, dpi=150)
    inside = {"left": left / size[0], "right": 1 - right / size[0]}
    grid = figure.add_gridspec(
        len(lines),
        columns,
        **inside,
        top=1 - top / size[1],
        bottom=bottom / size[1],
        wspace=0.04,
        hspace=0.06,
    )
    # A letter of this size is at most 0.1 inches wide.
    words = wrapped(heading, int((size[0] - 0.24) / 0.1))
    figure.text(0.12 / size[0], 1 - 0.1 / size[1], words, fontsize=11, weight="bold", va="top")
    for number, line in enumerate(lines):
        _draw_line([figure.add_subplot(grid[number, column]) for column in range(columns)], line, number == 0)
    if rows:
        signed = any(row.scaled.is_signed for row in rows)
        bar_axes = figure.add_axes((1 - 0.6 / size[0], bottom / size[1], 0.1 / size[0], 1 - (top + bottom) / size[1]))
        scale = ScalarMappable(Normalize(-1 if signed else 0, 1), SIGNED_COLOURS if signed else COLOUR_MAPS[colours])
        bar = figure.colorbar(scale, cax=bar_axes)
        bar.set_label("share of the row's scale" if signed else "share of the row's maximum", fontsize=7)
        bar.ax.tick_params(labelsize=6)
        place = figure.add_gridspec(1, 1, **inside, top=(curve + 0.3) / size[1], bottom=0.3 / size[1])
        axes = figure.add_subplot(place[0])
        if any(row.at_sec is not None for row in rows):
            _draw_evidence(axes, rows, times_sec)
        else:
            _draw_shares(axes, rows)
    return figure


def _lines(frames: np.ndarray, times_sec: np.ndarray, rows: Sequence[MapRow], box: Box, colours: str) -> list[_Line]:
    lines = [_Line("Centre frames", "what each segment shows", frames, times_sec)]
    shown = times_sec
    for row in rows:
        own = times_sec if row.times_sec is None else row.times_sec
        if not np.array_equal(own, shown) and "\n" not in row.title:  # above what was changed they stand already
            name = row.title.split(" · ")[0]
            lines.append(_Line(f"{name} reads", "frames of its own", frames if row.frames is None else row.frames, own))
            shown = own
        note = row.note + (f"\n{wrapped(row.claim, 34)}" if row.claim else "")
        lines.append(_Line(row.title, note, overlays(row, frames, box, colours), scaled=row.scaled))
    return lines


def _draw_line(places: Sequence[Axes], line: _Line, is_first: bool) -> None:
    """The pictures of a line, a few evenly spread ones where there are too many; places without one stay empty."""
    count = len(line.images)
    chosen = spread(count, len(places)) if count > len(places) else range(count)
    for column, axes in enumerate(places):
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_linewidth(0.4)
        if column >= count:
            axes.set_axis_off()
            continue
        axes.imshow(line.images[chosen[column]], interpolation="nearest")
        if line.times_sec is not None:
            time = f"{line.times_sec[chosen[column]]:.2f} s"
            if is_first:
                axes.set_title(time, fontsize=7, pad=3)
            else:
                axes.text(0.03, 0.95, time, transform=axes.transAxes, va="top", fontsize=6, color="white", bbox=DARK)
        if line.scaled is not None and line.scaled.is_empty and column == len(chosen) // 2:
            axes.text(0.5, 0.5, NO_EVIDENCE, transform=axes.transAxes, ha="center", fontsize=6, color="white")
    beside = {"transform": places[0].transAxes, "ha": "right"}
    places[0].text(-0.08, 0.56, wrapped(line.title, 24), va="bottom", fontsize=8, weight="bold", **beside)
    places[0].text(-0.08, 0.5, line.note, va="top", fontsize=6, **beside)


def _curves(axes: Axes, rows: Sequence[MapRow]) -> Iterator[tuple[MapRow, np.ndarray, dict]]:
    """Rows with a curve, what each map has of the clip's positive evidence, and how it is drawn.

    None where each frame has its own scale. After an intervention the rows say so in a second line; their curves would
    only crowd the others.
    """
    for number, row in enumerate(row for row in rows if "\n" not in row.title):
        if not row.scaled.is_empty and row.scaled.rule != SCALES["frame"]:
            style = {"marker": "o", "markersize": 2.5, "linewidth": 1, "label": row.title}
            yield (
                row,
                evidence_share(row.scaled.values),
                {**style, "color": CURVE_COLOURS[number % len(CURVE_COLOURS)]},
            )
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines[1:]:
        axes.legend(fontsize=6, ncol=len(rows), loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False)


def _draw_shares(axes: Axes, rows: Sequence[MapRow]) -> None:
    """Each segment's share of the clip's positive evidence, a line a row."""
    segments = len(rows[0].scaled.values)
    axes.axhline(100 / segments, color="0.7", linewidth=0.6, linestyle="--")
    for _, shares, style in _curves(axes, rows):
        axes.plot(range(segments), 100 * shares, **style)
    axes.set_xlim(-0.5, segments - 0.5)
    axes.set_xticks([])
    axes.set_ylabel("evidence in\nthe segment, %", fontsize=7)


def _draw_evidence(axes: Axes, rows: Sequence[MapRow], times_sec: Sequence[float]) -> None:
    """The same over the seconds of the video, where rows differ in their moments: 1 is an even spread over a row's."""
    axes.axhline(1, color="0.7", linewidth=0.6, linestyle="--")
    for row, shares, style in _curves(axes, rows):
        at = times_sec if row.at_sec is None else row.at_sec
        axes.plot(at, len(shares) * shares, **style)
    axes.xaxis.set_major_formatter("{x:g} s")
    axes.tick_params(axis="x", direction="in", pad=-9)
    axes.set_ylabel("evidence, 1 is\nan even spread", fontsize=7)


def grid_video(
    frames: np.ndarray,
    rows: Sequence[MapRow],
    box: Box,
    columns: int = 2,
    colours: str = "inferno",
    cell_height: int = 240,
    times_sec: Sequence[float] = (),
) -> np.ndarray:
    """All overlays in one picture a segment, captions included: uint8 [T, H', W', 3], even sides.

    Where rows have times of their own, beside `times_sec` of the clip, there is a picture for each moment that any of
    them read, every row at its own nearest, dark before its first and after its last.
    """
    height, width = frames.shape[1:3]
    cell_width = round(cell_height * width / height)
    tiles = [
        [
            _captioned(cv2.resize(image, (cell_width, cell_height), interpolation=cv2.INTER_AREA), row)
            for image in images
        ]
        for row, images in ((row, overlays(row, frames, box, colours)) for row in rows)
    ]
    if any(row.times_sec is not None for row in rows):
        tiles = _in_step(tiles, [times_sec if row.times_sec is None else row.times_sec for row in rows])
    pictures = []
    for segment in range(len(tiles[0])):
        cells = [tile[segment] for tile in tiles]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
        lines = [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
        pictures.append(np.concatenate(lines))
    video = np.stack(pictures)
    return np.pad(video, ((0, 0), (0, video.shape[1] % 2), (0, video.shape[2] % 2), (0, 0)), mode="edge")


def _in_step(tiles: list[list[np.ndarray]], times: list[Sequence[float]]) -> list[list[np.ndarray]]:
    """Pictures of each row at the moments of all of them."""
    moments = np.unique(np.round(np.concatenate(times), 3))
    moments = moments[spread(len(moments), MOST_PICTURES)] if len(moments) > MOST_PICTURES else moments
    together = []
    for images, own in zip(tiles, map(np.asarray, times), strict=True):
        slack = 0.5 * (own[-1] - own[0]) / max(1, len(own) - 1) + 0.001
        is_read = (moments >= own[0] - slack) & (moments <= own[-1] + slack)
        nearest = np.abs(moments[:, None] - own).argmin(1)
        together.append([images[n] if seen else images[n] // 3 for n, seen in zip(nearest, is_read, strict=True)])
    return together


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
