"""What mirroring left to right makes of a class, told from the texts of the classes alone."""

import re
from collections.abc import Sequence

OPPOSITES = (
    ("left", "right"),
    ("leftward", "rightward"),
    ("leftwards", "rightwards"),
    ("clockwise", "counterclockwise"),
    ("clockwise", "anticlockwise"),
    ("cw", "ccw"),
)


def mirrored_classes(labels: Sequence[str]) -> tuple[tuple[int, ...] | None, str]:
    """The class of a mirrored clip for each class, and "": or None and the reason why clips must not be mirrored.

    A text without left, right or a sense of turning stays what it is; one with such words must have a partner that
    differs in nothing but them. Mirroring "from left to right" makes "from right to left", so the label has to go with
    the pixels; the released code has three such pairs as numbers, which are right for one order of the labels only
    (TDN ops/models.py:31).
    """
    if all(re.fullmatch(r"(class )?\d+", label) for label in labels):
        return None, "the classes have numbers for names, so nothing says what a mirrored clip shows"
    places = {_plain(label): number for number, label in enumerate(labels)}
    partners = []
    for number, label in enumerate(labels):
        if not _directions(label):
            partners.append(number)
            continue
        partner = next((places[text] for text in _mirrored_texts(label) if text in places), None)
        if partner is None:
            return None, f"no class is the mirror image of {label!r}"
        partners.append(partner)
    return tuple(partners), ""


def _words(label: str) -> list[str]:
    """Words and what stands between them: "Turn_left" -> ["turn", "_", "left"]; camelCase is cut as well."""
    label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    label = re.sub(r"(?i)\b(counter|anti)[- ](?=clockwise)", r"\1", label.replace("_", " "))
    return re.findall(r"[a-z]+|[^a-z]+", label.casefold())


def _plain(label: str) -> str:
    return "".join(_words(label))


def _directions(label: str) -> set[str]:
    return set(_words(label)) & {word for pair in OPPOSITES for word in pair}


def _mirrored_texts(label: str) -> list[str]:
    """What the mirrored class may be called: "counterclockwise" has two spellings."""
    texts = []
    for turning in ("counterclockwise", "anticlockwise"):
        swap = {word: other for pair in OPPOSITES for word, other in (pair, pair[::-1])} | {"clockwise": turning}
        texts.append("".join(swap.get(word, word) for word in _words(label)))
    return texts
