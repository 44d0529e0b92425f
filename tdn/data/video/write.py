"""Small H.264 files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av


# Units of a second that frame times are written in, as in MPEG.
CLOCK = 90_000


def write_mp4(
    path: str | Path,
    frames: Iterable[np.ndarray],
    fps: float = 8,
    crf: int = 20,
    times_sec: Sequence[float] | np.ndarray | None = None,
) -> None:
    """Write frames uint8 [H, W, 3], RGB, as H.264 4:2:0 that plays in every browser.

    They are shown at `fps`, or each at its own of `times_sec`, ascending from 0, where pauses then stay pauses; the
    last one is shown as long as `fps` says. 4:2:0 needs even sides: an odd picture gets its last row or column twice.
    Raises ValueError for no frames, or a frame of another shape or type than the first.
    """
    import av

    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"{Path(path).name}: no frames to write; pass at least one")
    # The index goes to the front of the file, so that playing starts before the download ends.
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = (side + side % 2 for side in first.shape[:2])
        stream.pix_fmt = "yuv420p"
        # The same frames give the same bytes, whatever the number of cores, and whatever the macroblock tree found in
        # memory (findings/x264-same-frames-other-bytes.sh).
        stream.codec_context.thread_count = 1
        stream.options = {"crf": str(crf), "preset": "veryfast", "mbtree": "0"}
        _tag_colours(stream.codec_context)
        if times_sec is not None:
            stream.codec_context.time_base = Fraction(1, CLOCK)
            # Reordered frames would be decoded long before a pause, and FFmpeg counts the length of a file by that.
            stream.codec_context.max_b_frames = 0
        for number, frame in enumerate(chain([first], frames)):
            if frame.dtype != np.uint8 or frame.shape != first.shape or frame.shape[2:] != (3,):
                raise ValueError(
                    f"{Path(path).name}: frames must be uint8 [H, W, 3] of one size, got {frame.dtype} "
                    f"{list(frame.shape)} after {list(first.shape)}"
                )
            even = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
            if times_sec is not None:
                picture.pts, picture.time_base = round(times_sec[number] * CLOCK), Fraction(1, CLOCK)
                picture.duration = round(CLOCK / fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _tag_colours(codec: av.VideoCodecContext) -> None:
    """Say what the conversion from RGB does (BT.601, limited range): players guess for a file that does not tell."""
    codec.color_range, codec.colorspace, codec.color_primaries, codec.color_trc = 1, 6, 6, 6
