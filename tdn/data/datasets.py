"""Data sets of videos as lists of items: a folder per class, a CSV, released lists, or one of the published five.

Reading a list opens no video. What a list names and the disk lacks stands in `DataSet.missing`; what
`python -m tdn data check` found broken is left out and counted in `DataSet.skipped`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tdn.data.flips import mirrored_classes
from tdn.data.lists import MAX_CLASSES, csv_rows, numbered_lines
from tdn.data.published import PUBLISHED, Listed, read_published
from tdn.data.source import FRAME_SUFFIXES

VIDEO_SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".ogv", ".3gp", ".gif")
}
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
SKIP_LIST = "tdn-skip.txt"
LABELS_CSV = "labels.csv"
LABEL_FILES = ("labels.txt", "label.txt", "category.txt", "categories.txt", "classInd.txt")
# Other names that people give to the parts; a list of one part leads to the others by these words in its name.
PARTS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "test"), "test": ("test", "testing")}


@dataclass(frozen=True)
class Item:
    """One labelled video: a file, or a folder of numbered frames. `num_frames` is what a list says, None without."""

    id: str
    path: Path
    label: int
    num_frames: int | None = None


@dataclass(frozen=True)
class DataSet:
    """A part (training, validation, test) of a data set.

    `flip[label]` is the class of a mirrored clip; None where mirroring is refused, for `flip_reason`. `missing` names
    clips of the lists that are not on disk, `skipped` counts those left out as broken. `named` is False where the data
    have numbers for classes, so that nothing checks what `labels` says of them.
    """

    name: str
    labels: tuple[str, ...]
    items: tuple[Item, ...]
    flip: tuple[int, ...] | None = None
    flip_reason: str = ""
    missing: tuple[str, ...] = ()
    skipped: int = 0
    named: bool = True


def open_dataset(
    data: str | Path, split: str = "val", labels: Sequence[str] | None = None, skip_list: Path | None = None
) -> DataSet:
    """The `split` of what `data` names.

    - a folder with a sub-folder of videos, or of folders of frames, for each class; optionally train/, val/ and test/
      above them. Classes are in alphabetical order.
    - a .csv with the columns file and label, paths relative to it, and optionally split. Classes in alphabetical order.
      A folder with a labels.csv, such as `synth` writes, is that file.
    - a list of the released code (.txt), `path num_frames label` or `path label`, with a labels.txt beside it. Paths
      are looked for from the list's folder upwards, or under ROOT with `LIST:ROOT`.
    - NAME:ROOT, a published data set from the files as shipped; NAME is something-v1, something-v2, kinetics400,
      ucf101 or hmdb51.

    `split` is train, val or test, for UCF101 and HMDB51 with a number ("val2"). Where the data have one part only, it
    is given for every split. `labels` name the classes of a list that has numbers only. `skip_list` names items to
    leave out; without it tdn-skip.txt, or NAME.skip.txt beside a list, is taken if it exists.
    Raises FileNotFoundError or ValueError with one sentence.
    """
    name, path, root = parse_data(str(data))
    kind, number = _split(split, name)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder; expected {EXPECTED}")
    if name is None and (path / LABELS_CSV).is_file():
        path = path / LABELS_CSV
    if name is not None:
        title, listed = f"{name} {kind}{number or ''}", read_published(name, path, kind, number or 1)
    elif path.is_dir():
        title, listed = _read_folder(path, kind)
    elif path.suffix.lower() == ".csv":
        title, listed = _read_csv(_part_file(path, kind), kind, root)
    else:
        title, listed = _read_released(_part_file(path, kind), labels, root)
    dataset = _assembled(title, listed, is_published=name is not None)
    return _left_out(dataset, skip_list or skip_list_of(data))


EXPECTED = "a folder with a sub-folder for each class, a .csv, a released list (.txt), or NAME:ROOT with NAME of " + (
    ", ".join(PUBLISHED)
)


def parse_data(data: str) -> tuple[str | None, Path, Path | None]:
    """Cut what the user typed into the published name, the path, and the root of a list's paths."""
    first, colon, rest = data.partition(":")
    if colon and first in PUBLISHED:
        return first, Path(rest).expanduser(), None
    listed, colon, root = data.rpartition(":")
    if colon and Path(listed).suffix.lower() in (".txt", ".csv"):
        return None, Path(listed).expanduser(), Path(root).expanduser()
    if colon and not Path(data).exists():
        raise ValueError(f"{data}: unknown data set {first!r}; expected {', '.join(PUBLISHED)} before the colon")
    return None, Path(data).expanduser(), None


