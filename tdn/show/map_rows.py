"""Maps of one or two networks, before and after changes, as rows of a figure; and the words above them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tdn.explain.explanation import USUAL, Explanation, Question
from tdn.explain.scale import scale_together
from tdn.networks import short_name
from tdn.show.figures import MapRow

# What each network says after a change, by the change's name and the network's role.
Changes = dict[str, dict[str, Explanation]]


def titles(names: dict[str, str], files: dict[str, Path | str]) -> dict[str, str]:
    """Names of networks for captions, by role, from their titles; two of one kind are told apart by their files."""
    if len(set(names.values())) == len(names):
        return names
    told = {role: f"{name} {short_name(files[role])}" for role, name in names.items()}
    if len(set(told.values())) == len(names):
        return told
    return {role: f"{name} ({role})" for role, name in told.items()}


def map_rows(
    explained: Sequence[Explanation],
    question: Question = USUAL,
    changes: Changes | None = None,
    times_sec: Sequence[float] = (),
) -> list[MapRow]:
    """Model by model, layer by layer; then, for each change, the same after it. `times_sec` [T] are those of the clip.

    Raises ValueError for a scale shared by networks that have no layer in common.
    """
    if question.scale == "shared" and len(explained) > 1 and not set(explained[0].signed) & set(explained[1].signed):
        raise ValueError("scale shared: cells of different layers differ in number and meaning; choose clip or frame")
    looks = [(one, "") for one in explained]
    looks += [(one, name) for name, after in (changes or {}).items() for one in after.values()]
    maps = {((one.title, name), layer): raw for one, name in looks for layer, raw in one.shown(question).items()}
    scaled = scale_together(maps, question.scale)
    is_mixed = any(one.times_sec is not None or _is_coarser(one) for one in explained)
    rows = []
    for one, name in looks:
        times = times_sec if one.times_sec is None else one.times_sec
        for layer, about in one.layers.items():
            found = scaled[((one.title, name), layer)]
            title = f"{one.title} · {one.layers[layer].title}" + (f"\n{name}" if name else "")
            note = f"scale {found.rule},\nmax {found.maximum:.3g}"
            if name:
                note += f",\nclass now {100 * one.probabilities[one.target]:.0f}%"
            label = one.label + (f" less {question.versus}" if one.versus else "")
            which = tuple(map(about.map_of, range(len(times)))) if len(about.knots) < len(times) else None
            at_sec = tuple(np.interp(about.knots, np.arange(len(times)), times)) if is_mixed and len(times) else None
            own = (one.pictures, one.times_sec, one.box, which, at_sec)
            rows.append(MapRow(title, label, note, found, *own, claim=about.claim))
    return rows


def _is_coarser(one: Explanation) -> bool:
    """Whether it has maps that speak for several of the moments that were read."""
    return any(len(windows) > 1 for about in one.layers.values() for windows in about.windows)


def heading(file_name: str, explained: Sequence[Explanation], question: Question = USUAL) -> str:
    """Clip, class and what each model gives it."""
    label = explained[0].label
    given = ", ".join(
        f"{one.title} {100 * one.probabilities[one.target]:.0f}%"
        + (f" for “{one.label}”" if one.label != label else "")
        for one in explained
    )
    less = f" less “{question.versus}”" if question.versus else ""
    return f"{file_name}: {question.method} for “{explained[0].label}”{less} ({given})"
