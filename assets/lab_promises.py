"""What the lab's steps say of its clips, as questions to the networks: with other weights other clips keep it.

`tests/test_lab_shipped.py` asks them of the shipped clips, `make_lab_clips` of candidates.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from app.lab.lessons import LabClip, Lessons, opposite

STILL = "Holding something still"
KNOWN, UNKNOWN, NOT_SEEN = 0.8, 0.1, 0.5  # probabilities


class Shown:
    """Each clip read once, each answer asked for once."""

    def __init__(self, taught: Lessons):
        self.taught = taught
        self.clip = cache(lambda path: taught.read(path))
        self.opinions = cache(lambda path, change=None: taught.opinions(self.clip(path), change))

    def tops(self, clip: LabClip, change: str | None = None) -> dict[str, str]:
        return {role: opinion.top for role, opinion in self.opinions(clip.path, change).items()}


def tdn_knows_it_until_s_tdm_is_turned_down(shown: Shown, clip: LabClip) -> bool:
    sweep = shown.taught.sweep(shown.clip(clip.path), (0.0, 1.0))
    off, trained = sweep.opinions
    knows = trained.top == clip.label and trained.of(clip.label) > KNOWN and off.of(clip.label) < UNKNOWN
    return knows and sweep.baseline.of(clip.label) < NOT_SEEN


def reversing_windows_turns_tdn_alone(shown: Shown, clip: LabClip) -> bool:
    return _turns_tdn_alone(shown, clip, "reverse inside windows")


def reversing_it_turns_tdn_alone(shown: Shown, clip: LabClip) -> bool:
    return _turns_tdn_alone(shown, clip, "reverse")


def _turns_tdn_alone(shown: Shown, clip: LabClip, change: str) -> bool:
    before, after = shown.tops(clip), shown.tops(clip, change)
    turned = (before["tdn"], after["tdn"]) == (clip.label, opposite(clip.label))
    return turned and before["baseline"] == after["baseline"]


def frozen_windows_are_still_to_tdn_and_nothing_new_to_the_baseline(shown: Shown, clip: LabClip) -> bool:
    before, after = shown.opinions(clip.path), shown.opinions(clip.path, "freeze windows")
    same = np.array_equal(before["baseline"].probabilities, after["baseline"].probabilities)
    return after["tdn"].top == STILL and same


def the_gates_matter(shown: Shown, clip: LabClip) -> bool:
    """Of the clip that the gates' step opens with: motion that takes many segments."""
    found = shown.taught.gates(shown.clip(clip.path))
    return found.on.top == clip.label and found.off.of(clip.label) < found.on.of(clip.label) - 0.1


def the_baseline_says_the_same_to_both(shown: Shown, one: LabClip, other: LabClip) -> bool:
    """And not what the first shows, whose still is guessed at."""
    return shown.tops(one)["baseline"] == shown.tops(other)["baseline"] != one.label


OF_A_CLIP: tuple[Callable[[Shown, LabClip], bool], ...] = (
    tdn_knows_it_until_s_tdm_is_turned_down,
    reversing_windows_turns_tdn_alone,
    reversing_it_turns_tdn_alone,
    frozen_windows_are_still_to_tdn_and_nothing_new_to_the_baseline,
)


def broken(shown: Shown, one: LabClip, other: LabClip) -> list[str]:
    """The names of the promises that a pair does not keep, in words."""
    failed = [] if the_baseline_says_the_same_to_both(shown, one, other) else [the_baseline_says_the_same_to_both]
    failed += [promise for promise in OF_A_CLIP if not all(promise(shown, clip) for clip in (one, other))]
    return [promise.__name__.replace("_", " ") for promise in failed]
