"""Data sets of videos as lists of items: a folder per class, a CSV, released lists, or one of the published five.

Reading a list opens no video. What a list names and the disk lacks stands in `DataSet.missing`; what
`python -m tdn data check` found broken is left out and counted in `DataSet.skipped`.
"""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tdn.data.class_folders import holds_class_folders, read_class_folders
from tdn.data.flips import mirrored_classes
from tdn.data.listed import Listed, such_as
from tdn.data.lists import numbered_lines
from tdn.data.names import one_form
from tdn.data.on_disk import VIDEO_SUFFIXES, clips_below
from tdn.data.published import PUBLISHED, read_published
from tdn.data.released_lists import part_file, read_released
from tdn.data.skip_list import read_skip_list
from tdn.data.tables import clips_of_table, is_clip_table, read_csv

SKIP_LIST = "tdn-skip.txt"
LABELS_CSV = "labels.csv"
TABLES = (".csv", ".tsv")
OTHER_LISTS = (
    ".json",
    ".jsonl",
    ".pkl",
    ".pickle",
    ".xlsx",
    ".xls",
    ".parquet",
    ".yaml",
    ".yml",
    ".xml",
    ".npy",
    ".npz",
)


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
    have numbers for classes, so that nothing checks what `labels` says of them. `notes` are sentences on what was left
    out, and on what was read otherwise than it is written; whoever opens a data set for a person shows them.
    """

    name: str
    labels: tuple[str, ...]
    items: tuple[Item, ...]
    flip: tuple[int, ...] | None = None
    flip_reason: str = ""
    missing: tuple[str, ...] = ()
    skipped: int = 0
    named: bool = True
    notes: tuple[str, ...] = ()


def open_dataset(
    data: str | Path, split: str = "val", labels: Sequence[str] | None = None, skip_list: Path | None = None
) -> DataSet:
    """The `split` of what `data` names.

    - a folder with a sub-folder for each class, and in it, at any depth, videos and folders of frames; optionally
      train/, val/ and test/ above the classes. Classes are in alphabetical order, numbers by their value.
    - a .csv with the columns file and label, paths relative to it, and optionally split. Classes in the same order.
      A folder with a labels.csv of such columns, as `synth` writes, is that file.
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
    notes: list[str] = []
    if name is None and path.is_dir():
        path, notes = _table_or_folder(path)
    if name is not None:
        title, listed = f"{name} {kind}{number or ''}", read_published(name, path, kind, number or 1)
    elif path.is_dir():
        title, listed = read_class_folders(path, kind)
    elif path.suffix.lower() in (*VIDEO_SUFFIXES, *OTHER_LISTS):
        kind_of_file = "a video" if path.suffix.lower() in VIDEO_SUFFIXES else f"lists in {path.suffix} are not read"
        raise ValueError(f"{path.name}: {kind_of_file}{_first_line(path)}; expected {EXPECTED}")
    else:
        file, notes = part_file(path, kind)
        if file.suffix.lower() in TABLES:
            title, listed = read_csv(file, kind, root)
        else:
            title, listed = read_released(file, labels, root, kind)
    dataset = _assembled(title, listed, is_published=name is not None)
    if name is None and Path(data).is_dir() and path.is_file():
        notes = [*notes, *_not_in_table(path)]
    dataset = replace(dataset, notes=(*notes, *dataset.notes))
    return _left_out(dataset, skip_list or skip_list_of(data))


def _first_line(path: Path) -> str:
    """The beginning of a text, for a sentence; nothing of other files."""
    try:
        lines = numbered_lines(path) if path.stat().st_size < 2**24 else []
    except ValueError:
        lines = []
    return f", this one begins {lines[0][1][:60]!r}" if lines else ""


def _table_or_folder(folder: Path) -> tuple[Path, list[str]]:
    """The labels.csv of a folder where it lists clips, else the folder and a note on such a file of another kind."""
    table = folder / LABELS_CSV
    if not table.is_file() or is_clip_table(table) or not holds_class_folders(folder):
        return (table, []) if table.is_file() else (folder, [])
    return folder, [f"{folder.name}: {LABELS_CSV} has no columns file and label; the folders are the classes"]


def _not_in_table(table: Path) -> list[str]:
    """A note on the clips that lie beside a table and are in none of its lines that were read."""
    known = {path for path, _ in clips_of_table(table)[0]}
    others = [path for path in clips_below(table.parent) if path not in known]
    if not others:
        return []
    shown = such_as([path.relative_to(table.parent).as_posix() for path in others])
    return [f"{table.name}: {len(others)} clips beside it are in none of its lines: {shown}; left out"]


EXPECTED = "a folder with a sub-folder for each class, a .csv, a released list (.txt), or NAME:ROOT with NAME of " + (
    ", ".join(PUBLISHED)
)


def parse_data(data: str) -> tuple[str | None, Path, Path | None]:
    """Cut what the user typed into the published name, the path, and the root of a list's paths."""
    first, colon, rest = data.partition(":")
    if colon and first in PUBLISHED:
        return first, Path(rest).expanduser(), None
    listed, colon, root = data.rpartition(":")
    if colon and Path(listed).suffix.lower() in (".txt", *TABLES):
        return None, Path(listed).expanduser(), Path(root).expanduser()
    if colon and not Path(data).exists():
        raise ValueError(f"{data}: unknown data set {first!r}; expected {', '.join(PUBLISHED)} before the colon")
    return None, Path(data).expanduser(), None


def skip_list_of(data: str | Path) -> Path:
    """Where `data check` writes the items that training leaves out."""
    _, path, _ = parse_data(str(data))
    is_list = path.is_file() or path.suffix.lower() in (".txt", *TABLES)
    return path.with_name(f"{path.stem}.skip.txt") if is_list else path / SKIP_LIST


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
    if not is_published:  # archives of Kinetics have one file for two clips of a film
        _expect_once(title, items)
    return DataSet(
        title, tuple(listed.labels), items, flip, reason, missing, named=listed.named, notes=(*listed.notes,)
    )


def _expect_once(title: str, items: Sequence[Item]) -> None:
    """Raises ValueError for a clip that stands twice, under one name or two."""
    by_path: dict[str, str] = {}
    for item in items:
        other = by_path.setdefault(os.path.normpath(item.path), item.id)
        if other != item.id:
            raise ValueError(f"{title}: {other} and {item.id} are one file; list every video once")
    twice = [name for name, count in Counter(item.id for item in items).items() if count > 1]
    if twice:
        raise ValueError(f"{title}: {twice[0]} stands in it twice; list every video once")


def _left_out(dataset: DataSet, skip_list: Path) -> DataSet:
    broken = {one_form(name) for name in read_skip_list(skip_list)}
    kept = tuple(item for item in dataset.items if one_form(item.id) not in broken)
    if not kept:
        raise ValueError(f"{dataset.name}: {skip_list} leaves out every video; check the data again")
    return replace(dataset, items=kept, skipped=len(dataset.items) - len(kept))
