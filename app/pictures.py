"""The pictures that the browser gets as files, each in a new folder whose name can't be guessed."""

import secrets
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from app.analysis import Analysis, Prepared

# Pixels of the longer side of a frame on the page: a panel is at most 440 wide.
LONG_SIDE = 480


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Width and height with the longer side at most LONG_SIDE."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def frame_row(frames: np.ndarray) -> np.ndarray:
    """Frames side by side at the size shown: uint8 [T, H, W, 3] -> [h, T*w, 3]."""
    size = shown_size(frames.shape[2], frames.shape[1])
    return np.concatenate([np.asarray(Image.fromarray(frame).resize(size)) for frame in frames], axis=1)


def write_pictures(folder: Path, analysis: Analysis, prepared: Prepared) -> tuple[Path, Path | None]:
    """The row of the slider's pictures as a JPEG; and that of the windows, where a window has more than one frame and
    all networks read the same ones.
    """
    frames = write_frames(folder, analysis.timeline.pictures)
    windows = prepared.clip.half_windows() if analysis.is_shared and prepared.clip.frames.shape[1] > 1 else None
    return frames, None if windows is None else write_windows(folder, windows)


def write_frames(folder: Path, frames: np.ndarray) -> Path:
    """The row of frames, uint8 [N, H, W, 3], as a JPEG in a new folder under `folder`."""
    path = new_file(folder, "frames.jpg")
    Image.fromarray(frame_row(frames)).save(path, "JPEG", quality=80)
    return path


def write_windows(folder: Path, windows: np.ndarray) -> Path:
    """Windows uint8 [T, L, h, w, 3] as a JPEG in a new folder under `folder`: a row a segment, frames side by side."""
    path = new_file(folder, "windows.jpg")
    rows = np.concatenate(np.concatenate(list(windows.swapaxes(0, 1)), axis=2))
    # Differences are drawn of it: no colour is thinned out, and little rounded.
    Image.fromarray(rows).save(path, "JPEG", quality=95, subsampling=0)
    return path


def new_file(folder: Path, name: str) -> Path:
    """A path in a new folder under `folder`, to be written."""
    return _new_folder(folder) / name


def copied(folder: Path, file: Path) -> Path:
    """A copy of a file in a new folder under `folder`."""
    return Path(shutil.copy(file, _new_folder(folder)))


def _new_folder(folder: Path) -> Path:
    path = folder / secrets.token_hex(16)
    path.mkdir(parents=True)
    return path
