"""What the lab's steps speak of, on the lab's clips and with the shipped weights.

New weights need other clips: `python -m assets.make_lab_clips`.
"""

from pathlib import Path

import pytest

from app.explainer import Explainer
from app.lab.lessons import CLIPS, LabClip, Lessons, lab_clips, opposite
from app.lab.tab import LONG_RANGE
from assets.lab_promises import OF_A_CLIP, Shown, the_baseline_says_the_same_to_both, the_gates_matter
from tdn.weights import shipped

PAIRED = [clip for clip in lab_clips(CLIPS) if clip.pair]


@pytest.fixture(scope="module")
def shown() -> Shown:
    # Not `checkpoint_folder()`: the browser tests of the same session point it at a pair of their own.
    return Shown(Lessons(Explainer(Path(shipped.__file__).resolve().parents[2] / "checkpoints", "cpu")))


@pytest.mark.parametrize("clip", PAIRED, ids=lambda clip: clip.path.stem)
@pytest.mark.parametrize("promise", OF_A_CLIP, ids=lambda promise: promise.__name__)
def test_a_clip_keeps_what_the_lab_says(shown: Shown, clip: LabClip, promise):
    assert promise(shown, clip)


@pytest.mark.parametrize("pair", sorted({clip.pair for clip in PAIRED}))
def test_the_baseline_says_the_same_to_both_clips_of_a_pair(shown: Shown, pair: str):
    one, other = (clip for clip in PAIRED if clip.pair == pair)
    assert opposite(one.label) == other.label
    assert the_baseline_says_the_same_to_both(shown, one, other)


def test_the_gates_matter_to_the_clip_that_their_step_opens_with(shown: Shown):
    assert the_gates_matter(shown, next(clip for clip in lab_clips(CLIPS) if clip.label == LONG_RANGE))
