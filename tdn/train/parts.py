"""Which clips of a data set train, and which validate: its own parts, or some held out."""

import csv
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tdn.train.recipe import Recipe

if TYPE_CHECKING:
    from tdn.data.datasets import DataSet
    from tdn.data.recordings import Recordings


def open_parts(data: str, recipe: Recipe) -> tuple["DataSet", "DataSet", bool, list[str]]:
    """Training and validation part of a data set, whether `val_share` of it had to be held out for that, and notes.

    Raises ValueError where the two parts name different classes, one of them is empty, there is one class only, or a
    class of a person's own data has no training clips.
    """
    from tdn.data.datasets import open_dataset, parse_data
    from tdn.data.recordings import recordings, shared_between

    number, is_published = recipe.split or "", parse_data(data)[0] is not None
    train, val = open_dataset(data, split=f"train{number}"), open_dataset(data, split=f"val{number}")
    notes = [*train.notes, *val.notes]
    is_one = {item.path for item in train.items} == {item.path for item in val.items}
    if is_one:
        whole, found = train, recordings(train.items)
        train, val = held_out(whole, recipe.val_share, found)
        if found.told:
            notes.append(f"{whole.name}: {found}" + ("; a recording stays on one side" if val.items else ""))
        if not val.items and "equal bytes" in found.told:
            train, val = held_out(whole, recipe.val_share, recordings(whole.items, read_bytes=False))
            notes.append(
                f"{whole.name}: every class is one clip and its copies, so validation clips are copies of training "
                f"clips and their numbers say nothing"
            )
        if not val.items:
            raise ValueError(
                f"{data}: {len(whole.items)} clips, but no class has two recordings of which one could be held out for "
                f"validation; film more, or make train/ and val/"
            )
    elif not is_published:
        notes += [f"{val.name}: {shared}" for shared in shared_between((train, val))]
    _expect_same_classes(data, train, val)
    for part, kind in ((train, "training"), (val, "validation")):
        if not part.items:
            raise ValueError(f"{data}: no {kind} clips; check with `python -m tdn data check {data}`")
    return train, val, is_one, [*dict.fromkeys(notes), *_classes_without_clips(data, train, val, is_published)]


def _expect_same_classes(data: str, train: "DataSet", val: "DataSet") -> None:
    if len(train.labels) < 2:
        raise ValueError(
            f"{data}: one class only, {train.labels[0]!r}; whatever a network answers is then right, so two or more "
            f"are needed"
        )
    if train.labels == val.labels:
        return
    for own, other, name in ((train, val, "training"), (val, train, "validation")):
        if alone := [label for label in own.labels if label not in other.labels]:
            shown = ", ".join(map(repr, alone[:3]))
            raise ValueError(f"{data}: the class {shown} is named in the {name} part only; both need the same classes")
    raise ValueError(f"{data}: the training and validation parts name their classes in different orders")


def _classes_without_clips(data: str, train: "DataSet", val: "DataSet", is_published: bool) -> list[str]:
    """Sentences on classes that one part has no clip of; raises ValueError where own data have none to train on."""
    notes = []
    for part, kind in ((train, "training"), (val, "validation")):
        there = {item.label for item in part.items}
        lost = [label for number, label in enumerate(part.labels) if number not in there]
        if not lost:
            continue
        said = f"{len(lost)} of {len(part.labels)} classes have no {kind} clips: {', '.join(map(repr, lost[:10]))}"
        said += " ..." if len(lost) > 10 else ""
        if kind == "training" and not is_published:
            raise ValueError(f"{data}: {said}; no network can learn them, so add clips or take those classes out")
        notes.append(f"{said}; nothing says how well a network knows them")
    return notes


def held_out(dataset: "DataSet", share: float, found: "Recordings | None" = None) -> tuple["DataSet", "DataSet"]:
    """The same data set without and with its held-out clips: every n-th recording of each class.

    Clips of one recording, as far as names and bytes tell, stay together (`tdn.data.recordings`).
    """
    from tdn.data.recordings import held_out_places, recordings

    places = held_out_places(dataset, share, found or recordings(dataset.items))
    train = tuple(item for place, item in enumerate(dataset.items) if place not in places)
    val = tuple(item for place, item in enumerate(dataset.items) if place in places)
    return replace(dataset, items=train), replace(dataset, items=val)


def _from_folder(path: Path, folder: Path) -> str:
    """The way from a folder to a file. By real folders: ".." of a link to a folder leads to where that really lies."""
    return os.path.relpath(Path(os.path.realpath(path.parent)) / path.name, os.path.realpath(folder))


def write_list(path: Path, dataset: "DataSet") -> None:
    """The clips of a data set as a CSV that `open_dataset` reads again: file (relative to the CSV) and label."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label"])
        writer.writerows((_from_folder(item.path, path.parent), dataset.labels[item.label]) for item in dataset.items)
