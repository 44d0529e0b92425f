"""Two networks together: the paper's 8 + 16 frame rows (Tables 2 and 3), from their score files."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from tdn.evaluate.scores import Scores

RULES = {
    "released": "sum of ReLU'd raw logits, as released",
    "mean-probability": "mean of probabilities",
}


def combine(parts: Sequence[Scores], rule: str = "released") -> np.ndarray:
    """Scores of several networks on the same clips as one, [n, K], in the clip order of the first.

    "released": negative logits become zero, each network's mean over its views, then the sum. The raw logits are not
    normalised, so the network with larger ones has more to say. Source: released `pkl_to_results.py:66,80,91` with
    `--multi_segments`, whose networks have the same number of views. "mean-probability": the mean over networks of
    `Scores.mean_probabilities`.

    Raises ValueError for an unknown rule, fewer than two networks, and for scores of other clips, labels or classes
    than the first, naming the first that differs.
    """
    if rule not in RULES:
        raise ValueError(f"rule {rule!r}: expected {' or '.join(RULES)}")
    if len(parts) < 2:
        raise ValueError(f"an ensemble takes at least two networks, got {len(parts)}")
    first = parts[0]
    orders = [_order_of(first, other) for other in parts]
    if rule == "released":
        each = [np.maximum(part.logits, 0).mean(1, dtype=np.float64) for part in parts]
        return np.sum([one[order] for one, order in zip(each, orders, strict=True)], axis=0)
    each = [part.mean_probabilities() for part in parts]
    return np.mean([one[order] for one, order in zip(each, orders, strict=True)], axis=0)


def expect_different(files: Sequence[Path], parts: Sequence[Scores]) -> list[str]:
    """Sentences on score files of one network, which counts once for each of them in an ensemble.

    Raises ValueError for two files with the same scores.
    """
    said = []
    for (first, one), (second, other) in combinations(zip(files, parts, strict=True), 2):
        if one.logits.shape == other.logits.shape and np.array_equal(one.logits, other.logits):
            raise ValueError(f"{first} and {second} hold the same scores; name every network once")
        if one.checkpoint and one.checkpoint == other.checkpoint:
            said.append(
                f"{first} and {second} are of one network (SHA-256 {one.checkpoint[:8]}), {one.protocol} and "
                f"{other.protocol}; it counts twice"
            )
    return said


def _order_of(first: Scores, other: Scores) -> list[int]:
    """Where the clips of `first` stand in `other`; ValueError where the two are not about the same clips."""
    if len(first.class_names) != len(other.class_names):
        raise ValueError(f"the networks have {len(first.class_names)} and {len(other.class_names)} classes")
    for index, (one, two) in enumerate(zip(first.class_names, other.class_names, strict=True)):
        if one != two:
            raise ValueError(f"class {index} is {one!r} in one and {two!r} in the other")
    places = {name: place for place, name in enumerate(other.ids)}
    own = set(first.ids)
    for name in first.ids:
        if name not in places:
            raise ValueError(f"the clip {name} has scores of the first network only{_why(name, other)}")
    for name in other.ids:
        if name not in own:
            raise ValueError(f"the clip {name} has scores of a later network only{_why(name, first)}")
    order = [places[name] for name in first.ids]
    for name, one, two in zip(first.ids, first.labels.tolist(), other.labels[order].tolist(), strict=True):
        if one != two:
            raise ValueError(
                f"the clip {name} is {first.class_names[one]!r} in one and {first.class_names[two]!r} in the other"
            )
    return order


def _why(name: str, scores: Scores) -> str:
    return "; the other could not read it, leave it out of both" if name in scores.missing else ""
