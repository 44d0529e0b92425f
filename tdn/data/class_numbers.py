"""Class numbers of a list and class names from elsewhere, brought together without a guess."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tdn.data.label_files import read_labels
from tdn.data.listed import such_as
from tdn.data.names import in_class_order, is_number

# Class names in order, the place of a list's number among them, and notes.
Named = tuple[list[str], Callable[[int], int], list[str]]


def names_for_numbers(path: Path, file: Path, numbers: set[int], is_whole: bool) -> Named:
    """Class names of a file beside a list, for the `numbers` of that list.

    `is_whole` says that those of the training part are among them. Raises ValueError where names and numbers can't be
    brought together without a guess.
    """
    told = read_labels(file, 1 + max(numbers, default=0))
    count, notes = len(told.names), list(told.notes)
    if told.first == 1 and 0 not in numbers:
        if count not in numbers:
            raise ValueError(
                f"{file.name} counts from 1, and {path.name} has neither 0 nor {count}, so nothing says from where it "
                f"counts; number the names as the list does"
            )
        return told.names, lambda number: number - 1, [*notes, f"{path.name}: counts from 1, as {file.name} does"]
    if told.first is None and is_whole and count > 1 + max(numbers, default=0):
        raise ValueError(
            f"{file.name}: {count} names for labels 0 to {max(numbers, default=0)} of {path.name}; leave out the line "
            f"that is no class, or put its number before every name (0 {told.names[0]})"
        )
    if count > 1 + max(numbers, default=0):
        notes.append(f"{file.name}: {count} names, and {path.name} has labels up to {max(numbers, default=0)}")
    return told.names, lambda number: number, notes


def names_of_checkpoint(name: str, numbers: set[int], labels: Sequence[str]) -> Named:
    """The classes of the list `name` with these numbers, by a checkpoint's labels.

    Where the labels are numbers themselves, those of the list are looked for among them, as long as that means one
    thing only. Raises ValueError where it may mean two.
    """
    if not all(map(is_number, labels)) or len({int(label) for label in labels}) < len(labels):
        return list(labels), lambda number: number, []
    by_value = in_class_order(labels)
    values = [int(label) for label in by_value]
    # What can't count the classes from 0 is their name.
    if numbers <= set(values) and (values == list(range(len(values))) or max(numbers, default=0) >= len(values)):
        said = f"{name}: its numbers are taken for the names of the checkpoint's classes, {such_as(by_value)}"
        return by_value, values.index, [said]
    if list(labels) == by_value and 0 in numbers and 0 not in values:
        return by_value, lambda number: number, []
    raise ValueError(
        f"{name}: has numbers for classes, and so has the checkpoint ({such_as(list(labels))}); whether they are its "
        f"names or count them, and in which order, can't be told; put a labels.txt with the names beside the list"
    )
