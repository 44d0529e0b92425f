"""Sound videos, damaged: each function takes the random draws, the sound videos, and a folder for its one file."""

import random
from pathlib import Path

from studies.abuse.sources import SUFFIXES, draw, remuxed, write


def unchanged(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return write(folder, rng.choice(videos))


def bit_flips(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    for _ in range(2 ** rng.randrange(8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return write(folder, path, data)


def header_bit_flips(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """In the first bytes, or where an MP4 keeps its index."""
    path, data = draw(rng, videos)
    begin = max(0, data.find(b"moov"))
    for _ in range(2 ** rng.randrange(6)):
        data[min(len(data) - 1, begin + rng.randrange(1500))] ^= 1 << rng.randrange(8)
    return write(folder, path, data)


def noise_runs(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    for _ in range(rng.randrange(1, 4)):
        begin = rng.randrange(len(data))
        data[begin : begin + rng.randrange(1, 4096)] = rng.randbytes(rng.randrange(1, 4096))
    return write(folder, path, data)


def truncated(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    return write(folder, path, data[: rng.randrange(len(data))])


def spliced(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """The head of one file and the tail of another."""
    path, data = draw(rng, videos)
    _, other = draw(rng, videos)
    at = rng.choice((rng.randrange(1, 512), rng.randrange(len(data))))
    return write(folder, path, data[:at] + other[min(at, len(other) // 2) :])


def appended(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    return write(folder, path, data + rng.choice((draw(rng, videos)[1], rng.randbytes(5000), data)))


def wrong_extension(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    suffix = rng.choice([*SUFFIXES, ".txt", ".html", ".svg", ".exe", ".m3u8", ".py", ""])
    return write(folder, path.with_name(path.stem + suffix), data)


def strange_name(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    names = (
        "a\nb",
        "-i",
        "%s%n%d",
        "concat:a|b",
        "http:__a",
        "'\"<b>&",
        "ünï",
        "x" * 200,
        " ",
        "..",
        "pipe:0",
        "\u202e",
    )
    return write(folder, Path(rng.choice(names) + path.suffix), data)


def missing_keyframes(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".ts", ".webm", ".flv")])
    every = rng.random() < 0.5
    return remuxed(path, folder, lambda number, packet: not (packet.is_keyframe and (every or number == 0)))


def lost_packets(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".ts", ".webm", ".flv")])
    return remuxed(path, folder, lambda number, packet: rng.random() < 0.6)
