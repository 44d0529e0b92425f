"""What a network's answers to a split of the motion benchmark come to, each number with its chance and interval."""

from typing import Any

import numpy as np

from tdn.data.opposites import opposite, other_way, same_way
from tdn.evaluate.intervals import wilson
from tdn.evaluate.scores import Scores
from tdn.motion import LABELS
from tdn.motion.bias import sign_of
from tdn.motion.splits import SPLITS


def split_numbers(scores: Scores, split: str, seed: int) -> dict[str, Any]:
    """`chance`, `interval` (95%, Wilson) of top-1, `parts` where the split asks several things; and by split:

    appearance-free  over_opposite: how often the right class scores above its opposite (half by chance)
    minimal-pairs    over_opposite, and both_right: pairs of which both clips are answered right
    stroboscope      each part has right, opposite and other: the direction of the answer, in any wording
    planted-bias     scene_class: how often the class of the misleading sign is the answer

    All in percent. `scores` are those of the first clips of the split with this seed, all of them, in their order.
    """
    about = SPLITS[split]
    said = scores.mean_probabilities().argmax(1)
    right = said == scores.labels
    found: dict[str, Any] = {
        "chance": 100 / len(about.classes),
        "interval": wilson(100 * right.mean(), about.draws(len(right))),
    }
    part_of = np.array([about.part_of(index) for index in range(len(scores))])
    parts = {part: part_of == part for part in dict.fromkeys(part_of.tolist()) if part}
    if parts:
        found["parts"] = {part: _share(right[where], _draws(split, where)) for part, where in parts.items()}
    if split in ("appearance-free", "minimal-pairs"):
        found["over_opposite"] = _share(_over_opposite(scores), about.draws(len(right)), "percent") | {"chance": 50.0}
    if split == "minimal-pairs":
        found |= _both_right(right, found["chance"])
        for part, where in parts.items():
            found["parts"][part] |= _both_right(right[where], found["chance"])
    if split == "stroboscope":
        for part, where in parts.items():
            found["parts"][part] |= _directions(said[where], scores.labels[where], scores.class_names)
    if split == "planted-bias":
        found["scene_class"] = _scene_class(scores, said, seed)
    return found


def _share(hits: np.ndarray, draws: int, name: str = "top1") -> dict[str, Any]:
    percent = 100 * float(hits.mean())
    return {"clips": len(hits), name: percent, "interval": wilson(percent, draws)}


def _draws(split: str, where: np.ndarray) -> int:
    """Independent draws among the clips of a part."""
    return len({index // SPLITS[split].together for index in np.flatnonzero(where).tolist()})


def _over_opposite(scores: Scores) -> np.ndarray:
    """Whether each clip's own class scores above its opposite: bool [n]."""
    names = scores.class_names
    opposites = {own: names.index(opposite(names[own], names)) for own in set(scores.labels.tolist())}
    rows, logits = np.arange(len(scores)), scores.logits.mean(1)
    return logits[rows, scores.labels] > logits[rows, [opposites[own] for own in scores.labels.tolist()]]


def _both_right(right: np.ndarray, chance: float) -> dict[str, Any]:
    pairs = right[: len(right) // 2 * 2].reshape(-1, 2).all(1)
    if not len(pairs):
        return {}
    percent = 100 * float(pairs.mean())
    return {
        "pairs": len(pairs),
        "both_right": percent,
        "both_right_interval": wilson(percent, len(pairs)),
        "both_right_chance": chance**2 / 100,
    }


def _directions(said: np.ndarray, labels: np.ndarray, names: list[str]) -> dict[str, Any]:
    """How often the direction is right, in any wording, with its interval; the opposite; and anything else."""
    same = {own: same_way(names[own], names) for own in set(labels.tolist())}
    other = {own: other_way(names[own], names) for own in same}
    answers = list(zip(said.tolist(), labels.tolist(), strict=True))
    right = 100 * sum(answer in same[own] for answer, own in answers) / len(answers)
    wrong_way = 100 * sum(answer in other[own] for answer, own in answers) / len(answers)
    return {
        "right": right,
        "right_interval": wilson(right, len(answers)),
        "opposite": wrong_way,
        "other": 100 - right - wrong_way,
    }


def _scene_class(scores: Scores, said: np.ndarray, seed: int) -> dict[str, Any]:
    """How often the answer to a conflicting clip is the class of its sign."""
    signs = {index: sign_of(seed, index) for index in range(1, len(scores), 2)}
    if not signs:
        return {}
    hits = np.array([scores.class_names[said[index]] == LABELS[sign] for index, sign in signs.items()])
    return _share(hits, len(hits), "percent") | {"chance": 100 / len(LABELS)}


def split_lines(report: dict[str, Any]) -> list[str]:
    """What `split_numbers` found beyond top-1, a line each, for people."""
    lines = []
    if "both_right" in report:
        lines.append(f"both of a pair right: {_told(report, 'both_right')}, {report['pairs']} pairs")
    for name, title in (("over_opposite", "above its opposite"), ("scene_class", "the class of the sign")):
        if report.get(name):
            low, high = report[name]["interval"]
            told = f"{report[name]['percent']:.1f}% ({low:.1f} to {high:.1f}, chance {report[name]['chance']:.1f})"
            lines.append(f"{title}: {told}, {report[name]['clips']} clips")
    for part, one in report.get("parts", {}).items():
        low, high = one["interval"]
        told = f"{part}: top-1 {one['top1']:.1f}% ({low:.1f} to {high:.1f}), {one['clips']} clips"
        if "both_right" in one:
            told += f"; both right {_told(one, 'both_right')}"
        if "right" in one:
            told += f"; right way {one['right']:.1f}%, opposite {one['opposite']:.1f}%, other {one['other']:.1f}%"
        lines.append(told)
    return lines


def _told(report: dict[str, Any], name: str) -> str:
    low, high = report[f"{name}_interval"]
    return f"{report[name]:.1f}% ({low:.1f} to {high:.1f}, chance {report[f'{name}_chance']:.1f})"
