"""Headers that claim what cannot be: functions as in `damage`."""

import random
import struct
from collections.abc import Sequence
from pathlib import Path

from studies.abuse.sources import draw, places_of, write

EXTREMES = (0, 1, 2, 15, 16, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def absurd_field(rng: random.Random, videos: list[Path], folder: Path, atoms: Sequence[bytes]) -> Path:
    """Extreme numbers in the atoms of an MP4 named, or of whatever follows such letters in another file."""
    path, data = draw(rng, [path for path in videos if path.suffix in (".mp4", ".mov")])
    places = [at for atom in atoms for at in places_of(data, atom)]
    for _ in range(rng.randrange(1, 4)):
        at = rng.choice(places) + 4 * rng.randrange(1, 12)
        data[at : at + 4] = struct.pack(">I", rng.choice(EXTREMES))
    return write(folder, path, data)


def absurd_dimensions(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return rng.choice((dimensions_of_mp4, dimensions_of_gif, dimensions_of_avi, dimensions_of_ivf, dimensions_of_mkv))(
        rng, videos, folder
    )


def dimensions_of_mp4(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix in (".mp4", ".mov")])
    for entry in (b"avc1", b"hvc1", b"hev1", b"av01", b"mp4v"):
        for at in places_of(data, entry):
            data[at + 28 : at + 32] = struct.pack(">HH", *rng.choices(EXTREMES[:8], k=2))
    for at in places_of(data, b"tkhd"):
        data[at + 80 : at + 88] = struct.pack(">II", *rng.choices(EXTREMES, k=2))
    return write(folder, path, data)


def dimensions_of_gif(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".gif"])
    data[6:10] = struct.pack("<HH", *rng.choices(EXTREMES[:8], k=2))
    return write(folder, path, data)


def dimensions_of_avi(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".avi"])
    at = data.find(b"strf")
    data[at + 12 : at + 20] = struct.pack("<II", *rng.choices(EXTREMES, k=2))
    return write(folder, path, data)


def dimensions_of_ivf(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".ivf"])
    data[12:16] = struct.pack("<HH", *rng.choices(EXTREMES[:8], k=2))
    at = data.find(b"\x9d\x01\x2a")  # the start code of a VP8 keyframe, its size behind it
    data[at + 3 : at + 7] = struct.pack("<HH", *rng.choices(EXTREMES[:6], k=2))
    return write(folder, path, data)


def dimensions_of_mkv(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix in (".mkv", ".webm")])
    for element in (b"\xb0\x81", b"\xb0\x82", b"\xba\x81", b"\xba\x82"):  # PixelWidth and PixelHeight, 1 or 2 bytes
        at = data.find(element, 0, 2000)
        if at >= 0:
            length = element[1] - 0x80
            data[at + 2 : at + 2 + length] = rng.randbytes(length)
    return write(folder, path, data)


def absurd_durations(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return absurd_field(rng, videos, folder, (b"mvhd", b"mdhd", b"tkhd", b"elst", b"stts", b"ctts"))


def absurd_tables(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Millions of frames, sizes and places that are not there."""
    return absurd_field(rng, videos, folder, (b"stsz", b"stsc", b"stco", b"stss", b"stsd", b"stts"))
