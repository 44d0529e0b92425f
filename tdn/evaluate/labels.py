"""Classes of data and outputs of a network, brought together by what they are called."""

import re
from collections.abc import Sequence

from tdn.data.names import expect_told_apart, is_number, one_form

# Of our own, and of Hugging Face's models without names.
MADE_UP = re.compile(r"(?:class |LABEL_)\d+")


def match_labels(data_labels: Sequence[str], model_labels: Sequence[str]) -> tuple[list[int], str]:
    """Where each class of the data stands among the network's outputs, and a sentence on it ("" where all agree).

    Classes are matched by their text, whatever their order; composed letters, white space, capitals, underscores and
    square brackets do not count unless two classes differ in nothing else. Names that are numbers are texts like
    others, "01" being "1". Where one side has no names ("class 3") and the other has numbers or names, they are matched
    by number, which the sentence says. Raises ValueError for a class that the network does not have, for two outputs of
    one name, or where there are only numbers and not as many on both sides.
    """
    _expect_once(data_labels, "the data")
    _expect_once(model_labels, "the checkpoint")
    if (places := _by_text(data_labels, model_labels)) is None:
        if _has_names(data_labels) and _has_names(model_labels):
            known = {_plain(label) for label in model_labels}
            lost = next((label for label in data_labels if _plain(label) not in known), data_labels[0])
            raise ValueError(f"class {lost!r} of the data is not among the {len(model_labels)} of the checkpoint")
        return _match_numbers(data_labels, model_labels)
    if all(map(MADE_UP.fullmatch, model_labels)):
        return places, NO_NAMES
    said = []
    if places != sorted(places):
        moved = next(own for own, place in enumerate(places) if place != own)
        said.append(
            f"the data counts its classes in another order than the checkpoint ({data_labels[moved]!r} is {moved} in "
            f"the data, {places[moved]} in the checkpoint); they are matched by name"
        )
    if len(data_labels) < len(model_labels):
        said.append(
            f"the data has {len(data_labels)} of the checkpoint's {len(model_labels)} classes; all can be answered"
        )
    return places, "; ".join(said)


NO_NAMES = "the classes of one side have no names; they are matched by number, nothing checks their order"


def _by_text(data_labels: Sequence[str], model_labels: Sequence[str]) -> list[int] | None:
    """The places of the data's classes by the strictest form of their texts that tells all of them apart."""
    for form in (_plain, one_form):
        known = {form(label): place for place, label in enumerate(model_labels)}
        wanted = [form(label) for label in data_labels]
        if (
            len(known) == len(model_labels)
            and len(set(wanted)) == len(wanted)
            and all(name in known for name in wanted)
        ):
            return [known[name] for name in wanted]
    return None


def _match_numbers(data_labels: Sequence[str], model_labels: Sequence[str]) -> tuple[list[int], str]:
    """`match_labels` where one side has no names, or numbers that are not the other's."""
    if all(map(is_number, data_labels)) and all(map(is_number, model_labels)):
        known = {label.lstrip("0") or "0" for label in model_labels}
        lost = next(label for label in data_labels if (label.lstrip("0") or "0") not in known)
        raise ValueError(
            f"class {lost!r} of the data is not among the {len(model_labels)} of the checkpoint, whose names are "
            f"numbers as well ({', '.join(model_labels[:3])} ...)"
        )
    if len(data_labels) != len(model_labels):
        raise ValueError(
            f"the data has {len(data_labels)} classes and the checkpoint {len(model_labels)}, and one of them has "
            f"numbers for names; name the classes (labels.txt beside a list, `python -m tdn convert --labels`)"
        )
    if _has_names(data_labels):
        places = list(range(len(data_labels)))
        if all(map(is_number, model_labels)):
            raise ValueError(
                f"the data's classes have names and the checkpoint's are numbers ({', '.join(model_labels[:3])} ...); "
                f"nothing says which is which, so name the checkpoint's classes as the data does"
            )
    else:
        places = [int(re.sub(r"\D", "", label)) for label in data_labels]
    if sorted(places) != list(range(len(model_labels))):
        raise ValueError(f"the data's classes are numbers, expected 0 to {len(model_labels) - 1}, got {max(places)}")
    return places, NO_NAMES


def _expect_once(labels: Sequence[str], whose: str) -> None:
    seen: dict[str, int] = {}
    for place, label in enumerate(labels):
        if (other := seen.setdefault(one_form(label), place)) != place:
            raise ValueError(
                f"{whose} has two classes called {one_form(label)!r}, {other} and {place}; give each its own name"
            )
    expect_told_apart(labels, whose)


def _has_names(labels: Sequence[str]) -> bool:
    return not all(MADE_UP.fullmatch(label) or label.isdecimal() for label in labels)


def _plain(label: str) -> str:
    text = " ".join(re.sub(r"[\[\]]", "", one_form(label)).replace("_", " ").casefold().split())
    return (text.lstrip("0") or "0") if is_number(text) else text
