"""A decoding process, to be run as a program, whose jobs sleep, allocate, crash or fail: by the name of the file."""

import ctypes
import os
import signal
import time
from pathlib import Path

import numpy as np

from tdn.data.clip import Pictures
from tdn.data.decoding import serve
from tdn.data.video import VideoInfo


def sleep() -> None:
    time.sleep(600)


def allocate() -> None:
    np.ones(2**34, np.uint8)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def segfault() -> None:
    ctypes.string_at(0)


def fail() -> None:
    raise ZeroDivisionError


def keep() -> None:
    keep.kept = np.ones(40 * 2**20, np.uint8)  # what a leak looks like


def chatter() -> None:
    os.write(1, b"a library prints\n")


def misbehave(asked: dict) -> Pictures:
    deed = globals().get(Path(asked["path"]).stem)
    if deed:
        deed()
    segments, window, size = asked["num_segments"], asked["window"], asked["preprocess"]["input_size"]
    return Pictures(
        views=np.full((1, size, size, 3), 7, np.uint8),
        numbers=np.zeros(1, np.int64),
        shown=np.zeros((1, 20, 30, 3), np.uint8),
        shown_numbers=np.zeros(1, np.int64),
        times_sec=np.zeros(1),
        windows=np.zeros((1, segments, window), np.int64),
        seam_windows=np.zeros(1, np.int64),
        showings=(),
        info=VideoInfo("clip.mp4", 1, 12.5, 30, 20),
    )


if __name__ == "__main__":
    serve(misbehave)
