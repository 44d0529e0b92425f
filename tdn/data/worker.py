"""Decoding in a process of its own: a file that crashes, stalls or bloats the decoder costs one request one sentence.

`DecodingWorker` is the side of the server, `decoding` the program on the other. Between them go lines of JSON and the
bytes of arrays, never pickles: what comes out of a process that reads strangers' files is data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import numpy as np

from tdn.data.clip import Clip, Pictures, clip_of
from tdn.data.film import AS_FILMED, ClipTaker, Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import MAX_PIXELS, VideoError, VideoInfo

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "tdn.data.decoding")
START_SECONDS = 60

# What the process may report of a file; the rest is our own fault, or the decoder's.
REPORTED = {error.__name__: error for error in (FileNotFoundError, *VideoError.__subclasses__())}


class DecodingTimeout(VideoError):
    """Decoding was stopped at its time limit."""


class DecodingOutOfMemory(VideoError):
    """Decoding wanted more memory than its limit."""


class DecoderFailed(VideoError):
    """The decoding process ended, or met an error that nobody expected."""


class DecodingWorker:
    """Decodes clips in one other process, one after the other, and replaces it when it breaks.

    A clip may take `seconds`, and `memory_mb` MiB above what the process takes idle (held on Linux alone); `max_pixels`
    and `max_frames` are limits on the video. The process starts now and ends with this object or with its server.
    """

    def __init__(
        self,
        seconds: float = 30,
        memory_mb: int = 1024,
        max_pixels: int = MAX_PIXELS,
        max_frames: int = 100_000,
        program: Sequence[str] = PROGRAM,
    ):
        self.seconds = seconds
        self.memory_mb = memory_mb
        self.max_pixels = max_pixels
        self.max_frames = max_frames
        self._program = program
        self._turn = threading.Lock()
        self._start()

    @property
    def pid(self) -> int:
        """The process that decodes now."""
        return self._process.pid

    def load_clip(self, path: Path, model: ClipTaker, speed: float = 1.0, repeat: int = 1, part: float = 1.0) -> Clip:
        """As `tdn.data.clip.load_clip`, within the limits, which are on the file and not on what is shown of it.

        Raises DecodingTimeout, DecodingOutOfMemory and DecoderFailed as well, and RuntimeError where no process can be
        started.
        """
        return clip_of(self.read_pictures(path, model, [Showing(speed, repeat, part)]), model.preprocess)

    def read_pictures(
        self, path: Path, model: ClipTaker, showings: Sequence[Showing], display_short_side: int = 360
    ) -> Pictures:
        """As `tdn.data.clip.read_pictures`, within the limits: several showings of a video for one reading."""
        job = {
            "path": str(path.absolute()),
            "num_segments": model.num_segments,
            "window": model.window,
            "preprocess": model.preprocess.to_dict(),
            "showings": [asdict(showing) for showing in showings],
            "display_short_side": display_short_side,
            "max_pixels": self.max_pixels,
            "max_frames": self.max_frames,
            "seconds": self.seconds,
        }
        with self._turn:
            return self._pictures(job, path.name, showings)

    def read_every_frame(self, path: Path, info: VideoInfo, short_side: int) -> np.ndarray:
        """All frames of the video `info`, shrunk for showing: uint8 [F, h, w, 3]. Raises as `load_clip` does."""
        all_of_them = SimpleNamespace(num_segments=info.num_frames, window=1, preprocess=Preprocess.all_frames())
        return self.read_pictures(path, all_of_them, [AS_FILMED], short_side).shown

    def close(self) -> None:
        """End the process."""
        self._stop()

    def _pictures(self, job: dict, name: str, showings: Sequence[Showing]) -> Pictures:
        self._wait_until_ready()
        answer, arrays = None, {}
        with _killed_after(self.seconds, self._process) as is_late:
            try:
                answer, arrays = self._exchange(job)
            except (EOFError, OSError):
                pass  # it ended, perhaps by our own hand
        if is_late():
            self._restart()
            raise DecodingTimeout(
                f"{name}: reading it took longer than {self.seconds:g} seconds; cut or export it smaller"
            )
        if answer is None:
            self._restart()
            raise DecoderFailed(f"{name}: the decoder broke down on this file; export or record the video again")
        # Memory that FFmpeg did not give back would be missing to the next visitor.
        if answer["grown_mb"] > self.memory_mb / 4:
            self._restart()
        error = answer.get("error")
        if error is None:
            return Pictures(**arrays, showings=showings, info=VideoInfo(**answer["info"]))
        if error in REPORTED:
            raise REPORTED[error](answer["message"])
        self._restart()
        if error == "MemoryError":
            raise DecodingOutOfMemory(
                f"{name}: reading it takes more than {self.memory_mb} MB of memory, the limit; export the video smaller"
            )
        raise DecoderFailed(f"{name}: the decoder failed on this file; export or record the video again")

    def _exchange(self, job: dict) -> tuple[dict, dict[str, np.ndarray]]:
        """Send a job and wait for its answer. Raises EOFError or OSError once the process has ended."""
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(_line(self._process.stdout))
        return answer, {
            name: _array(self._process.stdout, dtype, shape) for name, dtype, shape in answer.get("arrays", [])
        }

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [*self._program, str(self.memory_mb)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which ends this process itself
        )
        self._stop = weakref.finalize(self, _stop, self._process)
        self._is_ready = False

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _wait_until_ready(self) -> None:
        if self._process.poll() is not None:  # ended between two requests
            self._restart()
        if self._is_ready:
            return
        with _killed_after(START_SECONDS, self._process):
            started = self._process.stdout.readline()
        if started != b"ready\n":
            self._restart()
            raise RuntimeError("the process for decoding does not start; its own words stand in the log")
        self._is_ready = True


@contextmanager
def _killed_after(seconds: float, process: subprocess.Popen) -> Iterator[Callable[[], bool]]:
    """Kill the process if the block takes longer; gives a function that says, after the block, whether it did."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()
        timer.join()


def _stop(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        try:
            pipe.close()
        except OSError:
            pass  # what was not sent yet has no reader any more


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _array(stream: BinaryIO, dtype: str, shape: Sequence[int]) -> np.ndarray:
    array = np.empty(shape, dtype)
    if stream.readinto(memoryview(array).cast("B")) < array.nbytes:
        raise EOFError
    return array
