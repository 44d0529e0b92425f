"""Sound files of unusual kinds, and what is no video: functions as in `damage`."""

import gzip
import io
import json
import pickle
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import av
import numpy as np
from PIL import Image

from studies.abuse.sources import SUFFIXES, draw, encode, frames, remuxed, write

ODD_PIXELS = (
    ("libx264", "yuv444p", ".mp4"),
    ("libx264", "yuv422p10le", ".mkv"),
    ("libx265", "gbrp", ".mp4"),
    ("libx265", "yuv420p12le", ".mkv"),
    ("libvpx-vp9", "yuva420p", ".webm"),
    ("libvpx-vp9", "gbrp", ".mkv"),
    ("ffv1", "yuv411p", ".mkv"),
    ("ffv1", "yuva444p", ".mkv"),
    ("ffv1", "yuv410p", ".avi"),
    ("ffv1", "yuv420p16le", ".mkv"),
    ("huffyuv", "bgra", ".avi"),
    ("png", "rgb48be", ".mov"),
    ("png", "monob", ".avi"),
    ("png", "ya16be", ".mov"),
    ("qtrle", "rgb555be", ".mov"),
    ("rawvideo", "rgb24", ".avi"),
    ("rawvideo", "uyvy422", ".mov"),
    ("rawvideo", "gray", ".mkv"),
    ("prores_ks", "yuva444p10le", ".mov"),
    ("dnxhd", "gbrp10le", ".mov"),
    ("jpeg2000", "gbrp14le", ".mkv"),
    ("cinepak", "gray", ".mov"),
    ("utvideo", "gbrap", ".avi"),
)


def zero_frames(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """A header with nothing behind it."""
    if rng.random() < 0.3:
        return write(folder, Path("empty.gif"), b"GIF89a" + struct.pack("<HHBBB", 64, 48, 0, 0, 0) + b";")
    if rng.random() < 0.3:
        return write(folder, rng.choice(videos), b"")
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".flv")])
    return remuxed(path, folder, lambda number, packet: False)


