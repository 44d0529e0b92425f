"""Synthetic clips rendered once and kept packed, for training that reads each of them many times.

A clip is kept as its centre frames and its windows at half resolution: averaging 2x2 pixels commutes with S-TDM's
subtraction, so nothing S-TDM reads is lost (but the rounding to uint8) and a clip takes less than half the space.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import current_process, get_context
from pathlib import Path

import cv2
import numpy as np
from filelock import FileLock, Timeout
from tqdm import tqdm

from tdn.data import sampling
from tdn.motion import (
    FLIP_HORIZONTAL,
    FLIP_VERTICAL,
    REVERSE_TIME,
    TRANSPOSE,
    render_windows,
)
from tdn.motion.splits import SPLITS, Clip, is_training, scene_seed, split_title

# Below this many clips, starting processes takes longer than rendering.
WORTH_PROCESSES = 200


@dataclass
class Pool:
    """Packed clips: `centre` uint8 [n, T, S, S, 3], `half` uint8 [n, T, L, S/2, S/2, 3], `labels` int [n]."""

    centre: np.ndarray
    half: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def windowed_clip(
    split: str, seed: int, index: int, size: int, num_segments: int, window: int
) -> tuple[Clip, np.ndarray]:
    """One clip of a split and the frames of its windows, int64 [T, L].

    Training clips take a random window in each segment, all others the middle one.
    """
    clip = SPLITS[split].make(seed, index, size)
    if is_training(split):
        rng = np.random.default_rng([*scene_seed(split, seed, index), 1])
        starts = sampling.train_window_starts(clip.num_frames, num_segments, rng, window)
    else:
        starts = sampling.even_window_starts(clip.num_frames, num_segments, window)
    return clip, sampling.windows(starts, clip.num_frames, window)


def render_packed(split: str, seed: int, index: int, size: int, num_segments: int, window: int):
    """One clip of the set: centre [T, S, S, 3], half [T, L, S/2, S/2, 3], its class."""
    cv2.setNumThreads(1)
    scene, places = windowed_clip(split, seed, index, size, num_segments, window)
    frames, _ = render_windows(scene, places)
    half = np.empty((*frames.shape[:2], size // 2, size // 2, 3), np.uint8)
    for t, k in np.ndindex(frames.shape[:2]):
        half[t, k] = cv2.resize(frames[t, k], (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    return frames[:, window // 2], half, scene.label_index


def load_or_render_pool(
    folder: Path, split: str, num_clips: int, seed: int, size: int, num_segments: int = 8, window: int = 5
) -> Pool:
    """Read a pool from `folder`, rendering it first (a core each, with a progress bar) where it is not there yet.

    Two runs that want the same pool at once get it whole: one renders, the other waits. Raises RuntimeError for a
    script that every process started here would run again.
    """
    if getattr(current_process(), "_inheriting", False):  # Python's own sentence comes too late: we would wait below
        raise RuntimeError(
            "rendering starts processes, and each of them runs this script again; put what the script does under "
            "`if __name__ == '__main__':`"
        )
    name = f"synthetic-{split_title(split)}-{num_clips}-seed{seed}-{size}px-{num_segments}x{window}"
    target = Path(folder) / name
    target.mkdir(parents=True, exist_ok=True)
    with _alone(target / "lock", f"waiting for another run, which renders the same {num_clips} {split} clips"):
        if not (target / "labels.npy").is_file():
            _render_pool(target, split, num_clips, seed, size, num_segments, window)
    # Held in memory: memory-mapped reads stall training once the page cache is evicted.
    return Pool(*(np.load(target / f"{part}.npy") for part in ("centre", "half", "labels")))


@contextmanager
def _alone(path: Path, waiting: str) -> Iterator[None]:
    """One process at a time; who has to wait says so. A process that is killed waits for and holds nothing."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(waiting, file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _render_pool(
    target: Path, split: str, num_clips: int, seed: int, size: int, num_segments: int, window: int
) -> None:
    shape = (num_clips, num_segments)
    centre = _reserved(target / "centre.npy", (*shape, size, size, 3))
    half = _reserved(target / "half.npy", (*shape, window, size // 2, size // 2, 3))
    labels = np.empty(num_clips, int)
    jobs = (repeat(split), repeat(seed), range(num_clips), repeat(size), repeat(num_segments), repeat(window))
    with _rendered(jobs, num_clips) as clips:
        for index, packed in enumerate(tqdm(clips, total=num_clips, desc=f"rendering {split} clips", unit="clip")):
            centre[index], half[index], labels[index] = packed
    centre.flush()
    half.flush()
    # Put there last: its presence says that the pool is whole.
    with (target / "labels.partial").open("wb") as file:
        np.save(file, labels)
    (target / "labels.partial").replace(target / "labels.npy")


def _reserved(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A uint8 array in a file whose space on the disk is taken: writing to a full one through memory would kill us."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):  # not on Windows and macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


@contextmanager
def _rendered(jobs: tuple[Iterable, ...], num_clips: int) -> Iterator[Iterable]:
    """The clips of `jobs` in order: a few rendered here, many on every core."""
    if num_clips < WORTH_PROCESSES:
        yield map(render_packed, *jobs)
        return
    # Spawned, not forked: a fork of a process with other threads (a server, a decoder) can wait for ever.
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map(render_packed, *jobs, chunksize=32)


@dataclass(frozen=True)
class Variant:
    """One of up to 16 exact variants of a clip and a colour change, and the `label` it then has.

    Applied in this order: mirrored (columns), flipped (rows), transposed, reversed in time, the three colours
    exchanged, negative.
    """

    label: int
    is_mirrored: bool = False
    is_flipped: bool = False
    is_transposed: bool = False
    is_reversed: bool = False
    colours: tuple[int, int, int] = (0, 1, 2)
    is_negative: bool = False


def draw_variant(label: int, rng: np.random.Generator) -> Variant:
    """Draw a variant of a clip of class `label`.

    Mirrored, transposed or reversed motion is another class or the same one; where the class has no such partner the
    operation is left out.
    """
    applied = []
    for partner in (FLIP_HORIZONTAL, FLIP_VERTICAL, TRANSPOSE, REVERSE_TIME):
        applied.append(rng.random() < 0.5 and partner[label] is not None)
        label = partner[label] if applied[-1] else label
    colours = tuple(rng.permutation(3).tolist()) if rng.random() < 0.5 else (0, 1, 2)
    return Variant(label, *applied, colours, rng.random() < 0.2)


def augment(centre: np.ndarray, half: np.ndarray, label: int, rng: np.random.Generator):
    """A drawn variant of a clip: (centre, half, label of the variant).

    Arrays as in `Pool`, without the first axis; views where possible.
    """
    variant = draw_variant(label, rng)
    if variant.is_mirrored:
        centre, half = centre[:, :, ::-1], half[:, :, :, ::-1]
    if variant.is_flipped:
        centre, half = centre[:, ::-1], half[:, :, ::-1]
    if variant.is_transposed:
        centre, half = centre.swapaxes(1, 2), half.swapaxes(2, 3)
    if variant.is_reversed:
        centre, half = centre[::-1], half[::-1, ::-1]
    if variant.colours != (0, 1, 2):
        centre, half = centre[..., variant.colours], half[..., variant.colours]
    if variant.is_negative:
        centre, half = 255 - centre, 255 - half
    return centre, half, variant.label
