"""The five published data sets, read from the files they ship: something-v1, something-v2, kinetics400, ucf101, hmdb51.

Each reader takes (root, part, number of the split) and returns the class names and rows of that part; a video that
is not on disk has no path. Files may lie in ROOT itself or one folder further down, as the archives unpack.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tdn.data.clip_index import ClipIndex, side_by_side
from tdn.data.label_files import read_labels
from tdn.data.listed import Listed, part_of
from tdn.data.lists import csv_rows, numbered_lines, read_json


def read_published(name: str, root: Path, part: str, number: int) -> Listed:
    """Raises FileNotFoundError for a list that is not under `root`, ValueError for one that reads otherwise."""
    if not root.is_dir():
        raise ValueError(f"{name}:{root}: expected the folder that holds the data set")
    return PUBLISHED[name](root, part, number)


def _something_v1(root: Path, part: str, number: int) -> Listed:
    """`ID;label` lines. Classes in sorted order, as the released weights count them.

    The shipped order of the labels agrees with it at one class of 174. Source: TSM tools/gen_label_sthv1.py.
    """
    stem = "something-something-v1"
    labels = sorted(read_labels(_file(root, f"{stem}-labels.csv")).names)
    pairs = _labelled(_file(root, f"{stem}-{_something_part(root, part)}.csv"), ";")
    return _rows(labels, pairs, root, "20bn-something-something-v1")


def _something_v2(root: Path, part: str, number: int) -> Listed:
    """JSON lists; the class is the template without its brackets, its number that of labels.json."""
    stem = "something-something-v2"
    numbers = read_json(_file(root, f"{stem}-labels.json", "labels.json"))
    if not isinstance(numbers, Mapping) or not _counts_from_zero([str(number) for number in numbers.values()]):
        raise ValueError(f"{root}: the labels of Something-Something V2 must count from 0, such as {{text: '0'}}")
    labels = sorted(numbers, key=lambda text: int(numbers[text]))
    word = _something_part(root, part)
    clips = read_json(_file(root, f"{stem}-{word}.json", f"{word}.json"))
    if not isinstance(clips, list):
        raise ValueError(f"{root}: the {word} list of Something-Something V2 must be a list of clips")
    for number, clip in enumerate(clips, 1):
        if not isinstance(clip, dict) or not isinstance(clip.get("template"), str) or "id" not in clip:
            raise ValueError(
                f"{root}: clip {number} of the {word} list of Something-Something V2 has no id or no label; use train "
                f"or val"
            )
    pairs = [(str(clip["id"]), clip["template"].replace("[", "").replace("]", "")) for clip in clips]
    return _rows(labels, pairs, root, "20bn-something-something-v2")


def _counts_from_zero(numbers: list[str]) -> bool:
    """Whether they are 0, 1, 2, ... in any order."""
    return sorted(numbers) == sorted(map(str, range(len(numbers))))


def _something_part(root: Path, part: str) -> str:
    if part == "test":
        raise ValueError(f"{root}: the test labels of Something-Something are not public; use split val")
    return {"train": "train", "val": "validation"}[part]


def _kinetics(root: Path, part: str, number: int) -> Listed:
    """CSV rows `label,youtube_id,time_start,time_end,split`; videos CLASS/ID_START_END.mp4. Classes in sorted order."""
    lists = {word: path for word in ("train", "val", "test") if (path := _kinetics_list(root, word)) is not None}
    if part not in lists:
        raise FileNotFoundError(f"{root}: no list for split {part}, such as {part}.csv; found {_names(lists.values())}")
    rows = {word: _kinetics_rows(path) for word, path in lists.items()}
    labels = sorted({row["label"] for word in rows for _, row in rows[word] if row.get("label")})
    places = {label: place for place, label in enumerate(labels)}
    if not all(row.get("label") for _, row in rows[part]):
        raise ValueError(f"{lists[part].name}: has lines without a label; use split train or val")
    wanted, astray = [], []
    for number, row in rows[part]:
        begin, end = (_seconds(row[column]) for column in ("time_start", "time_end"))
        if begin is None or end is None or not row["youtube_id"]:
            raise ValueError(
                f"{lists[part].name}: line {number} lacks a youtube_id, or seconds in time_start and time_end"
            )
        # Some archives drop the times.
        wanted.append(((f"{row['youtube_id']}_{begin:06d}_{end:06d}", row["youtube_id"]), row["label"]))
        if row.get("split") and part_of(row["split"]) not in (part, None):
            astray.append(f"line {number} says {row['split']!r}")
    paths, notes = ClipIndex(root).places(wanted)
    if astray:
        notes.append(f"{lists[part].name}: {len(astray)} lines are of another part by their column split: {astray[0]}")
    found = [
        Listed.Row(f"{label}/{names[0]}", path, places[label])
        for (names, label), path in zip(wanted, paths, strict=True)
    ]
    return Listed(labels, found, example=str(root / f"{found[0].id}.mp4") if found else "", notes=notes)


def _seconds(text: str) -> int | None:
    """Whole seconds, None for anything that is no time within a video."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return int(seconds) if 0 <= seconds < 1e6 else None


