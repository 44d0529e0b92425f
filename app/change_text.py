"""The words of the changes and of the stroboscope's curve."""

import html
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from app.text import quoted
from tdn.data.film import Showing

COMPARE = "Change one thing and look again"
COMPARE_INFO = (
    "The same class, before and after. Freezing leaves S-TDM its features of “nothing moves”, which the network can "
    "read; switching it off leaves a hole, and a lower score may only mean that the rest is upset."
)
CHANGES = {
    "freeze windows": "Freeze each window",
    "freeze clip": "Freeze the clip",
    "reverse": "Reverse time",
    "shuffle segments": "Shuffle segments",
    "shuffle inside windows": "Shuffle inside windows",
    "S-TDM off": "S-TDM off",
    "S-TDM at its clip mean": "S-TDM at its clip mean",
    "L-TDM gates off": "L-TDM gates off",
    "hold 4": "Hold each fourth frame",
    "shuffle frames": "Shuffle frames",
}
# Of networks that read one dense clip; for others they are not even listed.
DENSE = ("hold 4", "shuffle frames")
# Changes with a number: what stands in front of it, and behind it.
REPEAT = ("repeat ", "")
FIRST = ("first ", "%")
REPEAT_LABEL = "Repeat: how often"
FIRST_LABEL = "First part: percent of the clip"
COMPARING = "Looking again"
API_COMPARE = (
    "Scores and maps before and after one change, of the same class. `change` is one of "
    + ", ".join(repr(name) for name in CHANGES)
    + ", 'repeat K' (1 to 16 times over) or 'first N%'. Returns the scores as JSON (first output), with a note on what "
    "the change showed, then what the page draws."
)


def change_words(change: str) -> str:
    """A change as its control says it."""
    if change.startswith(REPEAT[0]):
        return f"Repeat {change.removeprefix(REPEAT[0])} times"
    if change.startswith(FIRST[0]):
        return f"First {float(change.removeprefix(FIRST[0]).rstrip('%')):.0f}%"
    return CHANGES[change]


def change_choices(change: object = None) -> list[tuple[str, str]]:
    """Words and names of the changes on offer; those with a number have the one of `change`, or a telling one."""
    numbered = [f"{REPEAT[0]}7{REPEAT[1]}", f"{FIRST[0]}33{FIRST[1]}"]
    for place, (start, end) in enumerate((REPEAT, FIRST)):
        if isinstance(change, str) and re.fullmatch(rf"{start}[\d.]{{1,9}}{end}", change):
            numbered[place] = change
    return [(change_words(name), name) for name in (*numbered, *CHANGES)]


def after(network: str, change: str) -> str:
    """A network's name after a change; with an empty name, the addition to one."""
    return f"{network} after “{change_words(change)}”"


STROBE = "### Show it over and over"
STROBE_LEAD = (
    "Networks see one moment in each of a clip's segments. Show a clip many times over, and these moments become a "
    "stroboscope: a thing may seem to go backwards, like a wheel in a film. The curves say which network falls for it. "
    "Each curve is of one class alone; other names of the same direction don't count."
)
CURVE = "Answers over parts and repeats"
CURVE_NOT_THIS = "The curve is drawn for the networks of this server and their classes; choose one of those."


def step_name(showing: Showing) -> str:
    """What stands below a step on the axis."""
    return str(showing.repeat) if showing.part == 1 else str(Fraction(showing.part).limit_denominator(16))


def change_of(showing: Showing) -> str:
    """The change that shows a clip so; empty for as filmed."""
    if showing.part < 1:
        return f"{FIRST[0]}{100 * showing.part:.6g}{FIRST[1]}"
    return f"{REPEAT[0]}{showing.repeat}{REPEAT[1]}" if showing.repeat > 1 else ""


def unknown_change(change: object) -> str:
    return f"Change {quoted(change)}: expected one of {', '.join([*CHANGES, 'repeat K', 'first N%'])}."


def no_such_part(change: str, refused: Sequence[str]) -> str:
    """`refused` says why of each network."""
    return f"None of the chosen networks has what “{change_words(change)}” is about: {'; '.join(refused)}."


def failed(change: str, why: str) -> str:
    """`why` an offered change, which is chosen no longer, could not be looked at."""
    return f"Not looked at “{change_words(change)}”. {why}"


def refused(reasons: Mapping[str, str]) -> str:
    """The changes that can't be, by name, as HTML: greyed in their list, and why; those of `DENSE` are left out."""
    absent = _rule([name for name in DENSE if name in reasons], "display: none")
    greyed = [name for name in reasons if name not in DENSE]
    words = "; ".join(f"{CHANGES[name]}: {html.escape(reasons[name])}" for name in greyed)
    said = f"<p>Not for these networks: {words}.</p>" if greyed else ""
    return f"<style>{absent} {_rule(greyed, 'opacity: .45; pointer-events: none')}</style>{said}"


def _rule(changes: Sequence[str], style: str) -> str:
    where = ", ".join(f'#change label:has(input[value="{name}"])' for name in changes)
    return f"{where} {{ {style}; }}" if where else ""


# Before it is known what the networks are.
USUALLY_REFUSED = refused(dict.fromkeys(DENSE, ""))
