"""Hostile files for `studies.abuse.fuzz`: each kind of `KINDS` makes one of sound videos, by the draws of `rng`."""

import random
from collections.abc import Callable
from pathlib import Path

import av

from studies.abuse.absurd import absurd_dimensions, absurd_durations, absurd_tables
from studies.abuse.damage import (
    appended,
    bit_flips,
    header_bit_flips,
    lost_packets,
    missing_keyframes,
    noise_runs,
    spliced,
    strange_name,
    truncated,
    unchanged,
    wrong_extension,
)
from studies.abuse.sources import write
from studies.abuse.unusual import (
    animated_images,
    archives,
    changing_size,
    costly,
    many_frames,
    many_streams,
    no_video,
    odd_pixels,
    odd_sizes,
    playlists,
    variable_rate,
    zero_frames,
)

KINDS: dict[str, Callable[[random.Random, list[Path], Path], Path]] = {
    "unchanged": unchanged,
    "bit flips": bit_flips,
    "bit flips in the header": header_bit_flips,
    "runs of noise": noise_runs,
    "truncated": truncated,
    "spliced": spliced,
    "appended": appended,
    "wrong extension": wrong_extension,
    "strange name": strange_name,
    "absurd dimensions": absurd_dimensions,
    "absurd durations": absurd_durations,
    "absurd tables": absurd_tables,
    "zero frames": zero_frames,
    "missing keyframes": missing_keyframes,
    "lost packets": lost_packets,
    "variable rate": variable_rate,
    "odd pixels": odd_pixels,
    "odd sizes": odd_sizes,
    "changing size": changing_size,
    "many frames": many_frames,
    "many streams": many_streams,
    "animated images": animated_images,
    "archives": archives,
    "playlists": playlists,
    "no video": no_video,
    "costly": costly,
}


# How often a kind is drawn for each time that the others are: damage has more forms than the rest, and costs less.
WEIGHTS = {"bit flips": 4, "bit flips in the header": 4, "runs of noise": 3, "truncated": 3, "spliced": 3}


RARE = {"costly": 0.1, "many frames": 0.3, "odd sizes": 0.6}


def mutation(number: int, seed: int, videos: list[Path], folder: Path) -> tuple[str, Path]:
    """The kind and the file of one mutation, the same for the same number, seed and videos.

    The first of a run go through all kinds once.
    """
    rng = random.Random(f"{seed} {number}")
    names = list(KINDS)
    shares = [WEIGHTS.get(name, 1) * RARE.get(name, 1) for name in names]
    kind = names[number] if number < len(names) else rng.choices(names, shares)[0]
    try:
        return kind, KINDS[kind](rng, videos, folder)
    except (av.FFmpegError, ValueError) as error:  # this FFmpeg can't write it
        return kind, write(folder, Path("not-made.mp4"), str(error).encode())
