"""PNG pictures of 16 bits a sample in colour, of which Pillow 12.3.0 keeps the upper 8."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def deep_samples(path: Path) -> np.ndarray:
    """The samples of a 16-bit PNG: uint16 [H, W, C] with C of 1 to 4. Raises ValueError for a broken one."""
    import av

    decoder = av.CodecContext.create("png", "r")
    decoder.thread_count = 1
    try:
        frame = decoder.decode(av.Packet(path.read_bytes()))[0]
    except (av.FFmpegError, IndexError):
        raise ValueError("FFmpeg cannot decode it") from None
    kept = {"gray16be": "gray16le", "rgb48be": "rgb48le"}.get(frame.format.name, "rgba64le")
    samples = frame.to_ndarray(format=kept, threads=1)
    return samples.reshape(*samples.shape[:2], -1)
