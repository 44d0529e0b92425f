"""Sound videos to mutate, and how files are made of them."""

import os
import random
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder talks

import av  # isort: skip
import numpy as np

REAL = Path(__file__).resolve().parents[3] / "shared" / "clips"


SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif", ".ts", ".mpg", ".flv", ".wmv", ".ogv", ".h264", ".ivf")


# File name: codec, pixel format. Small, of every container that the page opens.
SYNTHETIC = {
    "h264.mp4": ("libx264", "yuv420p"),
    "h264.mkv": ("libx264", "yuv420p"),
    "h264.avi": ("libx264", "yuv420p"),
    "h264.ts": ("libx264", "yuv420p"),
    "h264.flv": ("libx264", "yuv420p"),
    "h264.h264": ("libx264", "yuv420p"),
    "h265.mp4": ("libx265", "yuv420p"),
    "vp8.webm": ("libvpx", "yuv420p"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "vp8.ivf": ("libvpx", "yuv420p"),
    "mpeg4.avi": ("mpeg4", "yuv420p"),
    "mpeg4.mov": ("mpeg4", "yuv420p"),
    "mpeg2.mpg": ("mpeg2video", "yuv420p"),
    "wmv2.wmv": ("wmv2", "yuv420p"),
    "flv1.flv": ("flv", "yuv420p"),
    "mjpeg.avi": ("mjpeg", "yuvj420p"),
    "animation.gif": ("gif", "rgb8"),
}


def frames(count: int = 20, width: int = 96, height: int = 64) -> Iterable[np.ndarray]:
    """A square that moves over a gradient: uint8 [H, W, 3]."""
    for number in range(count):
        frame = np.empty((height, width, 3), np.uint8)
        frame[:] = np.linspace(40, 200, width, dtype=np.uint8)[:, None]
        left = number * width // count
        frame[height // 4 : height // 2, left : left + 12] = (240, 90, 20)
        yield frame


def encode(
    path: Path,
    codec: str,
    pixels: str,
    pictures: Iterable[np.ndarray] | None = None,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video as PyAV allows; `times` in 1/25 s."""
    with av.open(str(path), "w") as container:
        stream = None
        for number, picture in enumerate(pictures if pictures is not None else frames()):
            if stream is None:
                stream = container.add_stream(codec, rate=25)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixels
                stream.options = options or ({"x265-params": "log-level=none"} if codec == "libx265" else {})
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format=pixels)
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if codec == "libsvtav1" and hasattr(os, "SCHED_OTHER"):  # it makes root's process a real-time one: all others wait
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def sources(folder: Path, largest: int = 400_000) -> list[Path]:
    """Sound videos to mutate: small ones made in `folder`, and the real clips beside this checkout where there are."""
    made = [encode(folder / name, *how) for name, how in SYNTHETIC.items()]
    real = [path for path in sorted(REAL.glob("*/*.*")) if path.suffix in SUFFIXES] if REAL.is_dir() else []
    return made + [path for path in real if path.stat().st_size <= largest and has_video(path)]


def draw(rng: random.Random, videos: list[Path]) -> tuple[Path, bytearray]:
    path = rng.choice(videos)
    return path, bytearray(path.read_bytes() or b"\0")


def write(folder: Path, path: Path, data: bytes | None = None) -> Path:
    """A file in `folder` with the name of `path`, and its bytes unless others are given."""
    target = folder / path.name
    target.write_bytes(path.read_bytes() if data is None else data)
    return target


def has_video(path: Path) -> bool:
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.video)
    except av.FFmpegError:
        return False


def places_of(data: bytes, mark: bytes) -> list[int]:
    places, at = [], data.find(mark)
    while at >= 0:
        places.append(at)
        at = data.find(mark, at + 1)
    return places


def remuxed(path: Path, folder: Path, keep: Callable[[int, av.Packet], bool]) -> Path:
    """A copy that holds those packets of the video stream alone for which `keep` says so."""
    target = folder / path.name
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0], opaque=True)
        container.start_encoding()  # the header, even if nothing follows
        try:
            for number, packet in enumerate(source.demux(source.streams.video[0])):
                if packet.dts is not None and keep(number, packet):
                    packet.stream = stream
                    container.mux(packet)
        except av.FFmpegError:
            pass  # what was written until here is hostile enough
    return target
