"""What the page opens on: told from what the networks say, whatever they say; and what the shipped ones say."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from app import opening_text
from app.analysis import Request
from app.explainer import Explainer
from app.gallery import SampleClip, sample_clips
from app.opening import changed_film, kind, make_opening
from app.server.settings import SAMPLES
from app.showcase import Showcase
from tdn.data.film import Showing
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


def test_each_way_is_what_the_networks_say_of_that_change(explainer: Explainer, tmp_path: Path):
    clip = a_sample(tmp_path, LABELS[0])
    found = make_opening(explainer, clip, PAIR, tmp_path)
    names = ["As filmed", "Three times over", "Reversed", "Frozen", "Shuffled", "S-TDM off"]
    assert [way.name for way in found.ways] == names and found.shown == 0
    assert [(way.end_sec, way.rounds) for way in found.ways] == [(3, 1), (1.5, 3), (3, 1), (3, 1), (3, 1), (3, 1)]
    prepared = explainer.prepare(Request(str(clip.path), *PAIR, target=clip.label))
    *_, filmed = explainer.analyse(prepared)
    answers = {"As filmed": filmed.answers}
    for name, change in (("Reversed", "reverse"), ("Frozen", "freeze windows"), ("S-TDM off", "S-TDM off")):
        answers[name] = filmed.answers | explainer.compare(prepared, change).after
    for way in found.ways:
        assert len(way.knots_sec) == 8 and way.knots_sec == sorted(way.knots_sec)
        assert 0 <= way.start_sec < way.end_sec and Path(way.video.path).is_file()
        for shown, answer in zip(way.networks, answers.get(way.name, {}).values(), strict=False):
            assert [(one.label, one.probability) for one in shown.said][:2] == answer.top[:2]
            cells = np.frombuffer(base64.b64decode(shown.values), np.uint8).reshape(8, shown.rows, shown.columns)
            raw = answer.explained.maps["final"]
            assert np.array_equal(cells == 255, raw == raw.max()) or not raw.any()
    off, before = found.ways[-1].networks, found.ways[0].networks
    assert off[1] == before[1] and off[0].values != before[0].values  # the baseline has no S-TDM


def test_a_changed_film_is_what_the_networks_are_given():
    centres = np.arange(8) * 10 + 5
    backwards = list(range(7, -1, -1))
    frames, knots = changed_film("reverse", 80, centres, backwards)
    assert frames[0] == 79 and np.array_equal(frames[knots], centres[::-1])
    frames, knots = changed_film("freeze windows", 80, centres, list(range(8)))
    assert len(frames) == 80 and sorted(set(frames)) == centres.tolist() and np.array_equal(frames[knots], centres)
    order = [3, 1, 0, 2, 7, 6, 5, 4]
    frames, knots = changed_film("shuffle segments", 80, centres, order)
    assert sorted(frames) == list(range(80)) and np.array_equal(frames[knots], centres[order])
    frames, knots = changed_film("S-TDM off", 80, centres, list(range(8)))
    assert np.array_equal(frames, np.arange(80)) and np.array_equal(knots, centres)


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
    assert opening_text.verdict(dict(zip("AB", kinds, strict=True))) == says


def test_where_they_differ_only_over_and_over_the_first_sentence_says_so():
    same, apart = {"A": "right", "B": "right"}, {"A": "right", "B": "opposite"}
    assert opening_text.over("Twice over", same, apart) == " Twice over: A sees it; the B sees the reverse."
    assert opening_text.over("Twice over", apart, apart) == opening_text.over("Twice over", same, same) == ""


def test_the_sentence_says_what_is_shown_over_and_over():
    assert opening_text.scene(Showing(part=0.3, repeat=7), "x") == "One thing, seven times over."
    assert opening_text.scene(Showing(repeat=2), "x") == "The film, twice over."


def test_between_two_frames_seven_of_eight_parts_are_one_back():
    said = opening_text.why(Showing(part=0.3, repeat=7), "x", 2, 8, 5, 1)
    assert "7/8 of the passage" in said and "1/8 back" in said and "one crosses the seam" in said
    assert "1/8 on" in opening_text.why(Showing(part=0.3, repeat=9), "x", 2, 8, 5, 0)


def test_the_shipped_pair_on_the_conveyor(tmp_path: Path):
    """Both see the whole film, forwards and backwards. TDN alone sees that nothing moves when it is frozen; seven times
    over the baseline sees the reverse.
    """
    folder = Path(shipped.__file__).resolve().parents[2] / "checkpoints"
    clip = sample_clips(SAMPLES)[0]
    found = make_opening(Explainer(folder, "cpu"), clip, (shipped.TDN_FILE, shipped.BASELINE_FILE), tmp_path)
    tops = {way.name: [one.said[0].kind for one in way.networks] for way in found.ways}
    assert tops["As filmed"] == ["right", "right"] and tops["Seven times over"] == ["right", "opposite"]
    assert tops["Reversed"] == ["right", "right"]
    assert found.ways[2].networks[0].said[0].label.endswith("from left to right")
    tdn, baseline = (network.said[0].label for network in found.ways[3].networks)
    assert tdn == "Holding something still" and baseline == "Moving something from right to left"
    turned = "TDN sees it; the T-Conv baseline sees the reverse."
    assert found.ways[0].sentence == (
        f"A belt carries fruit to the left. Both networks see it. Seven times over: {turned}"
    )
    assert found.ways[1].sentence == f"One thing, seven times over. {turned}"
    assert found.ways[0].networks[0].said[0].probability > 0.9 and found.ways[1].networks[1].said[0].probability > 0.9
