"""What the page opens on: told from what the networks say, whatever they say; and what the shipped ones say."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import text
from app.analysis import Request
from app.explainer import Explainer
from app.gallery import SampleClip, sample_clips
from app.opening import kind, make_opening
from app.server.settings import SAMPLES
from app.showcase import Showcase
from tdn.data.film import AS_FILMED, Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.weights import Card, save_checkpoint, shipped
from tests.conftest import network, tiny

LABELS = ["Moving something up", "Moving something down", "A pattern streaming up inside something", "Holding still"]
PAIR = ("tdn.safetensors", "base.safetensors")


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    folder = tmp_path_factory.mktemp("checkpoints")
    for file, row in zip(PAIR, ("tdn_resnet50_8f", "tconv_baseline_resnet50_8f"), strict=True):
        architecture = tiny(row, len(LABELS))
        card = Card(architecture, Preprocess("whole", 64, 64, "even", max_frames=64), LABELS)
        save_checkpoint(folder / file, network(architecture), card)
    return Explainer(folder, "cpu")


def a_sample(folder: Path, label: str) -> SampleClip:
    frames = np.random.default_rng(0).integers(0, 255, (30, 48, 64, 3)).astype(np.uint8)
    write_mp4(folder / "film.mp4", frames, fps=10)
    opening = {"sentence": "Things go up.", "part": 50, "repeat": 3}
    entry = {"file": "film.mp4", "label": label, "title": "Film", "credit": "Somebody", "opening": opening}
    (folder / "samples.json").write_text(json.dumps([entry]))
    return sample_clips(folder)[0]


def test_each_way_is_the_analysis_of_what_it_shows(explainer: Explainer, tmp_path: Path):
    clip = a_sample(tmp_path, LABELS[0])
    found = make_opening(explainer, clip, PAIR, tmp_path)
    assert [way.name for way in found.ways] == ["One thing passing", "As filmed", "Three times over"]
    assert [(way.end_sec, way.rounds) for way in found.ways] == [(1.5, 1), (3.0, 1), (1.5, 3)] and found.shown == 1
    for way, showing in zip(found.ways, (Showing(part=0.5), AS_FILMED, Showing(part=0.5, repeat=3)), strict=True):
        *_, alone = explainer.analyse(explainer.prepare(Request(str(clip.path), *PAIR), showing))
        for shown, answer in zip(way.networks, alone.answers.values(), strict=True):
            assert [(one.label, one.probability) for one in shown.said][:2] == answer.top[:2]
            with Image.open(shown.strip.path) as strip:
                assert strip.size == (8 * 200, 150)
    assert len({Path(one.strip.path).read_bytes() for way in found.ways for one in way.networks}) == 6


def test_a_clip_without_a_known_label_opens_the_page_without_this(explainer: Explainer, tmp_path: Path):
    clip = a_sample(tmp_path, "Flying")
    showcase = Showcase(explainer, explainer, [clip], *PAIR)
    showcase.open()
    assert showcase.opening is None and showcase.find(str(clip.path), None, *PAIR) is not None


def test_any_wording_of_the_direction_is_right_and_of_the_other_is_opposite():
    assert [kind(label, LABELS[0], LABELS) for label in LABELS] == ["right", "opposite", "right", ""]


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (("right", "right"), "Both networks see it."),
        (("right", ""), "Only one of these two networks sees it: A."),
        (("", "right"), "Only one of these two networks sees it: B."),
        (("right", "opposite"), "A sees it; the B sees the reverse."),
        (("opposite", "opposite"), "The A sees the reverse; the B sees the reverse."),
        (("", ""), "Neither network sees it."),
    ],
)
def test_the_sentence_follows_from_the_answers(kinds: tuple[str, str], says: str):
    assert text.opening_verdict(dict(zip("AB", kinds, strict=True))) == says


def test_the_sentence_says_what_is_shown_over_and_over():
    assert text.opening_scene(Showing(part=0.3, repeat=7), "x") == "One thing, seven times over."
    assert text.opening_scene(Showing(repeat=2), "x") == "The film, twice over."


def test_between_two_frames_seven_of_eight_parts_are_one_back():
    said = text.opening_why(Showing(part=0.3, repeat=7), "x", 2, 8, 5, 1)
    assert "7/8 of the passage" in said and "1/8 back" in said and "one crosses the seam" in said
    assert "1/8 on" in text.opening_why(Showing(part=0.3, repeat=9), "x", 2, 8, 5, 0)


def test_the_shipped_pair_on_the_conveyor(tmp_path: Path):
    """Both see one thing pass, TDN alone the whole film, and seven times over the baseline sees the reverse."""
    folder = Path(shipped.__file__).resolve().parents[2] / "checkpoints"
    clip = sample_clips(SAMPLES)[0]
    found = make_opening(Explainer(folder, "cpu"), clip, (shipped.TDN_FILE, shipped.BASELINE_FILE), tmp_path)
    tops = [[one.said[0].kind for one in way.networks] for way in found.ways]
    assert tops == [["right", "right"], ["right", ""], ["right", "opposite"]]
    assert found.ways[1].sentence == "A belt carries fruit to the left. Only one of these two networks sees it: TDN."
    assert found.ways[2].sentence == "One thing, seven times over. TDN sees it; the T-Conv baseline sees the reverse."
    assert found.ways[1].networks[0].said[0].probability > 0.9 and found.ways[2].networks[1].said[0].probability > 0.9
