"""A video is a file, a folder of numbered frames, as Something-Something V1 comes, or an animated WebP."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tdn.data import video
from tdn.data.frame_folders import FRAME_FOLDER_FPS, FRAME_SUFFIXES, decode_folder, frame_files, probe_folder
from tdn.data.video import MAX_PIXELS, VideoInfo
from tdn.data.webp import decode_webp, is_animated_webp, probe_webp

__all__ = ["FRAME_FOLDER_FPS", "FRAME_SUFFIXES", "decode_frames", "frame_files", "probe"]


def probe(path: str | Path, max_pixels: int = MAX_PIXELS, max_frames: int | None = None) -> VideoInfo:
    """`tdn.data.video.probe`, of a folder of frames too: UnreadableVideo where it has none, or lacks one."""
    path = Path(path)
    if path.is_dir():
        return probe_folder(path)
    if is_animated_webp(path):
        return probe_webp(path, max_pixels, max_frames)
    return video.probe(path, max_pixels, max_frames)


def decode_frames(
    path: str | Path, indices: Iterable[int], info: VideoInfo | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """`tdn.data.video.decode_frames`, of a folder of frames too: the picture at place n in the order of numbers."""
    path = Path(path)
    if path.is_dir():
        yield from decode_folder(path, indices, info or probe_folder(path))
    elif is_animated_webp(path):
        yield from decode_webp(path, indices, info or probe_webp(path))
    else:
        yield from video.decode_frames(path, indices, info)
