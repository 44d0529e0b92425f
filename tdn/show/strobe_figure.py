"""The curves of the stroboscope: a panel a network, the right direction and the opposite one over all showings."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Told apart without colour too: full and dashed, round and square.
WAYS = {"right": ("right direction", "#0b7a5c", "-", "o"), "opposite": ("opposite direction", "#c8401b", "--", "s")}


def strobe_figure(found: Mapping[str, Any], num_segments: Mapping[str, int], heading: str) -> Figure:
    """Mean probabilities of `tdn.measure.strobe_survey.summary`, with their intervals where there are any.

    Left of the line the film is cut, right of it repeated. Dotted lines mark repeats that are a multiple of a network's
    segments: all of them then show about the same moment; a network that reads a dense clip has none.
    """
    columns = min(2, len(found["networks"]))
    lines = -(-len(found["networks"]) // columns)
    figure = Figure(figsize=(5.2 * columns, 0.9 + 2.5 * lines), dpi=150, layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    cut = len(found["parts"])
    repeats = found["repeats"]
    for axes, (name, numbers) in zip(panels.flat, found["networks"].items(), strict=False):
        own = list(numbers["own_labels"].values())
        axes.set_title(name + (f": {own[0]}" if found["videos"] == 1 and own else ""), fontsize=10)
        for way in WAYS:
            _draw(axes, way, range(cut), numbers["by_part"])
            _draw(axes, way, range(cut, cut + len(repeats)), numbers, labelled=True)
        for place, repeat in enumerate(repeats, cut):
            if name in num_segments and repeat % num_segments[name] == 0:
                axes.axvline(place, color="0.6", linewidth=0.7, linestyle=":")
        if cut and repeats:
            axes.axvline(cut - 0.5, color="0.6", linewidth=0.7)
        axes.set_ylim(-0.03, 1.03)
        axes.grid(axis="y", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels.flat[len(found["networks"]) :]:
        axes.set_visible(False)
    names = [str(Fraction(part).limit_denominator(100)) for part in found["parts"]] + [str(k) for k in repeats]
    for axes in panels[-1]:
        axes.set_xticks(range(len(names)), names, fontsize=7)
    figure.supxlabel("part of the film that is shown | times it is shown", fontsize=9)
    figure.supylabel("mean probability" if found["videos"] > 1 else "probability", fontsize=9)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(), loc="outside upper right", fontsize=8, frameon=False, ncol=2
    )
    figure.suptitle(heading, fontsize=10, x=0.01, ha="left")
    return figure


def _draw(axes: Axes, way: str, places: Sequence[int], numbers: Mapping[str, Any], labelled: bool = False) -> None:
    if not places or numbers[f"p_{way}"][0] is None:
        return
    title, colour, line, marker = WAYS[way]
    axes.plot(
        places,
        numbers[f"p_{way}"],
        color=colour,
        linestyle=line,
        marker=marker,
        markersize=4,
        linewidth=1.4,
        label=title if labelled else None,
    )
    intervals = numbers[f"p_{way}_interval"]
    if intervals[0] is not None:
        axes.fill_between(places, *zip(*intervals, strict=True), color=colour, alpha=0.15, linewidth=0)
