"""Files and folders of clips on a disk: which are videos, which are of the system, and where a name leads."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tdn.data.listed import such_as
from tdn.data.names import loose
from tdn.data.source import FRAME_SUFFIXES
from tdn.data.webp import is_animated_webp

VIDEO_SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".ogv", ".3gp", ".gif"),
    *(".m2ts", ".mts", ".asf", ".vob", ".m2v", ".mpe", ".mpv", ".m1v", ".3g2", ".f4v", ".qt", ".divx", ".dv", ".mxf"),
    *(".rm", ".rmvb", ".nut", ".ogg", ".ogm", ".wtv", ".y4m", ".tp", ".trp", ".mjpeg", ".mjpg", ".apng", ".m4s"),
}
# Made by an operating system, a cloud drive or a notebook; nobody's class.
JUNK = {
    *("__macosx", "@eadir", "lost+found", "$recycle.bin", "#recycle", "@recycle", "system volume information"),
    *("__pycache__", "thumbs.db", "desktop.ini", "recycler", "found.000", "@tmp", "#snapshot"),
}

# Data sets put optical flow, masks and the like in folders beside those of the frames.
OF_COLOUR = re.compile(r"(?i)rgb|frames?|images?|imgs?|colou?rs?|jpe?gs?")
OF_OTHERS = re.compile(
    r"(?i)(optical[ _-]?)?flows?([ _-]?[xyuv])?|[uv]|tvl1|depths?|masks?|segmentations?|thumb(nail)?s?|previews?|ir|"
    r"infrared|thermal|skeletons?|poses?"
)


def is_junk(name: str) -> bool:
    """Whether a file or folder is hidden, or one that systems make by themselves."""
    return name.startswith(".") or name.casefold() in JUNK


def is_video(path: Path) -> bool:
    """Whether a path looks like a video or a folder of frames, by its name; nothing is opened."""
    if is_junk(path.name):
        return False
    if path.is_dir():
        return frames_and_folders(path)[0]
    return path.suffix.lower() in VIDEO_SUFFIXES or is_moving_picture(path)


def frames_and_folders(folder: Path) -> tuple[bool, int]:
    """Whether a folder holds pictures and no films, and how many folders lie in it.

    Pictures beside films are their thumbnails, and pictures that move are films.
    """
    first: dict[str, str] = {}
    folders = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_junk(entry.name):
                continue
            if entry.is_dir():
                folders += 1
            else:
                suffix = os.path.splitext(entry.name)[1].lower()
                first[suffix] = min(first.get(suffix, entry.name), entry.name)
    films = first.keys() & VIDEO_SUFFIXES or any(is_moving_picture(folder / name) for name in first.values())
    return bool(first.keys() & FRAME_SUFFIXES) and not films, folders


def is_moving_picture(path: Path) -> bool:
    """Whether a file is an animated PNG or WebP, by its first bytes."""
    suffix = path.suffix.lower()
    if suffix == ".webp":
        return is_animated_webp(path)
    if suffix != ".png" or not path.is_file():
        return False
    with path.open("rb") as file:
        return b"acTL" in file.read(4096).split(b"IDAT")[0]


@dataclass
class LeftOut:
    """What was met and not read: junk by name, files by their ending, names that are no text."""

    junk: Counter = field(default_factory=Counter)
    endings: Counter = field(default_factory=Counter)
    unreadable_names: list[str] = field(default_factory=list)
    beside_colour: Counter = field(default_factory=Counter)
    in_frames: list[str] = field(default_factory=list)

    def notes(self, where: str) -> list[str]:
        notes = []
        if self.junk:
            named = [name if count == 1 else f"{name} ({count} times)" for name, count in sorted(self.junk.items())]
            notes.append(f"{where}: left out as hidden or made by a system: {such_as(named, 6)}")
        if self.endings:
            named = [f"{count} {ending or 'without an ending'}" for ending, count in sorted(self.endings.items())]
            notes.append(f"{where}: {sum(self.endings.values())} files left out as no videos: {such_as(named, 8)}")
        if self.beside_colour:
            named = [f"{name} ({count} times)" for name, count in sorted(self.beside_colour.items())]
            notes.append(f"{where}: folders beside those of the frames in colour, left out: {such_as(named, 6)}")
        if self.in_frames:
            notes.append(
                f"{where}: {len(self.in_frames)} folders of frames have folders in them, such as {self.in_frames[0]}; "
                f"those are left out"
            )
        if self.unreadable_names:
            notes.append(
                f"{where}: {len(self.unreadable_names)} files left out whose names are not UTF-8 text, such as "
                f"{self.unreadable_names[0]!a}; rename them"
            )
        return notes


def clips_below(folder: Path, left_out: LeftOut | None = None) -> Iterator[Path]:
    """Every video and folder of frames below a folder, however deep, in the order of their names."""
    left_out = left_out or LeftOut()
    yield from _clips_below(folder, left_out, {os.path.realpath(folder)})


def _clips_below(folder: Path, left_out: LeftOut, above: set[str]) -> Iterator[Path]:
    paths = sorted(folder.iterdir())
    in_colour = any(OF_COLOUR.fullmatch(path.name) and path.is_dir() for path in paths)
    for path in paths:
        if is_junk(path.name):
            left_out.junk[path.name if not path.name.startswith("._") else "._*"] += 1
        elif not is_text(path.name):
            left_out.unreadable_names.append(path.name)
        elif path.is_dir():
            if in_colour and OF_OTHERS.fullmatch(path.name):
                left_out.beside_colour[path.name] += 1
                continue
            real = os.path.realpath(path)
            is_frames, folders = frames_and_folders(path)
            if is_frames:
                if folders:
                    left_out.in_frames.append(path.name)
                yield path
            elif real not in above:  # a link to a folder above would never end
                yield from _clips_below(path, left_out, above | {real})
        elif path.suffix.lower() in VIDEO_SUFFIXES or is_moving_picture(path):
            yield path
        else:
            left_out.endings[path.suffix.lower()] += 1


def is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Finder:
    """The files and folders that a list's names lead to, under one of several roots; it remembers what it had to bend.

    The released code adds .mp4 to the names of videos. A name that is not there as written is looked for with / for
    its backslashes, then with other capitals and composed or decomposed letters; it has to be the only one of its kind.
    """

    def __init__(self, roots: Iterable[Path]):
        self.roots = list(roots)
        self._folders: dict[str, dict[str, list[str]]] = {}
        self.backslashes: list[str] = []
        self.respelt: list[tuple[str, str]] = []
        self.twice: list[tuple[Path, Path]] = []
        self._looked = 0

    def __call__(self, name: str) -> Path | None:
        found = self._as_written(name)
        if found is None and "\\" in name:
            name = name.replace("\\", "/")
            found = self._as_written(name)
            if found is not None:
                self.backslashes.append(name)
        if found is None:
            found = next((path for root in self.roots if (path := self._loosely(root, name)) is not None), None)
            if found is not None:
                self.respelt.append((name, found.name))
        return found

    def _as_written(self, name: str) -> Path | None:
        found: list[Path] = []
        for path in (root / f"{name}{suffix}" for root in self.roots for suffix in ("", ".mp4", ".webm", ".avi")):
            try:
                if path.exists():
                    found.append(path)
            except (OSError, ValueError):  # too long for any file, or with a sign that no file has
                continue
            # A second copy under one of the other roots is worth a word; a few thousand names show it.
            if found and (len(found) > 1 or self._looked > 2000):
                break
        self._looked += 1
        if len(found) > 1 and os.path.realpath(found[0]) != os.path.realpath(found[1]):
            self.twice.append((found[0], found[1]))
        return found[0] if found else None

    def _loosely(self, root: Path, name: str) -> Path | None:
        path = Path(root, name)
        here = Path(path.anchor or ".")
        for place, part in enumerate(path.parts[1:] if path.anchor else path.parts):
            if part == ".." or (here / part).exists():
                here /= part
                continue
            is_last = place == len(path.parts) - (2 if path.anchor else 1)
            suffixes = ("", ".mp4", ".webm", ".avi") if is_last else ("",)
            names = [real for suffix in suffixes for real in self._inside(here).get(loose(part + suffix), [])]
            if len(names) != 1:
                return None
            here /= names[0]
        return here

    def _inside(self, folder: Path) -> dict[str, list[str]]:
        """The names in a folder by their loose form."""
        key = str(folder)
        if key not in self._folders:
            names: dict[str, list[str]] = {}
            try:
                for name in sorted(os.listdir(folder)):
                    names.setdefault(loose(name), []).append(name)
            except OSError:
                pass
            self._folders[key] = names
        return self._folders[key]

    def notes(self, where: str) -> list[str]:
        notes = []
        if self.backslashes:
            notes.append(f"{where}: {len(self.backslashes)} names with backslashes, read as {self.backslashes[0]!r}")
        if self.respelt:
            listed, real = self.respelt[0]
            notes.append(
                f"{where}: {len(self.respelt)} names are spelt otherwise on the disk (capitals, white space, composed "
                f"or decomposed letters), such as {real!r} for {listed!r}; those files are read"
            )
        if self.twice:
            one, other = self.twice[0]
            notes.append(
                f"{where}: {len(self.twice)} or more names lead to two files, such as {one} and {other}; the first is "
                f"read. LIST:ROOT says where the videos lie"
            )
        return notes
