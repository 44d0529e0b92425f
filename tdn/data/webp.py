"""Animated WebP, which FFmpeg 8.1.2 does not open: frames by Pillow, times from the file's own chunks.

Source of the layout: RFC 9649, 2.7.1.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from tdn.data.video import MAX_PIXELS, Timeline, TooManyFrames, UndecodableFrame, UnreadableVideo, VideoInfo
from tdn.data.video.info import timing_notes, usual_rate
from tdn.data.video.opening import expect_picture_size
from tdn.data.video.picture import on_black

ANIMATED = 2
# Browsers show a frame with next to no time for this long; so do players of GIF.
SHORTEST, USUAL = 10, 100


def is_animated_webp(path: Path) -> bool:
    """Whether the file says so in its first bytes, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) == 21 and bool(head[20] & ANIMATED)


def probe_webp(path: Path, max_pixels: int = MAX_PIXELS, max_frames: int | None = None) -> VideoInfo:
    """As `tdn.data.video.probe`; decodes the first frame only."""
    with path.open("rb") as file:
        head = file.read(30)
    # Before Pillow sees it, which makes room for whole pictures at once.
    width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    expect_picture_size(path, width, height, max_pixels)
    durations = _durations(path)
    if not durations:
        raise UnreadableVideo(f"{path.name}: an animated WebP without frames; export it again")
    if max_frames is not None and len(durations) > max_frames:
        raise TooManyFrames(f"{path.name}: holds more than {max_frames} frames, the limit; cut the clip")
    with _opened(path) as image:
        has_alpha = _frame(path, image, 0)[..., 3].min() < 255
    times = tuple(int(time) for time in np.cumsum([0, *durations[:-1]]))
    timeline = Timeline(times, (), Fraction(1, 1000), timed=True)
    fps = usual_rate(timeline.seconds()) or 1000 / durations[0]
    return VideoInfo(
        name=path.name,
        num_frames=len(durations),
        fps=fps,
        width=width,
        height=height,
        codec="webp",
        span_sec=sum(durations) / 1000,
        notes=(
            *(["The video has transparent parts: they are shown on black."] if has_alpha else []),
            *timing_notes(timeline.seconds()),
        ),
        timeline=timeline,
    )


def decode_webp(path: Path, indices: Iterable[int], info: VideoInfo) -> Iterator[tuple[int, np.ndarray]]:
    """As `tdn.data.video.decode_frames`: Pillow goes through the frames from the first one on."""
    with _opened(path) as image:
        for index in sorted({int(index) for index in indices}):
            if not 0 <= index < info.num_frames:
                raise ValueError(f"{path.name}: frame {index} does not exist; expected 0 to {info.num_frames - 1}")
            yield index, np.ascontiguousarray(on_black(_frame(path, image, index)))


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableVideo(f"{path.name}: an animated WebP that is broken ({error}); export it again") from None


def _frame(path: Path, image: Image.Image, index: int) -> np.ndarray:
    try:
        image.seek(index)
        return np.asarray(image.convert("RGBA"))
    except (OSError, EOFError, SyntaxError) as error:
        raise UndecodableFrame(f"{path.name}: frame {index} cannot be decoded ({error}); export it again") from None


def _durations(path: Path) -> list[int]:
    """How long each frame is shown, in milliseconds."""
    durations = []
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            end = file.tell() + size + size % 2
            if head[:4] == b"ANMF":
                told = int.from_bytes(file.read(15)[12:15], "little")
                durations.append(told if told > SHORTEST else USUAL)
            file.seek(end)
    return durations
