"""What mirroring left to right makes of a class, told from the texts of the classes alone.

Turning a clip or playing it backwards would change more classes than mirroring does; clips that people bring are never
turned or reversed in training. Procedural clips are, by the tables of `tdn.motion`.
"""

import re
from collections.abc import Sequence

from tdn.data.plain_words import ONE_OF_TWO, OPENS, PLAIN_PHRASES, SMALL_WORDS, TURNS, basic_forms, is_plain

OPPOSITES = (
    ("left", "right"),
    ("leftward", "rightward"),
    ("leftwards", "rightwards"),
    ("clockwise", "counterclockwise"),
    ("clockwise", "anticlockwise"),
    ("cw", "ccw"),
)
DIRECTIONS = frozenset(word for pair in OPPOSITES for word in pair)
BETWEEN_WORDS = re.compile(r"[\s_\-,.:;!?'’\"()\[\]/&]*")
NUMBER_FOR_NAME = re.compile(r"(class |LABEL_)?\d+")


def mirrored_classes(labels: Sequence[str], trusted: bool = False) -> tuple[tuple[int, ...] | None, str]:
    """The class of a mirrored clip for each class, and "": or None and the reason why clips must not be mirrored.

    Every name has to be understood: made of English words that are known to name no side, and of left, right and the
    senses of turning. A name without such directions stays what it is; one with them must have a partner that differs
    in nothing but them. Mirroring "from left to right" makes "from right to left", so the label has to go with the
    pixels; the released code has three such pairs as numbers, which are right for one order of the labels only
    (TDN ops/models.py:31). `trusted` takes words that are not understood for such that name no side: for the names of
    published data sets, and where the user says so (`flip_unknown` of a recipe).
    """
    if not trusted:
        if all(NUMBER_FOR_NAME.fullmatch(label) for label in labels):
            return None, f"the classes have numbers for names, so nothing says what a mirrored clip shows; {ALLOWED_BY}"
        if unknown := not_understood(labels):
            shown = ", ".join(map(repr, unknown[:3])) + (" ..." if len(unknown) > 3 else "")
            return None, (
                f"{len(unknown)} of {len(labels)} class names are not understood ({shown}), so nothing says what a "
                f"mirrored clip shows; {ALLOWED_BY}"
            )
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


ALLOWED_BY = "if in a mirror each of them still shows its own class, allow it with --set flip_unknown=true"


def not_understood(labels: Sequence[str]) -> list[str]:
    """The names that hold a word of another language, a joined or short form, a letter, a digit or a sign."""
    return [label for label in labels if not _is_understood(label)]


def _is_understood(label: str) -> bool:
    text = _spelt(label)
    for phrase in PLAIN_PHRASES:
        text = re.sub(rf"\b{phrase}\b", " thing ", text)
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text)
    signs = re.sub(r"[^\W\d_]+", "", text)
    if not words or not BETWEEN_WORDS.fullmatch(signs):
        return False
    stems = [re.split("['’]", word)[0] for word in words]
    forms = {form for word in stems for form in basic_forms(word)}
    if forms & TURNS and forms & OPENS and not forms & DIRECTIONS and "camera" not in forms:
        return False
    if "side" in forms and forms & ONE_OF_TWO and not forms & DIRECTIONS:
        return False
    return all(word in DIRECTIONS or is_plain(word) for word in stems) and not SMALL_WORDS.issuperset(stems)


def _spelt(label: str) -> str:
    """In small letters, underscores as spaces, camelCase cut, counter-clockwise as one word."""
    label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).replace("_", " ")
    return re.sub(r"(?i)\b(counter|anti)[- ](?=clockwise)", r"\1", label).casefold()


def _words(label: str) -> list[str]:
    """Words and what stands between them: "Turn_left" -> ["turn", " ", "left"]."""
    return re.findall(r"[a-z]+|[^a-z]+", _spelt(label))


def _plain(label: str) -> str:
    return "".join(_words(label))


def _directions(label: str) -> set[str]:
    text = _spelt(label)
    for phrase in PLAIN_PHRASES:
        text = re.sub(rf"\b{phrase}\b", " ", text)
    return set(_words(text)) & DIRECTIONS


def _mirrored_texts(label: str) -> list[str]:
    """What the mirrored class may be called: "counterclockwise" has two spellings."""
    texts = []
    for turning in ("counterclockwise", "anticlockwise"):
        swap = {word: other for pair in OPPOSITES for word, other in (pair, pair[::-1])} | {"clockwise": turning}
        texts.append("".join(swap.get(word, word) for word in _words(label)))
    return texts