def skip_list_of(data: str | Path) -> Path:
    """Where `data check` writes the items that training leaves out."""
    _, path, _ = parse_data(str(data))
    return path.with_name(f"{path.stem}.skip.txt") if path.suffix.lower() in (".csv", ".txt") else path / SKIP_LIST


def _split(split: str, name: str | None) -> tuple[str, int | None]:
    match = re.fullmatch(r"(train|val|test)([123]?)", split)
    numbered = name in ("ucf101", "hmdb51")
    if match is None or (match[2] and not numbered):
        raise ValueError(f"split {split!r}: expected train, val or test" + (" (val1, val2, val3)" if numbered else ""))
    return match[1], int(match[2]) if match[2] else None


def _assembled(title: str, listed: Listed, is_published: bool) -> DataSet:
    """Rows to items; raises ValueError where a row's class does not exist or nothing of it is on disk."""
    if not listed.rows:
        raise ValueError(f"{title}: no videos listed; expected at least one")
    outside = [row for row in listed.rows if not 0 <= row.label < len(listed.labels)]
    if outside:
        raise ValueError(
            f"{title}: {outside[0].id} has class {outside[0].label}, expected 0 to {len(listed.labels) - 1} "
            f"for {len(listed.labels)} class names; do the numbers of the list count from 1, or are names missing?"
        )
    present = [row for row in listed.rows if row.path is not None]
    missing = tuple(row.id for row in listed.rows if row.path is None)
    if not present:
        raise FileNotFoundError(f"{title}: none of its {len(missing)} videos is there, such as {listed.example}")
    flip, reason = mirrored_classes(listed.labels, trusted=is_published)
    items = tuple(Item(row.id, row.path, row.label, row.num_frames) for row in present)
    twice = [name for name, count in Counter(item.id for item in items).items() if count > 1]
    if twice:
        raise ValueError(f"{title}: {twice[0]} stands in it twice; list every video once")
    return DataSet(title, tuple(listed.labels), items, flip, reason, missing, named=listed.named)


def _left_out(dataset: DataSet, skip_list: Path) -> DataSet:
    if not skip_list.exists():
        return dataset
    broken = {line.split("\t")[0] for _, line in numbered_lines(skip_list) if line[0] != "#"}
    kept = tuple(item for item in dataset.items if item.id not in broken)
    if not kept:
        raise ValueError(f"{dataset.name}: {skip_list} leaves out every video; check the data again")
    return replace(dataset, items=kept, skipped=len(dataset.items) - len(kept))


def _read_folder(root: Path, kind: str) -> tuple[str, Listed]:
    parts = {part: folder for part in PARTS if (folder := _part_folder(root, part)) is not None}
    folder = root
    if parts:
        if kind not in parts:
            raise ValueError(f"{root}: has {', '.join(p.name for p in parts.values())} but nothing for split {kind}")
        folder = parts[kind]
    title = f"{root.name} {folder.name}" if parts else root.name
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    rows = [
        Listed.Row(f"{label}/{path.name}", path, number)
        for number, label in enumerate(classes)
        for path in sorted((folder / label).iterdir())
        if is_video(path)
    ]
    if not rows:
        listed = folder / "labels.csv"
        if listed.exists():
            return _read_csv(listed, kind, None)
        raise ValueError(f"{folder}: no videos found; expected {EXPECTED}")
    return title, Listed(classes, rows)


def _part_folder(root: Path, part: str) -> Path | None:
    """The sub-folder that holds a part. One that holds videos itself is a class: somebody films trains."""
    found = (root / word for word in PARTS[part])
    return next((path for path in found if path.is_dir() and not any(map(is_video, path.iterdir()))), None)


def is_video(path: Path) -> bool:
    """Whether a path looks like a video or a folder of frames, by its name; nothing is opened."""
    if path.name.startswith("."):
        return False
    if path.is_dir():
        return any(inside.suffix.lower() in FRAME_SUFFIXES for inside in path.iterdir())
    return path.suffix.lower() in VIDEO_SUFFIXES


def _part_file(path: Path, kind: str) -> Path:
    """The list of another part beside this one (train_list.txt -> val_list.txt), or this one where there is none."""
    own = next((part for part, words in PARTS.items() if _word_in(path.stem, words)), None)
    if own in (None, kind):
        return path
    word = _word_in(path.stem, PARTS[own])
    siblings = (path.with_name(re.sub(rf"{word}(?![a-z])", other, path.stem) + path.suffix) for other in PARTS[kind])
    return next((sibling for sibling in siblings if sibling != path and sibling.exists()), path)