def variable_rate(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    longest = rng.choice((3, 25, 25 * 3600, 25 * 3600 * 24 * 365))
    times = np.cumsum([rng.randrange(1, longest + 1) for _ in range(20)]).tolist()
    name, codec = rng.choice((("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx")))
    return encode(folder / name, codec, "yuv420p", times=times, options={"bf": "0"} if codec == "libx264" else {})


def odd_pixels(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    codec, pixels, suffix = rng.choice(ODD_PIXELS)
    # DNxHR wants 256 x 120 at least.
    width, height = (256, 128) if codec == "dnxhd" else rng.choice(((96, 64), (64, 16), (20, 160)))
    options = {"profile": "dnxhr_444"} if codec == "dnxhd" else None
    return encode(folder / f"{pixels}{suffix}", codec, pixels, frames(6, width, height), options=options)


def odd_sizes(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Sizes at and beyond the limits: one pixel, odd sides, thin strips, 4096 x 2304 and more."""
    sizes = ((2, 2), (16, 16), (17, 33), (15, 640), (16, 4000), (8192, 16), (16, 16384), (4096, 2304), (4100, 2304))
    width, height = rng.choice(sizes)
    codec, pixels, suffix = rng.choice(
        (("png", "rgb24", ".mov"), ("ffv1", "bgr0", ".mkv"), ("mjpeg", "yuvj444p", ".avi"))
    )
    return encode(folder / f"{width}x{height}{suffix}", codec, pixels, frames(3, width, height))


def changing_size(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """The picture changes its size in the middle, as a stream may."""
    suffix = rng.choice((".h264", ".ts", ".mpg"))
    codec = "mpeg2video" if suffix == ".mpg" else "libx264"
    parts = []
    for size in rng.sample([(96, 64), (640, 480), (32, 400), (1920, 1080)], 2):
        parts.append(encode(folder / f"part{suffix}", codec, "yuv420p", frames(8, *size)).read_bytes())
    (folder / f"part{suffix}").unlink()
    return write(folder, Path(f"changing{suffix}"), b"".join(parts))


def many_frames(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """A small file of a hundred thousand pictures, about the limit."""
    count = rng.choice((20_000, 99_999, 100_001, 300_000))
    picture = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    )
    head = b"GIF89a" + struct.pack("<HHBBB", 32, 32, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    return write(folder, Path("many.gif"), head + picture * count + b";")


def many_streams(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = folder / f"streams{rng.choice(('.mkv', '.mp4', '.ts'))}"
    count = rng.choice((2, 9, 60))
    with av.open(str(path), "w") as container:
        streams = [
            container.add_stream("mpeg4" if path.suffix != ".ts" else "mpeg2video", rate=25) for _ in range(count)
        ]
        for number, stream in enumerate(streams):
            stream.width, stream.height, stream.pix_fmt = 64 + 16 * (number % 3), 64, "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        for stream in streams:
            for picture in frames(5, stream.width, 64):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
        for _ in range(5):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            samples.sample_rate = 8000
            container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    return path


def animated_images(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    suffix = rng.choice((".gif", ".png", ".webp", ".tiff"))
    path = folder / f"animated{rng.choice((suffix, '.mp4', '.gif'))}"
    width, height = rng.choice(((64, 48), (1, 1), (300, 20), (1500, 1000)))
    pictures = [Image.fromarray(frame) for frame in frames(4, width, height)]
    kind = {".gif": "GIF", ".png": "PNG", ".webp": "WEBP", ".tiff": "TIFF"}[suffix]
    times = {} if suffix == ".tiff" else {"duration": rng.choice((0, 10, 60_000))}
    pictures[0].save(path, kind, save_all=True, append_images=pictures[1:], **times)
    return path


def archives(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    inside = rng.choice((bytes(data), bytes(30_000_000)))
    packed = io.BytesIO()
    kind = rng.choice(("zip", "tar", "gz", "zip behind a video"))
    if kind == "tar":
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            link = tarfile.TarInfo("link.mp4")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    elif kind == "gz":
        packed.write(gzip.compress(inside, 1))
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../clip.mp4", inside)
    return write(folder, path, (data if "behind" in kind else b"") + packed.getvalue())


def playlists(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Text by which FFmpeg would open other files and addresses."""
    other = rng.choice(("/etc/passwd", str(videos[0]), "http://127.0.0.1:9/a.ts", "file:///etc/hostname", "../a.mp4"))
    text = rng.choice(
        (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{other}'\n",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=control:{other}\n",
            f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{other}</BaseURL></MPD>',
            f"[playlist]\nFile1={other}\nNumberOfEntries=1\n",
            f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{other}">]><a>&b;</a>',
        )
    )
    return write(folder, Path(f"list{rng.choice(SUFFIXES)}"), text.encode())


def no_video(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Text, pictures, programs, sound, random bytes, and a pickle that would write a file."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "JPEG")
    contents = (
        b"hello\n" * rng.randrange(1, 2000),
        picture.getvalue(),
        b"\x7fELF" + rng.randbytes(3000),
        rng.randbytes(rng.randrange(1, 50_000)),
        bytes(rng.randrange(1, 50_000)),
        json.dumps({"moov": {"mdat": [1] * 500}}).encode(),
        pickle.dumps(WritesAFile(str(folder / "written"))),
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    )
    return write(folder, Path(f"none{rng.choice(SUFFIXES)}"), rng.choice(contents))


def costly(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """One keyframe and then hundreds of large pictures: as dear to read as the limits allow."""
    noise = np.random.default_rng(rng.randrange(2**32)).integers(0, 255, (1080, 1920, 3), np.uint8)
    pictures = (np.roll(noise, 40 * number, axis=1) for number in range(90))
    options = {"g": "9999", "crf": "40", "preset": "ultrafast"}
    return encode(folder / "costly.mp4", "libx264", "yuv420p", pictures, options=options)


class WritesAFile:
    """Unpickled, it writes an empty file."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self) -> tuple:
        return open, (self.path, "w")
