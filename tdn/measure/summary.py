"""What the rows of a survey come to: means, intervals, a table for a spreadsheet, and a sentence."""

from collections.abc import Iterator
from typing import Any

from tdn.explain.methods import GRAD_CAM, Rule
from tdn.measure.focus import mean_over_clips, paired_interval

ROLES = ("tdn", "baseline")
CONTROLS = ("uniform", "center", "frame_difference")
PAIRED = ("energy_share", "lift", "pointing", "pixel_auc")
FAITHFUL = ("deletion", "insertion", "freeze_gap")
# With fewer clips an interval by bootstrap is no interval.
FEWEST = 10


def summary(found: list[dict[str, Any]], method: str = GRAD_CAM.method) -> dict[str, Any]:
    """Means over all clips, over those both networks get right, and the paired intervals of TDN minus baseline.

    `method` is the one that made the maps.
    """
    both = [row for row in found if row["right"]["tdn"] and row["right"]["baseline"]]
    return {
        "clips": len(found),
        **_means(found),
        "top1": {role: _top1([row["right"][role] for row in found]) for role in ROLES},
        "both_right": {"clips": len(both), **(_means(both) if both else {})},
        "target": _asked(found),
        "method": str(Rule(method, "frame")).replace("per frame", "per frame (of a dense clip: per clip)"),
    }


def _top1(right: list[bool | None]) -> float | None:
    """Percent of the clips whose class a network knows."""
    known = [one for one in right if one is not None]
    return 100 * sum(known) / len(known) if known else None


def _asked(found: list[dict[str, Any]]) -> str:
    """Which class was explained, in words."""
    places = {"tdn": "first", "baseline": "second"}
    strange = [role for role in ROLES if any(row["right"][role] is None for row in found)]
    others = " and ".join(f"the {places[role]} network" for role in strange)
    return "the clip's own class" + (f"; where {others} does not know it, its own answer" if strange else "")


def _means(found: list[dict[str, Any]]) -> dict[str, Any]:
    def layers(role: str) -> dict[str, dict[str, float | None]]:
        return {layer: mean_over_clips([row[role][layer] for row in found]) for layer in found[0][role]}

    def interval(pair: tuple[str, str], name: str) -> tuple[float, float]:
        """Of the layers that stand at one place in the lists of the two networks."""
        ours, others = ([row[role][layer][name] for row in found] for role, layer in zip(ROLES, pair, strict=True))
        return paired_interval(ours, others)

    def faithful() -> dict[str, dict[str, dict[str, float | None]]]:
        return {
            role: {layer: mean_over_clips([row["faithfulness"][role][layer] for row in found]) for layer in layers}
            for role, layers in found[0]["faithfulness"].items()
        }

    def less_random() -> dict[str, dict[str, dict[str, tuple[float, float]]]]:
        """95% intervals of what a map gains over places drawn by chance, by network, layer and number."""
        return {
            role: {
                layer: {
                    name: paired_interval(*([row["faithfulness"][role][one][name] for row in found] for one in pair))
                    for name in FAITHFUL
                }
                for layer, pair in ((layer, (layer, "random")) for layer in found[0][role])
            }
            for role in ROLES
        }

    return {
        "models": {role: layers(role) for role in ROLES},
        "controls": {
            **{name: mean_over_clips([row[name] for row in found]) for name in CONTROLS},
            "random_weights": layers("random_weights"),
        },
        "paired": {
            pair[0]: {name: interval(pair, name) for name in PAIRED}
            for pair in zip(*(found[0][role] for role in ROLES), strict=False)
        },
        **({"faithfulness": faithful(), "less_random": less_random()} if "faithfulness" in found[0] else {}),
    }


def flat_rows(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One flat row for each clip and map, for a CSV."""
    for row in found:
        for source in (*ROLES, "random_weights"):
            for layer in row[source]:
                right = row["right"][source]
                start = {"clip": row["name"], "label": row["label"], "map": source, "layer": layer, "right": right}
                yield start | row[source][layer]
        for source in CONTROLS:
            yield {"clip": row["name"], "label": row["label"], "map": source, "layer": "", "right": ""} | row[source]


def reading(report: dict[str, Any], layer: str) -> str:
    """What the numbers of a layer say, in words that claim no more."""
    if report["clips"] < FEWEST:
        return f"At {layer}: {report['clips']} clips are too few to tell the networks apart; take {FEWEST} or more."
    low, high = report["paired"][layer]["lift"]
    place = list(report["models"]["tdn"]).index(layer)
    ours, others = (list(report["models"][role].values())[place]["lift"] for role in ROLES)
    numbers = f"{ours:.2f} against {others:.2f} times chance, 95% interval of the difference {low:+.2f} to {high:+.2f}"
    if low > 0:
        return f"At {layer} the first network's maps lie more on what moves than the second's ({numbers})."
    if high < 0:
        return f"At {layer} the second network's maps lie more on what moves than the first's ({numbers})."
    return f"At {layer} these clips show no difference between the two networks ({numbers})."
