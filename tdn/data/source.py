"""A video is a file or a folder of numbered frames, as Something-Something V1 comes: what it holds, its frames."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tdn.data import video
from tdn.data.video import UndecodableFrame, UnreadableVideo, VideoInfo

FRAME_SUFFIXES = {".jpg", ".jpeg", ".png"}
# Something-Something's frames come at about this rate; only a network that thins videos to a rate asks for it.
FRAME_FOLDER_FPS = 12.0


def probe(path: str | Path, *limits: Any) -> VideoInfo:
    """`tdn.data.video.probe`, of a folder of frames too: UnreadableVideo where it has none, or lacks one."""
    folder = Path(path)
    if not folder.is_dir():
        return video.probe(path, *limits)
    files = frame_files(folder)
    height, width = _picture(files[0]).shape[:2]
    return VideoInfo(folder.name, len(files), FRAME_FOLDER_FPS, width, height, codec="pictures")


def decode_frames(
    path: str | Path, indices: Iterable[int], info: VideoInfo | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """`tdn.data.video.decode_frames`, of a folder of frames too: the picture at place n in the order of numbers."""
    folder = Path(path)
    if not folder.is_dir():
        yield from video.decode_frames(path, indices, info)
        return
    files = frame_files(folder)
    for index in sorted({int(index) for index in indices}):
        yield index, _picture(files[index])


def frame_files(folder: Path) -> list[Path]:
    """The frames of a folder in the order of their numbers, whatever their names and first number.

    Raises UnreadableVideo where a number between two others is missing: no other frame takes its place.
    """
    numbered = {}
    for path in folder.iterdir():
        digits = re.findall(r"\d+", path.stem)
        if path.suffix.lower() in FRAME_SUFFIXES and digits and not path.name.startswith("."):
            numbered[int(digits[-1])] = path
    if not numbered:
        raise UnreadableVideo(f"{folder.name}: no frames in this folder; expected a video, or pictures like 00001.jpg")
    first, last = min(numbered), max(numbered)
    if last - first + 1 != len(numbered):
        lost = next(number for number in range(first, last) if number not in numbered)
        raise UnreadableVideo(
            f"{folder.name}: frame {lost} is missing between {first} and {last}; extract the video again"
        )
    return [numbered[number] for number in sorted(numbered)]


def _picture(path: Path) -> np.ndarray:
    """uint8 [H, W, 3]. Raises UndecodableFrame for a file that is not a whole picture."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise UndecodableFrame(f"{path.parent.name}/{path.name}: not a readable picture ({error})") from None
