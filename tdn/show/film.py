"""The maps over every frame of a video, at its own rate: interpolated between two segments, and marked so."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from tdn.data.video import VideoInfo, write_mp4
from tdn.explain.scale import SCALES, over_timeline
from tdn.letters import strip
from tdn.show.collected import LAYER_NAMES, Collected, Look, painted, scaled

COLUMNS = 2
INTERPOLATED = "white ticks and white border: a segment was looked at; in between interpolated linearly"


def write_film(path: Path, frames: Iterable[np.ndarray], info: VideoInfo, result: Collected, look: Look) -> None:
    """All frames of the video `info` with the maps of `result`, as H.264 that shows each when the video does.

    Raises as `film` does.
    """
    write_mp4(path, film(frames, info.num_frames, result, look), fps=info.fps, times_sec=info.times_sec)


def film(frames: Iterable[np.ndarray], num_frames: int, result: Collected, look: Look) -> Iterator[np.ndarray]:
    """Every frame uint8 [H, W, 3] of a video with each map over it, two in a row, captions above: uint8 [H', W', 3].

    `result.numbers` say which frames were looked at. Raises ValueError for a change after which one frame stands for
    several segments, in an order that the video does not have.
    """
    order = _in_order(result)
    knots = np.asarray(result.numbers)[order]
    height, width = result.frames.shape[1:3]
    maps = []
    for one, found in zip(result.maps, scaled([result], look)[0], strict=True):
        segments = np.arange(len(knots)) * len(found.values) // len(knots)
        values, is_knot = over_timeline(found.values[segments[order]], knots, num_frames)
        note = "no positive evidence" if found.is_empty else f"scale {SCALES[look.scale]}, max {found.maximum:.2g}"
        share = f"“{result.label}” {100 * one.probability:.0f}%" + (f", {result.change}" if result.change else "")
        title = strip((f"{one.network} · {LAYER_NAMES.get(one.layer, one.layer)}", share, note), width)
        maps.append((title, None if found.is_empty else values))
    for number, frame in enumerate(frames):
        frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        tiles = [
            np.concatenate(
                [
                    title,
                    _marked(
                        frame
                        if values is None
                        else painted(frame[None], values[number : number + 1], result.box, look)[0],
                        is_knot[number],
                    ),
                ]
            )
            for title, values in maps
        ]
        yield _together(tiles, number, knots, num_frames)


def _in_order(result: Collected) -> list[int]:
    """The segments in the order of their frames in the video."""
    numbers = list(result.numbers)
    if numbers != sorted(numbers) and len(set(numbers)) < len(numbers):
        raise ValueError(
            f"after “{result.change}” one frame stands for several segments, so there is no film of it; take the film "
            "of the clip as it is"
        )
    return sorted(range(len(numbers)), key=lambda segment: numbers[segment])


def _marked(picture: np.ndarray, is_knot: bool) -> np.ndarray:
    """A white border where a segment was looked at."""
    if is_knot:
        picture = picture.copy()
        cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, picture.shape[0] - 1), (255, 255, 255), 3)
    return picture


def _together(tiles: list[np.ndarray], number: int, knots: Sequence[int], num_frames: int) -> np.ndarray:
    """Tiles side by side and below each other, the strip of time at the bottom."""
    columns = min(COLUMNS, len(tiles))
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[start : start + columns], axis=1) for start in range(0, len(tiles), columns)]
    return np.concatenate([*rows, time_strip(rows[0].shape[1], number, knots, num_frames)])


def time_strip(width: int, number: int, knots: Sequence[int], num_frames: int) -> np.ndarray:
    """Where the video is, the frames that were looked at as ticks, and what lies between: uint8 [h, width, 3]."""
    line = np.full((16, width, 3), 24, np.uint8)
    scale = (width - 1) / max(1, num_frames - 1)
    for knot in knots:
        cv2.line(line, (round(knot * scale), 3), (round(knot * scale), 12), (235, 235, 235), 1)
    cv2.circle(line, (round(number * scale), 8), 4, (255, 176, 66), -1, cv2.LINE_AA)
    return np.concatenate([line, strip((INTERPOLATED,), width)])
