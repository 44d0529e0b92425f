"""The program that decodes for a server, in a process of its own: the other side of `worker.DecodingWorker`.

It reads jobs, a line of JSON each, and answers with a line of JSON and the bytes of arrays. It imports what decoding
needs and no torch.

    python -m tdn.data.decoding MEMORY_MB
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import SimpleNamespace

import numpy as np

from tdn.data.clip import Pictures, read_pictures
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import VideoError, VideoInfo, load_decoder

ARRAYS = ("views", "numbers", "shown", "shown_numbers", "times_sec", "windows", "seam_windows")
FACTS = [field.name for field in fields(VideoInfo) if field.name != "timeline"]


def serve(job: Callable[[dict], Pictures]) -> None:
    """Answer jobs from standard input until it ends. The first argument of the program is `memory_mb`."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody to answer: end without a word
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak in our place
    load_decoder()
    idle = _limited_to(int(sys.argv[1]))
    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        with _alarm(asked["seconds"]):
            answer, arrays = _answer(job, asked)
        answer["grown_mb"] = (_data_bytes() - idle) / 2**20
        answers.write(json.dumps(answer).encode() + b"\n")
        for array in arrays:
            answers.write(memoryview(array).cast("B"))
        answers.flush()


def _answer(job: Callable[[dict], Pictures], asked: dict) -> tuple[dict, list[np.ndarray]]:
    try:
        pictures = job(asked)
    except (VideoError, FileNotFoundError, MemoryError) as error:
        kind = "MemoryError" if isinstance(error, MemoryError) else type(error).__name__
        return {"error": kind, "message": str(error)}, []
    except Exception as error:
        traceback.print_exc()
        return {"error": f"unexpected {type(error).__name__}", "message": str(error)}, []
    arrays = {name: np.ascontiguousarray(getattr(pictures, name)) for name in ARRAYS}
    return {
        "info": {name: getattr(pictures.info, name) for name in FACTS},
        "arrays": [(name, array.dtype.str, array.shape) for name, array in arrays.items()],
    }, list(arrays.values())


def _read(asked: dict) -> Pictures:
    model = SimpleNamespace(
        num_segments=asked["num_segments"],
        window=asked["window"],
        preprocess=Preprocess.from_dict(asked["preprocess"]),
    )
    showings = [Showing(**values) for values in asked["showings"]]
    side, max_pixels, max_frames = (asked[name] for name in ("display_short_side", "max_pixels", "max_frames"))
    return read_pictures(asked["path"], model, showings, side, max_pixels, max_frames)


def _limited_to(memory_mb: int) -> int:
    """Hold this process to so many MiB above what it takes now, and give that in bytes; on Linux alone."""
    idle = _data_bytes()
    if idle:
        import resource

        # Not RLIMIT_AS: threads reserve address space by the gigabyte that they never use.
        resource.setrlimit(resource.RLIMIT_DATA, (idle + memory_mb * 2**20,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no copy of a visitor's clip on the disk
    return idle


def _data_bytes() -> int:
    """The memory of this process that is its own, used or not; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData"))
    except FileNotFoundError:
        return 0


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End this process, even inside FFmpeg, where nobody is left to kill it: the server itself may have been killed."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds + 5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    serve(_read)
