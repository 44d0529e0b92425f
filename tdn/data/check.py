"""Read a whole data set before a GPU does: what is missing or broken, how classes are balanced, what looks wrong."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from tdn.data.datasets import DataSet, Item
from tdn.data.flips import not_understood
from tdn.data.frame_folders import expect_one_size
from tdn.data.listed import such_as
from tdn.data.loading import SECONDS_PER_VIDEO, within
from tdn.data.names import difference, look, loose
from tdn.data.recordings import recordings, shared_between
from tdn.data.source import decode_frames, probe

# Of a window of 5 at T=8: with no more frames every segment is given the same window by the released rule.
SHORT = 12
FRAMES_READ = 8


@dataclass
class Reading:
    """What became of one item: `error` empty where its first, last and some frames between them could be decoded."""

    id: str
    error: str = ""
    num_frames: int = 0
    width: int = 0
    height: int = 0
    notes: Sequence[str] = ()


@dataclass
class Report:
    """One part of a data set. `warnings` are sentences; `unreadable` maps ids to what is wrong with them."""

    name: str
    clips: int
    classes: int
    missing: list[str]
    skipped: int
    unreadable: dict[str, str]
    per_class: dict[str, int]
    frames: dict[str, float]
    mirroring: str
    not_understood: list[str]
    notes: list[str] = field(default_factory=list)
    grouping: str = ""
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_items(
    items: Sequence[Item],
    workers: int = 0,
    seconds_per_video: float = SECONDS_PER_VIDEO,
    progress: Callable[[Iterable], Iterable] = iter,
) -> list[Reading]:
    """Open every item and decode a few of its frames, in `workers` processes (0: in this one)."""
    read = partial(_read, seconds=seconds_per_video)
    if not workers:
        return [read(item) for item in progress(items)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(progress(pool.map(read, items, chunksize=4)))


def _read(item: Item, seconds: float) -> Reading:
    def opened() -> Reading:
        info = probe(item.path)
        if item.path.is_dir():
            expect_one_size(item.path)
        wanted = np.unique(np.linspace(0, info.num_frames - 1, FRAMES_READ).astype(int)).tolist()
        for _ in decode_frames(item.path, wanted, info):
            pass
        return Reading(item.id, "", info.num_frames, info.width, info.height, info.said)

    try:
        return within(seconds, item, opened)
    except (ValueError, OSError) as error:
        return Reading(item.id, " ".join(str(error).split()))


def report_on(dataset: DataSet, readings: Sequence[Reading]) -> Report:
    """Put together what one part holds, with a sentence for everything that looks wrong."""
    counts = Counter(dataset.labels[item.label] for item in dataset.items)
    good = [reading for reading in readings if not reading.error]
    lengths = np.array([reading.num_frames for reading in good] or [0])
    report = Report(
        name=dataset.name,
        clips=len(dataset.items),
        classes=len(dataset.labels),
        missing=list(dataset.missing),
        skipped=dataset.skipped,
        unreadable={reading.id: reading.error for reading in readings if reading.error},
        per_class={label: counts[label] for label in dataset.labels},
        frames={"least": int(lengths.min()), "median": float(np.median(lengths)), "most": int(lengths.max())},
        mirroring=mirroring(dataset),
        not_understood=[] if dataset.flip else not_understood(dataset.labels),
        notes=list(dataset.notes),
    )
    report.warnings = [*_warn_of_classes(report), *_warn_of_lengths(dataset, good), *_warn_of_notes(good)]
    return report


def check_parts(reports: Sequence[Report], parts: Sequence[DataSet]) -> None:
    """Add what only all parts together tell: which clips are of one recording, and which of them two parts have."""
    if len(parts[0].labels) == 1:
        reports[0].warnings.append("one class only: whatever a network answers is then right")
    if len(parts) > 1:
        reports[-1].warnings += shared_between(parts)
        return
    ((report,), (dataset,)) = reports, parts
    found = recordings(dataset.items)
    report.grouping = f"{found}; a recording stays on one side of a split that training makes"
    together = Counter(dataset.items[place].label for place in set(found.of))
    alone = [repr(label) for number, label in enumerate(dataset.labels) if together[number] == 1]
    if alone and found.told:
        report.warnings.append(f"classes of one recording only, so that none is held out: {such_as(alone)}")
    pairs = [(dataset.items[one], dataset.items[other]) for one, other in found.equal]
    if mixed := [(first, second) for first, second in pairs if first.label != second.label]:
        first, second = mixed[0]
        report.warnings.append(
            f"{first.id} and {second.id} are equal byte for byte and of two classes, {dataset.labels[first.label]!r} "
            f"and {dataset.labels[second.label]!r}"
            + (f"; so are {len(mixed) - 1} other pairs" if len(mixed) > 1 else "")
        )


def mirroring(dataset: DataSet) -> str:
    """A sentence on what mirrored training clips become."""
    if dataset.flip is None:
        return f"refused: {dataset.flip_reason}"
    pairs = [(a, b) for a, b in enumerate(dataset.flip) if a < b]
    if not pairs:
        return "allowed: all names are understood, and none speaks of left, right or a sense of turning"
    shown = "; ".join(f"{dataset.labels[a]!r} and {dataset.labels[b]!r}" for a, b in pairs[:3])
    return f"allowed, swapping {len(pairs)} pairs of classes: {shown}" + (" ..." if len(pairs) > 3 else "")


def _warn_of_classes(report: Report) -> list[str]:
    warnings = []
    if empty := [repr(label) for label, count in report.per_class.items() if not count]:
        warnings.append(f"{len(empty)} of {report.classes} classes have no clips, such as {such_as(empty, 10)}")
    if single := [repr(label) for label, count in report.per_class.items() if count == 1]:
        warnings.append(f"{len(single)} of {report.classes} classes have one clip only: {such_as(single, 10)}")
    counts = [count for count in report.per_class.values() if count]
    if counts and max(counts) > 10 * min(counts):
        warnings.append(f"classes are unbalanced: {min(counts)} to {max(counts)} clips a class")
    seen: dict[str, str] = {}
    for label in report.per_class:
        other = seen.setdefault(look(label), label)
        if other != label:
            way = difference(other, label) if loose(other) != loose(label) else "spelling"
            warnings.append(f"{other!r} and {label!r} differ in {way} only; are they one class?")
    if all(label.isdigit() or label.startswith("class ") for label in report.per_class):
        warnings.append(
            "the classes have no names; call their folders by them, or put a labels.txt, a name a line, beside a list"
        )
    if report.missing:
        listed = report.clips + report.skipped + len(report.missing)
        warnings.append(f"{len(report.missing)} of {listed} listed clips are not on disk, such as {report.missing[0]}")
    return warnings


def _warn_of_lengths(dataset: DataSet, good: Sequence[Reading]) -> list[str]:
    warnings = []
    if short := [reading for reading in good if reading.num_frames <= SHORT]:
        warnings.append(
            f"{len(short)} of {len(good)} clips have {SHORT} frames or fewer, such as {short[0].id}: as released, all "
            "8 segments of such a clip show its first frames in a test"
        )
    told = {item.id: item.num_frames for item in dataset.items if item.num_frames is not None}
    if wrong := [reading for reading in good if told.get(reading.id, reading.num_frames) != reading.num_frames]:
        warnings.append(
            f"{len(wrong)} of {len(good)} clips have another number of frames than the list says, such as "
            f"{wrong[0].id}: {wrong[0].num_frames}, not {told[wrong[0].id]}; what is on disk counts"
        )
    return warnings


def _warn_of_notes(good: Sequence[Reading]) -> list[str]:
    """What reading says of clips, one sentence a kind: notes that differ in their numbers and names are one kind."""
    kinds: dict[str, list[tuple[Reading, str]]] = {}
    for reading in good:
        for note in reading.notes:
            kinds.setdefault(" ".join(note.split()[:4]), []).append((reading, note))
    return [
        f"{len(found)} of {len(good)} clips, such as {found[0][0].id}: {found[0][1].rstrip('.')}"
        for found in kinds.values()
    ]
