"""Batches from loading processes, none of which can stop a run without a word."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader, Dataset

# Reading a video has a time limit inside the process; this is for one that hangs where no limit reaches it.
QUIET_SECONDS = 1800.0


def batches_of(dataset: Dataset, workers: int, quiet_seconds: float = QUIET_SECONDS, **options: Any) -> Iterator[tuple]:
    """The batches of a torch DataLoader with `options`, loaded by `workers` processes (0: in this one).

    Raises ValueError with one sentence where a process reports bad data, is killed, or sends nothing for
    `quiet_seconds`.
    """
    loader = DataLoader(dataset, num_workers=workers, timeout=quiet_seconds if workers else 0, **options)
    try:
        yield from loader
    except (ValueError, OSError) as error:
        if not workers:
            raise
        # A process sends its error as a traceback, whose last line is the error's class and sentence.
        raise ValueError(str(error).strip().splitlines()[-1].partition(": ")[2]) from None
    except RuntimeError as error:
        said = str(error)
        if said.startswith("DataLoader timed out"):
            raise ValueError(
                f"the loading processes sent nothing for {quiet_seconds:g} seconds: the disk or a decoder hangs; look "
                f"at the data with `python -m tdn data check`, or load with workers=0"
            ) from None
        if said.startswith("DataLoader worker"):
            raise ValueError(
                f"a loading process was killed, most often for want of memory ({said.splitlines()[0]}); use fewer "
                f"workers"
            ) from None
        raise
