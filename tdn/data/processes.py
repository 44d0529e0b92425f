"""Batches from loading processes, none of which can stop a run without a word."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, Dataset

# Reading a video has a time limit inside the process; this is for one that hangs where no limit reaches it.
QUIET_SECONDS = 1800.0
# Processes hand batches over in the memory that lies here; a container has 64 MB of it unless asked for more.
SHARED_MEMORY = Path("/dev/shm")
SHARED_FULL = ("shared memory", "Bus error", "No space left on device")


def batches_of(
    dataset: Dataset,
    workers: int,
    quiet_seconds: float = QUIET_SECONDS,
    batch_bytes: int = 0,
    **options: Any,
) -> Iterator[tuple]:
    """The batches of a torch DataLoader with `options`, loaded by `workers` processes (0: in this one).

    With `batch_bytes`, the size of a batch, there are no more processes than shared memory has room for. Raises
    ValueError with one sentence where a process reports bad data, is killed, or sends nothing for `quiet_seconds`.
    """
    if workers and batch_bytes:
        workers = with_room(workers, batch_bytes * (options.get("prefetch_factor") or 2))
        options["prefetch_factor"] = options.get("prefetch_factor") if workers else None
    loader = DataLoader(dataset, num_workers=workers, timeout=quiet_seconds if workers else 0, **options)
    try:
        yield from loader
    except (ValueError, OSError) as error:
        if not workers:
            raise
        if any(words in str(error) for words in SHARED_FULL):
            raise ValueError(no_room()) from None
        # A process sends its error as a traceback, whose last line is the error's class and sentence.
        raise ValueError(str(error).strip().splitlines()[-1].partition(": ")[2]) from None
    except RuntimeError as error:
        said = str(error)
        if said.startswith("DataLoader timed out"):
            raise ValueError(
                f"the loading processes sent nothing for {quiet_seconds:g} seconds: the disk or a decoder hangs; look "
                f"at the data with `python -m tdn data check`, or load with workers=0"
            ) from None
        if workers and any(words in said for words in SHARED_FULL):
            raise ValueError(no_room()) from None
        if said.startswith("DataLoader worker"):
            raise ValueError(
                f"a loading process was killed, most often for want of memory ({said.splitlines()[0]}); use fewer "
                f"workers"
            ) from None
        raise


def with_room(workers: int, bytes_each: int) -> int:
    """How many loading processes have room for their batches in shared memory; says so where it is fewer than asked."""
    if not SHARED_MEMORY.is_dir():
        return workers
    space = os.statvfs(SHARED_MEMORY)
    # One batch more than the processes hold is under way.
    fitting = int(0.9 * space.f_bavail * space.f_frsize / bytes_each) - 1
    if fitting >= workers:
        return workers
    few = max(0, fitting)
    print(
        f"shared memory has {space.f_bavail * space.f_frsize / 2**20:.0f} MB free and a loading process takes "
        f"{bytes_each / 2**20:.0f} MB of it: {few or 'no'} process{'' if few == 1 else 'es'} instead of {workers} "
        f"(docker run --shm-size=2g gives more)",
        file=sys.stderr,
    )
    return few


def no_room() -> str:
    return (
        "shared memory is full, through which loading processes hand over their batches; use fewer of them (workers=0 "
        "needs none), or give a container more: docker run --shm-size=2g"
    )
