"""Which class of a label list is the opposite of another, and which name the same direction, told from the texts.

A fact of the list, not of the networks. Two questions: `opposite` wants one label whose text differs in nothing but
the direction; `same_way` and `other_way` gather every wording of a direction, such as "Moving something from right to
left" and "A pattern streaming left inside something".
"""

import re
from collections.abc import Sequence

# Both words of a pair change places in a text. "away from" answers to three wordings; the list tells which one it has.
PAIRS = (
    *(("left", "right"), ("leftward", "rightward"), ("leftwards", "rightwards")),
    *(("up", "down"), ("upward", "downward"), ("upwards", "downwards")),
    *(("clockwise", "counterclockwise"), ("clockwise", "anticlockwise")),
    *(("closer to", "away from"), ("towards", "away from"), ("toward", "away from")),
    ("approaching", "moving away from"),
    *(("forward", "backward"), ("forwards", "backwards")),
    *(("opening", "closing"), ("open", "close"), ("folding", "unfolding")),
)
OTHER_WAY = {
    **{"left": "right", "up": "down", "clockwise": "counterclockwise", "opening": "closing"},
    **{"closer to the camera": "away from the camera", "closer to each other": "away from each other"},
    "closer to something": "away from something",
}
OTHER_WAY |= {other: way for way, other in OTHER_WAY.items()}
# What these say did not happen, or only in part.
UNDONE = re.compile(r"\b(not|without|pretending|failing|trying|upside|\w+n't)\b")


def opposite(label: str, labels: Sequence[str]) -> str | None:
    """The one label of the list whose text is that of `label` with the direction turned round; None without one.

    Two such labels are none: nothing says which is meant.
    """
    texts = {_turned(_plain(label), pair) for pair in PAIRS}
    texts.discard(_plain(label))
    found = [other for other in labels if _plain(other) in texts]
    return found[0] if len(found) == 1 else None


def direction(label: str) -> str | None:
    """The way that a label says something goes, such as "left"; None where it names none, or several.

    What the camera does ("Turning the camera left") is no direction of things.
    """
    text = _plain(label)
    if UNDONE.search(text) or "camera" in re.sub(r"(closer to|towards?|away from) the camera", "", text):
        return None
    ways = set(re.findall(r"\b(?:left|right) to (?:the )?(left|right)\b", text))
    if not ways:
        ways |= {OTHER_WAY[side] for side in re.findall(r"\bfrom (?:the )?(left|right)\b", text)}
    if not ways:
        ways |= set(re.findall(r"\b(left|right)(?:wards?)?\b(?! (?:hand|arm|foot|leg|side))", text))
    ways |= set(re.findall(r"\b(up|down)(?:wards?)?\b", text))
    ways |= set(re.findall(r"\b(clockwise|counterclockwise)\b", text.replace("anticlockwise", "counterclockwise")))
    ways |= set(re.findall(r"\b(opening|closing)\b", text))
    if going := re.search(r"\b(closer to|towards?|away from) (the camera|each other)?", text):
        way = "away from" if going[1] == "away from" else "closer to"
        ways.add(f"{way} {going[2] or 'something'}")
    return ways.pop() if len(ways) == 1 else None


def same_way(label: str, labels: Sequence[str]) -> list[int]:
    """The classes that name the direction of `label` in any wording, its own first; its own alone without one."""
    way = direction(label)
    others = [n for n, other in enumerate(labels) if other != label and way and direction(other) == way]
    return [labels.index(label), *others]


def other_way(label: str, labels: Sequence[str]) -> list[int]:
    """The classes that name the opposite direction in any wording, the `opposite` label first; none without one."""
    way, partner = OTHER_WAY.get(direction(label) or ""), opposite(label, labels)
    others = [n for n, other in enumerate(labels) if other != partner and way and direction(other) == way]
    return others if partner is None else [labels.index(partner), *others]


def _plain(label: str) -> str:
    """Lower case, one space between words, "counter-clockwise" as one word."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).replace("_", " ").replace("[", "").replace("]", "").casefold()
    return " ".join(re.sub(r"\b(counter|anti)[- ](?=clockwise)", r"\1", text).split())


def _turned(text: str, pair: tuple[str, str]) -> str:
    """The text with both wordings of a pair in each other's place."""
    swap = dict([pair, pair[::-1]])
    return re.sub(rf"\b({'|'.join(swap)})\b", lambda found: swap[found[1]], text)
