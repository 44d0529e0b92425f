"""The words of the opening."""

from collections.abc import Mapping
from fractions import Fraction

from tdn.data.film import Showing

LOOK_CLOSER = "## Look closer, or bring a clip of your own"
OPENING = "One filmed clip, and what happens when it is changed"
_TIMES = ("", "Once", "Twice", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def _times(count: int) -> str:
    word = _TIMES[count] if count < len(_TIMES) else str(count)
    return word if count < 3 else f"{word} times"


def name(showing: Showing) -> str:
    """What stands on the switch."""
    if showing.repeat > 1:
        return f"{_times(showing.repeat)} over"
    return "One thing passing" if showing.part < 1 else "As filmed"


def scene(showing: Showing, sentence: str) -> str:
    """What happens in the film; `sentence` says so of all of it."""
    if showing.repeat > 1:
        return f"{'One thing' if showing.part < 1 else 'The film'}, {name(showing).lower()}."
    return "Only one thing passes." if showing.part < 1 else sentence


def verdict(kinds: Mapping[str, str]) -> str:
    """Which networks see what happens; `kinds` by network: "right", "opposite" or ""."""
    right = [name for name, kind in kinds.items() if kind == "right"]
    turned = [name for name, kind in kinds.items() if kind == "opposite"]
    if len(right) == len(kinds):
        return "Both networks see it." if len(kinds) == 2 else f"{right[0]} sees it."
    if turned:
        said = "; ".join([*(f"{name} sees it" for name in right), *(f"the {name} sees the reverse" for name in turned)])
        return f"{said[0].upper()}{said[1:]}."
    return f"Only one of these two networks sees it: {right[0]}." if right else "Neither network sees it."


def over(name: str, filmed: Mapping[str, str], repeated: Mapping[str, str]) -> str:
    """What the first sentence adds of the film shown over and over (`name`), where the networks differ only there."""
    return f" {name}: {verdict(repeated)}" if len(set(filmed.values())) == 1 < len(set(repeated.values())) else ""


def reads(segments: int, window: int, sees_motion: bool) -> str:
    """What a network is given, and what it makes of it, for somebody who knows neither."""
    if sees_motion:
        return (
            f"Looks at {segments} moments of the film, in each at {window} neighbouring frames: what changes between "
            "them is motion."
        )
    return f"Looks at {segments} single frames, and compares them: it sees nothing between neighbouring frames."


def why(showing: Showing, label: str, seconds: float, segments: int, window: int, seams: int) -> str:
    """Why the answers come about: `seconds` of film a round, `segments` windows of `window` frames."""
    apart = showing.repeat * seconds / segments
    if showing.repeat > 1:
        step = Fraction(showing.repeat, segments) % 1
        seems = f"as if it had gone {1 - step} back" if step > Fraction(1, 2) else f"as if it had gone {step} on"
        cross = "one crosses" if seams == 1 else f"{seams or 'none'} cross"
        return (
            f"The stroboscope: from one of the {segments} marked moments to the next, {showing.repeat}/{segments} of "
            f"the passage go by, {seems}, like wheels that turn backwards in a film. Only neighbouring frames "
            f"tell; TDN sees them, though its later stages compare the marked moments, too. Of the {segments} windows "
            f"of {window} frames, {cross} the seam where the film begins again."
        )
    if showing.part < 1:
        return (
            f"The {segments} marked moments are {apart:.2f} seconds apart: the same thing is in one and the next, a "
            "little further on. Single frames in order tell which way it goes; the baseline needs no more."
        )
    return (
        f"The {segments} marked moments are {apart:.2f} seconds apart: from one to the next a thing goes far, and "
        "another may come in behind it. So single frames tell which way it goes only to whoever keeps the things "
        f"apart, neighbouring ones tell it at once. Bright is where a network finds evidence for “{label}”."
    )


def strip(network: str, label: str) -> str:
    return f"{network}: where it finds evidence for “{label}”, in the middle frames of its segments, in order"
