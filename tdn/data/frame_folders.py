"""A folder of pictures as a video: which of its pictures are the frames, and what they look like.

The frames are one sequence of names that differ in a number alone, such as img_00001.jpg. Data sets put optical flow,
masks or small previews beside it; the pictures of colour are told by their usual names, or the folder is refused.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from tdn.data.pictures import bits_used, first_picture, read_picture, shown_size
from tdn.data.video import UnreadableVideo, VideoInfo

FRAME_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}
# Something-Something's frames come at about this rate; only a network that thins videos to a rate asks for it.
FRAME_FOLDER_FPS = 12.0
# What frames of colour are called: 00001, img_00001 (TSN), image_00001 (3D-ResNets), frame_0000000001 (EPIC-Kitchens).
RGB_PREFIX = re.compile(r"(|img|image|im|frame|rgb|colou?r)[_-]?", re.IGNORECASE)
ENDINGS = {".jpeg": ".jpg", ".tiff": ".tif"}
DIGITS = re.compile(r"([0-9]+)")


@dataclass
class Frames:
    """Pictures whose names differ in a number alone: `pattern` has # for it, `numbered` holds it with each name."""

    pattern: str
    prefix: str
    suffix: str
    numbered: list[tuple[int, str]]

    @property
    def is_rgb(self) -> bool:
        return not self.suffix and RGB_PREFIX.fullmatch(self.prefix) is not None

    def __str__(self) -> str:
        return self.pattern if len(self.numbered) > 1 else self.numbered[0][1]


def probe_folder(folder: Path) -> VideoInfo:
    """The facts of a folder of frames. Raises UnreadableVideo where it has none, several sequences, or a gap."""
    sequence, notes = _frames_of(folder)
    files = [folder / name for _, name in sequence.numbered]
    first, more = first_picture(files[0])
    bits = bits_used(files)
    if bits in range(1, 16):
        more.append(f"The pictures have 16 bits a sample and use {bits} of them, which are taken as the whole range.")
    height, width = first
    return VideoInfo(
        folder.name, len(files), FRAME_FOLDER_FPS, width, height, codec="pictures", notes=(*notes, *more), bits=bits
    )


def decode_folder(folder: Path, indices: Iterable[int], info: VideoInfo) -> Iterator[tuple[int, np.ndarray]]:
    """The picture at place n in the order of numbers, uint8 [H, W, 3]; each different number once.

    Raises UndecodableFrame for a file that is not a whole picture, UnreadableVideo for one of another size.
    """
    files = frame_files(folder)
    for index in sorted({int(index) for index in indices}):
        picture = read_picture(files[index], info.bits)
        if picture.shape[:2] != (info.height, info.width):
            raise _other_size(folder, files, files[index], picture.shape[1], picture.shape[0], info.width, info.height)
        yield index, picture


def frame_files(folder: Path) -> list[Path]:
    """The frames of a folder in the order of their numbers, whatever their first number.

    Raises UnreadableVideo for a folder without pictures or with several sequences of them, where two pictures have one
    number, and where a number between two others is missing: no other frame takes its place.
    """
    return [folder / name for _, name in _frames_of(folder)[0].numbered]


def expect_one_size(folder: Path) -> None:
    """Read the size of every picture without decoding it. Raises UnreadableVideo where two differ."""
    files = frame_files(folder)
    sizes = ((path, *shown_size(path)) for path in files)
    _, width, height = next(sizes)
    for path, other_width, other_height in sizes:
        if (other_width, other_height) != (width, height):
            raise _other_size(folder, files, path, other_width, other_height, width, height)


def _other_size(folder: Path, files: list[Path], path: Path, *sizes: int) -> UnreadableVideo:
    width, height, first_width, first_height = sizes
    return UnreadableVideo(
        f"{folder.name}: {path.name} is {width}x{height} pixels and {files[0].name} {first_width}x{first_height}; "
        "expected pictures of one size, extract the video again"
    )


def _frames_of(folder: Path) -> tuple[Frames, list[str]]:
    """The sequence that is read, and a sentence on the pictures that are not."""
    pictures = [
        name
        for name in os.listdir(folder)
        if os.path.splitext(name)[1].lower() in FRAME_SUFFIXES and not name.startswith(".")
    ]
    sequences = _sequences(folder.name, pictures)
    if not sequences:
        raise UnreadableVideo(f"{folder.name}: no frames in this folder; expected a video, or pictures like 00001.jpg")
    chosen = _chosen(folder, sequences)
    _expect_no_gap(folder, chosen)
    others = [f"{one} ({len(one.numbered)})" for one in sequences if one is not chosen]
    others += sorted(name for name in pictures if not DIGITS.search(os.path.splitext(name)[0]))
    if not others:
        return chosen, []
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return chosen, [
        f"The frames are {chosen} ({len(chosen.numbered)}); left out are other pictures beside them: {shown}."
    ]


