"""One clip explained by one or two models, written as a folder that can be cited."""

import json
from pathlib import Path

import cv2
import numpy as np

from tdn.data.clip import Clip
from tdn.data.source import decode_frames
from tdn.data.video import write_mp4
from tdn.explain.explanation import USUAL, Explanation, Question
from tdn.letters import save_figure
from tdn.networks import Network
from tdn.output import expect_writable, remove_files, sha256
from tdn.show.figures import grid_video, side_by_side, timeline_video
from tdn.show.manifest import manifest
from tdn.show.map_rows import Changes, heading, map_rows

# Of a folder that `write_bundle` fills.
FILES = ("manifest.json", "maps.npz", "overlay.mp4", "figure.png", "figure.pdf", "timeline.mp4")


def write_bundle(
    out: Path,
    clip: Clip,
    file_name: str,
    networks: dict[str, Network],
    explained: dict[str, Explanation],
    files: dict[str, Path | str],
    question: Question = USUAL,
    changes: Changes | None = None,
    timeline_of: Path | None = None,
) -> None:
    """Write maps.npz, overlay.mp4, figure.png, figure.pdf and, last, manifest.json into `out`.

    Keys of the dicts are "tdn" and "baseline", the first network and the second; `files` name them, as
    `tdn.networks.source` says. `changes` holds what each says after an
    intervention, by its name; their maps are `ROLE_LAYER_after_NAME`. With a video for `timeline_of` there is
    timeline.mp4 too. A folder holds one result: files of these names from an earlier call are deleted first, all others
    stay. The manifest has the hash of every file.
    """
    expect_writable(out)
    remove_files(out, FILES)
    changes = changes or {}
    rows = map_rows(list(explained.values()), question, changes, clip.times_sec)
    arrays = _arrays(explained, changes, question)
    np.savez_compressed(out / "maps.npz", frames=clip.centre_frames, **arrays)
    together = grid_video(clip.centre_frames, rows, clip.seen_box, times_sec=clip.times_sec)
    write_mp4(out / "overlay.mp4", together, fps=4)
    title = heading(file_name, list(explained.values()), question)
    figure = side_by_side(clip.centre_frames, clip.times_sec, rows, clip.seen_box, title)
    save_figure(figure, out / "figure.png", dpi=300)
    save_figure(figure, out / "figure.pdf")
    if timeline_of is not None:
        write_timeline(out / "timeline.mp4", timeline_of, clip, explained["tdn"], question)
    written = {"files": {name: sha256(out / name) for name in FILES if (out / name).exists()}}
    about = manifest(clip, file_name, networks, explained, files, question, changes, rows)
    unfinished = out / "manifest.json.partial"
    unfinished.write_text(json.dumps(about | written, indent=1))
    unfinished.replace(out / "manifest.json")


def write_timeline(path: Path, video: Path, clip: Clip, explained: Explanation, question: Question = USUAL) -> None:
    """The first layer's map of one model over the whole video, between its windows interpolated, as H.264."""
    row = map_rows([explained], question)[0]
    info = clip.info
    height, width = clip.centre_frames.shape[1:3]
    pictures = (
        cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        for _, frame in decode_frames(video, range(info.num_frames), info)
    )
    centres = clip.frames[:, clip.frames.shape[1] // 2]
    knots = np.round(np.interp(next(iter(explained.layers.values())).knots, np.arange(len(centres)), centres))
    painted = timeline_video(pictures, row, knots.astype(int), info.num_frames, clip.seen_box)
    write_mp4(path, painted, fps=info.fps, times_sec=info.times_sec)


def _arrays(explained: dict[str, Explanation], changes: Changes, question: Question) -> dict[str, np.ndarray]:
    """The raw maps by their names in maps.npz, and the frames of a network that read at other moments."""
    arrays = {f"{role}_{layer}": raw for role, one in explained.items() for layer, raw in one.shown(question).items()}
    arrays |= {
        f"{role}_{layer}_after_{name.replace(' ', '_')}": raw
        for name, after in changes.items()
        for role, one in after.items()
        for layer, raw in one.shown(question).items()
    }
    arrays |= {f"{role}_frames": one.pictures for role, one in explained.items() if one.times_sec is not None}
    return arrays
