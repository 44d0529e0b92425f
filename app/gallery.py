"""The sample clips of the project: files, titles, one picture each."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tdn.data.video import VideoError, probe, read_frames

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SampleClip:
    """`picture` uint8 [H, W, 3] is the frame in the middle of the clip."""

    path: Path
    title: str
    picture: np.ndarray


def sample_clips(folder: Path) -> list[SampleClip]:
    """The clips that `samples.json` of the folder lists, or all its .mp4 files; none where there is no folder.

    A file that is missing or can't be read is left out and logged.
    """
    listing = folder / "samples.json"
    if listing.is_file():
        titles = {entry["file"]: entry["title"] for entry in json.loads(listing.read_text())}
    else:
        titles = {path.name: path.stem.replace("_", " ") for path in sorted(folder.glob("*.mp4"))}
    clips = []
    for file, title in titles.items():
        try:
            path = (folder / file).resolve()
            info = probe(path)
            picture = read_frames(path, [info.num_frames // 2], info=info)[0]
        except (VideoError, FileNotFoundError) as error:
            log.warning("sample not offered: %s", error)
            continue
        clips.append(SampleClip(path, title, picture))
    return clips