def _chosen(folder: Path, sequences: list[Frames]) -> Frames:
    """The frames of colour by their name, or the only sequence there is; a single picture beside one is none."""
    candidates = [one for one in sequences if len(one.numbered) > 1] or sequences
    if len(candidates) == 1:
        return candidates[0]
    known = [one for one in candidates if one.is_rgb]
    if len(known) == 1:
        return known[0]
    shown = [f"{one} ({len(one.numbered)})" for one in known or candidates]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    raise UnreadableVideo(
        f"{folder.name}: holds several sequences of pictures, {', '.join(shown[:3])}{more}; expected one, or one that "
        "is named like img_00001.jpg"
    )


def _expect_no_gap(folder: Path, sequence: Frames) -> None:
    numbered = sequence.numbered
    for (number, name), (after, other) in pairwise(numbered):
        if number == after:
            raise UnreadableVideo(f"{folder.name}: {name} and {other} are both frame {number}; remove one of them")
        if after != number + 1:
            raise UnreadableVideo(
                f"{folder.name}: frame {number + 1} is missing between {numbered[0][0]} and {numbered[-1][0]}; "
                "extract the video again"
            )


def _sequences(where: str, pictures: Iterable[str]) -> list[Frames]:
    """Pictures by their names less the one number that counts, largest sequence first."""
    alike: dict[tuple, list[tuple[list[str], str]]] = defaultdict(list)
    for name in pictures:
        stem, ending = os.path.splitext(name)
        parts = DIGITS.split(stem)  # text and digits by turns
        if len(parts) > 1:
            alike[(*parts[0::2], ENDINGS.get(ending.lower(), ending.lower()))].append((parts, name))
    found: dict[tuple[str, str], dict[str, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for (*_, ending), group in alike.items():
        count = _counting_part([parts for parts, _ in group])
        if len(count) > 1 and (other := _other_order([parts for parts, _ in group], count)) is not None:
            first = min(group, key=lambda one: int(one[0][count[0]]))[1]
            last = min(group, key=lambda one: int(one[0][other]))[1]
            raise UnreadableVideo(
                f"{where}: two numbers count its pictures, in two orders: {first} or {last} is the first; "
                "leave one number in the names"
            )
        for parts, name in group:
            # Numbers that go up with the count, such as a time, belong to no sequence of their own.
            fixed = [part if place not in count else "#" for place, part in enumerate(parts)]
            place = count[0]
            key = "".join(fixed[:place]), "".join(fixed[place + 1 :])
            found[key][ending].append((int(parts[place]), name))
    sequences = []
    for (prefix, suffix), by_ending in found.items():
        numbers = [number for numbered in by_ending.values() for number in {number for number, _ in numbered}]
        if len(numbers) == len(set(numbers)):  # one sequence, though its files are of several kinds
            by_ending = {"/".join(sorted(by_ending)): [one for numbered in by_ending.values() for one in numbered]}
        for ending, numbered in by_ending.items():
            sequences.append(Frames(f"{prefix}#{suffix}{ending}", prefix, suffix, sorted(numbered)))
    return sorted(sequences, key=lambda one: (-len(one.numbered), one.pattern))


def _counting_part(names: Sequence[list[str]]) -> list[int]:
    """The place of the number that counts the names, followed by those of numbers that differ in every name too."""
    places = range(1, len(names[0]), 2)
    different = {place: len({parts[place] for parts in names}) for place in places}
    every = [place for place in places if different[place] == len(names)]
    if len(names) > 1 and every:
        runs = [place for place in every if _is_run([int(parts[place]) for parts in names])]
        first = (runs or every)[0]
        return [first, *(place for place in every if place != first)]
    return [max(places, key=lambda place: (different[place], place))]


def _other_order(names: Sequence[list[str]], count: Sequence[int]) -> int | None:
    """The place of another number that counts without a gap, and puts the names in another order than the first."""
    orders = {
        place: sorted(range(len(names)), key=lambda one: int(names[one][place]))
        for place in count
        if _is_run([int(parts[place]) for parts in names])
    }
    return next((place for place, order in orders.items() if order != orders[next(iter(orders))]), None)


def _is_run(numbers: list[int]) -> bool:
    return max(numbers) - min(numbers) + 1 == len(numbers)
