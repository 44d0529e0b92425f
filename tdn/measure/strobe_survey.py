"""Many videos under the stroboscope: how often each network names the right direction, and how often the opposite."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tdn.data.clip import read_pictures
from tdn.data.film import AS_FILMED, Showing
from tdn.data.opposites import other_way, same_way
from tdn.explain.classes import find_label, same_label
from tdn.explain.strobe import Step, curve
from tdn.measure.focus import paired_interval
from tdn.networks import Network


@dataclass(frozen=True)
class Seen:
    """What one network says of one showing of a video whose direction is that of `label`.

    `right` and `opposite` say whether its top class names that direction or the opposite one, in any wording of its
    label list; `p_right` and `p_opposite` are the probabilities of all those wordings together, `chance_right` and
    `chance_opposite` their share of the classes. The fields of the opposite are None where the list has none.
    """

    video: str
    label: str
    network: str
    showing: Showing
    answer: str
    probability: float
    right: bool
    p_right: float
    chance_right: float
    opposite: bool | None
    p_opposite: float | None
    chance_opposite: float | None
    seam_windows: int


def look(video: Path, label: str | None, networks: Mapping[str, Network], showings: Sequence[Showing]) -> list[Seen]:
    """All networks on all showings of a video, network by network.

    Without a `label` the direction is the first network's answer to the video as filmed; of a network that does not
    know it, its own answer, and its rows say so in `label`. Networks that read alike share one reading; each reads the
    film by its own rule. Raises ValueError for a label that none knows, and as `tdn.data.clip.load_clip`.
    """
    asked = list(dict.fromkeys([AS_FILMED, *showings]))
    found: dict[str, dict[Showing, Step]] = {name: {} for name in networks}
    for group in _alike(networks):
        pictures = read_pictures(video, next(iter(group.values())), asked, display_short_side=64)
        for step in curve(group, pictures):
            for name in group:
                found[name][step.showing] = step
    answers = {
        name: model.labels[int(found[name][AS_FILMED].logits[name].argmax())] for name, model in networks.items()
    }
    label = next(iter(answers.values())) if label is None else label
    if all(same_label(model.labels, label) is None for model in networks.values()):
        find_label(next(iter(networks.values())).labels, label)  # raises, with labels that are close
    asked_of = {
        name: answers[name] if same_label(model.labels, label) is None else label for name, model in networks.items()
    }
    return [
        _seen(str(video), asked_of[name], name, networks[name], steps[showing])
        for name, steps in found.items()
        for showing in showings
    ]


def summary(seen: Iterable[Seen], showings: Sequence[Showing]) -> dict[str, Any]:
    """The counts and means of CONTRACT's JSON, one entry for each `repeats`; the same of each of `parts` as `by_part`.

    Of `right` and `opposite` the 95% interval is Wilson's, as shares; of the mean probabilities it is a bootstrap over
    videos, None below two of them. The opposite counts only videos whose class has one, `with_opposite` of them.
    """
    rows = list(seen)
    repeated = [showing for showing in showings if showing.part == 1]
    cut = [showing for showing in showings if showing.part < 1]
    labels = {row.video: row.label for row in reversed(rows)}  # of the first network
    networks = {}
    for name in dict.fromkeys(row.network for row in rows):
        own = [row for row in rows if row.network == name]
        networks[name] = _columns([[row for row in own if row.showing == showing] for showing in repeated])
        own_labels = {row.video: row.label for row in own}
        networks[name]["own_labels"] = {
            video: own_labels[video] for video in own_labels if own_labels[video] != labels[video]
        }
        networks[name]["by_part"] = _columns([[row for row in own if row.showing == showing] for showing in cut])
        for way in ("right", "opposite"):
            chances = [chance for row in own if (chance := getattr(row, f"chance_{way}")) is not None]
            networks[name][f"chance_{way}"] = float(np.mean(chances)) if chances else None
    first = {(row.network, row.showing) for row in rows[:1]}
    one_each = [row for row in rows if (row.network, row.showing) in first]
    return {
        "repeats": [showing.repeat for showing in repeated],
        "parts": [showing.part for showing in cut],
        "videos": len(one_each),
        "with_opposite": sum(row.opposite is not None for row in one_each),
        "networks": networks,
        "labels": labels,
    }


def wilson(count: int, of: int) -> tuple[float, float]:
    """95% interval of a share, by Wilson's score: sensible for few videos and for none or all of them."""
    z = 1.959964
    middle, spread = (
        (count + z * z / 2) / (of + z * z),
        z / (of + z * z) * (count * (of - count) / of + z * z / 4) ** 0.5,
    )
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _columns(groups: Sequence[Sequence[Seen]]) -> dict[str, Any]:
    """Columns of the table; a group is the answers of one network to one showing of each video."""
    columns: dict[str, Any] = {}
    for way in ("right", "opposite"):
        named = [[value for row in group if (value := getattr(row, way)) is not None] for group in groups]
        given = [[value for row in group if (value := getattr(row, f"p_{way}")) is not None] for group in groups]
        columns[way] = [sum(values) for values in named]
        columns[f"p_{way}"] = [float(np.mean(values)) if values else None for values in given]
        columns[f"{way}_interval"] = [wilson(sum(values), len(values)) if values else None for values in named]
        columns[f"p_{way}_interval"] = [
            paired_interval(values, [0.0] * len(values)) if len(values) > 1 else None for values in given
        ]
    columns["seam_windows"] = [sum(row.seam_windows for row in group) for group in groups]
    return columns


def _seen(video: str, label: str, name: str, model: Network, step: Step) -> Seen:
    labels = model.labels
    own = labels[find_label(labels, label)]
    right, opposite = same_way(own, labels), other_way(own, labels)
    probabilities = step.probabilities[name]
    top = int(probabilities.argmax())
    return Seen(
        video=video,
        label=label,
        network=name,
        showing=step.showing,
        answer=labels[top],
        probability=float(probabilities[top]),
        right=top in right,
        p_right=float(probabilities[right].sum()),
        chance_right=len(right) / len(labels),
        opposite=top in opposite if opposite else None,
        p_opposite=float(probabilities[opposite].sum()) if opposite else None,
        chance_opposite=len(opposite) / len(labels) if opposite else None,
        seam_windows=step.seam_windows,
    )


def _alike(networks: Mapping[str, Network]) -> Iterator[dict[str, Network]]:
    """Networks that take the same frames and pixels, together."""
    groups: dict[Any, dict[str, Network]] = {}
    for name, model in networks.items():
        groups.setdefault((model.preprocess, model.num_segments, model.window), {})[name] = model
    yield from groups.values()
