"""What the lab's steps speak of, on the lab's clips and with the shipped weights.

New weights may need other clips: `python -m assets.make_lab_clips --search 48`.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from app.explainer import Explainer
from app.lab.lessons import CLIPS, LabClip, Lessons, lab_clips, opposite
from app.lab.tab import LONG_RANGE
from tdn.weights import shipped

PAIRED = [clip for clip in lab_clips(CLIPS) if clip.pair]
each_lab_clip = pytest.mark.parametrize("clip", PAIRED, ids=lambda clip: clip.path.stem)


class Shown:
    """Each clip read once, each answer asked for once."""

    def __init__(self, taught: Lessons):
        self.taught = taught
        self.clip = cache(lambda path: taught.read(path))
        self.opinions = cache(lambda path, change=None: taught.opinions(self.clip(path), change))

    def tops(self, clip: LabClip, change: str | None = None) -> dict[str, str]:
        return {role: opinion.top for role, opinion in self.opinions(clip.path, change).items()}


@pytest.fixture(scope="module")
def shown() -> Shown:
    # Not `checkpoint_folder()`: the browser tests of the same session point it at a pair of their own.
    return Shown(Lessons(Explainer(Path(shipped.__file__).resolve().parents[2] / "checkpoints", "cpu")))


@each_lab_clip
def test_tdn_knows_the_clip_until_s_tdm_is_turned_down(shown: Shown, clip: LabClip):
    sweep = shown.taught.sweep(shown.clip(clip.path), (0.0, 1.0))
    off, trained = (opinion.of(clip.label) for opinion in sweep.opinions)
    assert sweep.opinions[-1].top == clip.label and trained > 0.8 and off < 0.1
    assert sweep.baseline.of(clip.label) < 0.5


@pytest.mark.parametrize("pair", sorted({clip.pair for clip in PAIRED}))
def test_the_baseline_says_the_same_to_both_clips_of_a_pair(shown: Shown, pair: str):
    one, other = (clip for clip in PAIRED if clip.pair == pair)
    assert opposite(one.label) == other.label
    assert shown.tops(one)["baseline"] == shown.tops(other)["baseline"] != one.label  # `one` is the still to guess


@each_lab_clip
@pytest.mark.parametrize("change", ["reverse inside windows", "reverse"])
def test_reversed_time_turns_tdn_and_not_the_baseline(shown: Shown, clip: LabClip, change: str):
    before, after = shown.tops(clip), shown.tops(clip, change)
    assert (before["tdn"], after["tdn"]) == (clip.label, opposite(clip.label))
    assert before["baseline"] == after["baseline"]


@each_lab_clip
def test_frozen_windows_are_something_held_still_to_tdn_and_nothing_new_to_the_baseline(shown: Shown, clip: LabClip):
    before, after = shown.opinions(clip.path), shown.opinions(clip.path, "freeze windows")
    assert after["tdn"].top == "Holding something still"
    assert np.array_equal(before["baseline"].probabilities, after["baseline"].probabilities)


def test_the_gates_matter_to_the_clip_that_their_step_opens_with(shown: Shown):
    clip = next(clip for clip in lab_clips(CLIPS) if clip.label == LONG_RANGE)
    found = shown.taught.gates(shown.clip(clip.path))
    assert found.on.top == LONG_RANGE and found.off.of(LONG_RANGE) < found.on.of(LONG_RANGE) - 0.1