def _word_in(stem: str, words: Sequence[str]) -> str | None:
    return next((word for word in words if re.search(rf"(?<![a-z]){word}(?![a-z])", stem)), None)


def _read_csv(path: Path, kind: str, root: Path | None) -> tuple[str, Listed]:
    columns, numbered = csv_rows(path, ",;\t")
    if not {"file", "label"} <= set(columns):
        told = ",".join(columns)[:60]
        raise ValueError(f"{path.name}: expected a first line with the columns file and label, got {told!r}")
    names = sorted({line["label"] for _, line in numbered})  # every part counts its classes alike
    if "split" in columns:
        numbered = [(number, line) for number, line in numbered if line["split"].lower() in PARTS[kind]]
        if not numbered:
            raise ValueError(f"{path.name}: no line of split {kind}; expected {', '.join(PARTS)} in its split column")
    if empty := [number for number, line in numbered if not (line["file"] and line["label"])]:
        raise ValueError(f"{path.name}: line {empty[0]} lacks a file or a label")
    lines = [line for _, line in numbered]
    place = partial(_found, roots=[root] if root else [path.parent])
    rows = [Listed.Row(line["file"], place(line["file"]), names.index(line["label"])) for line in lines]
    # A file of synth's is called labels.csv, and its folder says more.
    title = path.parent.name if path.stem == "labels" else path.stem
    return title, Listed(names, rows, example=str((root or path.parent) / lines[0]["file"]) if lines else "")


def _read_released(path: Path, labels: Sequence[str] | None, root: Path | None) -> tuple[str, Listed]:
    """A list of the released code: any white space between the fields, spaces within paths.

    Source: TDN ops/dataset.py:69-76, whose split at single spaces breaks paths that hold one.
    """
    lines = numbered_lines(path)
    place = partial(_found, roots=[root] if root else [path.parent, *path.absolute().parents[1:3]])
    with_count = _has_counts([line for _, line in lines], place)
    rows = []
    for number, line in lines:
        fields = line.rsplit(maxsplit=2 if with_count else 1)
        if len(fields) != (3 if with_count else 2) or not all(map(WHOLE_NUMBER.fullmatch, fields[1:])):
            form = "path num_frames label" if with_count else "path label"
            raise ValueError(f"{path.name}: line {number} reads {line[:80]!r}, expected {form!r} with whole numbers")
        if int(fields[-1]) >= MAX_CLASSES:
            raise ValueError(f"{path.name}: line {number} has class {fields[-1]}, expected less than {MAX_CLASSES}")
        count = int(fields[1]) if with_count else None
        rows.append(Listed.Row(fields[0], place(fields[0]), int(fields[-1]), count))
    own_names = _names_beside(path)
    names = own_names or list(labels or ())
    if not names:
        names = [f"class {number}" for number in range(1 + max((row.label for row in rows), default=0))]
    example = str((root or path.parent) / rows[0].id) if rows else ""
    return path.stem, Listed(names, rows, example, named=own_names is not None)


def _has_counts(lines: Sequence[str], place) -> bool:
    """Whether a list has frame counts: every line has two numbers, and the first does not belong to a path."""
    fields = [line.rsplit(maxsplit=2) for line in lines]
    if not all(len(parts) == 3 and WHOLE_NUMBER.fullmatch(parts[1]) for parts in fields):
        return False
    return not fields or place(" ".join(fields[0][:2])) is None


def _names_beside(path: Path) -> list[str] | None:
    file = next((path.with_name(name) for name in LABEL_FILES if path.with_name(name).exists()), None)
    if file is None:
        return None
    names = [line for _, line in numbered_lines(file)]
    # "1 ApplyEyeMakeup", as UCF101 ships them
    numbered = [re.fullmatch(r"(\d+)\s+(\S.*)", name) for name in names]
    return [match[2] for match in numbered] if names and all(numbered) else names


def _found(name: str, roots: Iterable[Path]) -> Path | None:
    """The file or folder of a name, absolute or under one of the roots; the released code adds .mp4 to videos."""
    for path in (root / f"{name}{suffix}" for root in roots for suffix in ("", ".mp4", ".webm", ".avi")):
        try:
            if path.exists():
                return path
        except OSError:  # a name too long for any file
            continue
    return None
