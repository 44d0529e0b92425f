"""The sample clips of the project: files, titles, one picture each."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tdn.data.video import VideoError, probe, read_frames

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opening:
    """How the page opens on a clip: `sentence` says what it shows, `part` percent of it are one thing passing, and
    `repeat` times over that part makes the stroboscope.
    """

    sentence: str
    part: int
    repeat: int


@dataclass(frozen=True)
class SampleClip:
    """`picture` uint8 [H, W, 3] is a frame that stands for the clip; `label` what it shows, where that is known;
    `credit` who made it, where that was somebody else; `opening` where the page may open on it.
    """

    path: Path
    title: str
    picture: np.ndarray
    label: str | None = None
    credit: str = ""
    opening: Opening | None = None


def sample_clips(folder: Path) -> list[SampleClip]:
    """The clips that `samples.json` of the folder lists, or all its .mp4 files; none where there is no folder.

    A file that is missing or can't be read is left out and logged.
    """
    listing = folder / "samples.json"
    if listing.is_file():
        entries = json.loads(listing.read_text())
    else:
        entries = [{"file": path.name, "title": path.stem.replace("_", " ")} for path in sorted(folder.glob("*.mp4"))]
    clips = []
    for entry in entries:
        opening = Opening(**entry["opening"]) if "opening" in entry else None
        try:
            path = (folder / entry["file"]).resolve()
            info = probe(path)
            # Where one thing passes, it is in the middle of that part.
            place = info.num_frames * (opening.part / 200 if opening else 0.5)
            picture = read_frames(path, [int(place)], info=info)[0]
        except (VideoError, FileNotFoundError) as error:
            log.warning("sample not offered: %s", error)
            continue
        clips.append(SampleClip(path, entry["title"], picture, entry.get("label"), entry.get("credit", ""), opening))
    return clips