def _kinetics_list(root: Path, word: str) -> Path | None:
    folders = [root, *(path for path in sorted(root.iterdir()) if path.is_dir())]
    names = (f"{word}.csv", f"{word}idate.csv", f"kinetics_{word}.csv", f"kinetics-400_{word}.csv")
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def _kinetics_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    columns, rows = csv_rows(path)
    if not {"youtube_id", "time_start", "time_end"} <= set(columns):
        raise ValueError(f"{path.name}: expected the columns label,youtube_id,time_start,time_end,split of Kinetics")
    return rows


def _ucf101(root: Path, part: str, number: int) -> Listed:
    """`CLASS/FILE.avi 1` lines, 1-based classes of classInd.txt, which is not quite the alphabetical order."""
    told = read_labels(_file(root, "classInd.txt"))
    word = "train" if part == "train" else "test"
    list_name = f"{word}list{number:02d}.txt"
    lines = [(place, line.replace("\\", "/").split()) for place, line in numbered_lines(_file(root, list_name))]
    places = {label: place for place, label in enumerate(told.names)}
    for place, (name, *said) in lines:
        label = name.split("/")[0]
        if label not in places:
            raise ValueError(f"{root}: {name} is of no class in classInd.txt")
        if said and told.first is not None and said[0] != str(places[label] + told.first):
            own = places[label] + told.first
            raise ValueError(f"{list_name}: line {place} gives {label} the number {said[0]}, classInd.txt {own}")
    names = [fields[0] for _, fields in lines]
    paths, notes = ClipIndex(root).places([((Path(name).stem,), name.split("/")[0]) for name in names])
    rows = [Listed.Row(name, path, places[name.split("/")[0]]) for name, path in zip(names, paths, strict=True)]
    example = str(root / "UCF-101" / names[0]) if names else ""
    return Listed(told.names, rows, example, notes=[*told.notes, *notes])


def _hmdb51(root: Path, part: str, number: int) -> Listed:
    """`FILE.avi 1` lines in a file a class and split: 1 is training, 2 testing, 0 neither. Classes in sorted order."""
    ending = f"_test_split{number}.txt"
    lists = sorted(path for folder in _folders(root) for path in folder.glob(f"*{ending}"))
    if not lists:
        raise FileNotFoundError(f"{root}: no lists such as testTrainMulti_7030_splits/brush_hair{ending}")
    labels = sorted({path.name.removesuffix(ending) for path in lists})
    wanted, names = "1" if part == "train" else "2", []
    for path in lists:
        label = path.name.removesuffix(ending)
        for place, line in numbered_lines(path):
            # Names hold #, !, & and brackets, but the number is always last.
            name, _, use = line.rpartition(" ")
            if not name or use not in ("0", "1", "2"):
                raise ValueError(f"{path.name}: line {place} reads {line[:80]!r}, expected 'FILE.avi 1', or 0 or 2")
            if use == wanted:
                names.append((name, label))
    paths, notes = ClipIndex(root).places([((Path(name).stem,), label) for name, label in names])
    rows = [
        Listed.Row(f"{label}/{name}", path, labels.index(label))
        for (name, label), path in zip(names, paths, strict=True)
    ]
    return Listed(labels, rows, example=str(root / rows[0].id) if rows else "", notes=notes)


PUBLISHED: dict[str, Callable[[Path, str, int], Listed]] = {
    "something-v1": _something_v1,
    "something-v2": _something_v2,
    "kinetics400": _kinetics,
    "ucf101": _ucf101,
    "hmdb51": _hmdb51,
}


def _folders(root: Path) -> list[Path]:
    return [root, *sorted(path for path in root.iterdir() if path.is_dir())]


def _file(root: Path, *names: str) -> Path:
    """The first of the names in `root` or one of its folders."""
    for name in names:
        # A folder of frames for each of 100,000 videos may lie here: look where lists are, before everywhere.
        for folder in (root, root / "labels", root / "annotations", root / "ucfTrainTestlist"):
            if (folder / name).is_file():
                return folder / name
    for name in names:
        for folder in _folders(root):
            if (folder / name).is_file():
                return folder / name
    raise FileNotFoundError(f"{root}: no {' or '.join(names)} there; unpack the label files of the data set into it")


def _labelled(path: Path, separator: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in numbered_lines(path):
        name, _, label = line.partition(separator)
        if not label.strip():
            raise ValueError(
                f"{path.name}: line {number} reads {line[:80]!r} and has no label; expected 'ID{separator}label'"
            )
        pairs.append((name, label.strip()))
    return pairs


def _rows(labels: list[str], pairs: Iterable[tuple[str, str]], root: Path, usual: str) -> Listed:
    numbers = {label: number for number, label in enumerate(labels)}
    pairs = list(pairs)
    places, notes = side_by_side(root, [name for name, _ in pairs], usual)
    rows = []
    for name, label in pairs:
        if label not in numbers:
            raise ValueError(f"clip {name}: its label {label!r} is not among the {len(labels)} of the label file")
        rows.append(Listed.Row(name, places.get(name), numbers[label]))
    return Listed(labels, rows, example=f"{rows[0].id}/00001.jpg or {rows[0].id}.webm" if rows else "", notes=notes)


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(sorted(path.name for path in paths)) or "none"
