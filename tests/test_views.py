"""From an analysis to the page: captions that say every condition, values the browser can draw, honest emptiness."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app import about, focus_text, pictures, text, views
from app.analysis import Analysis, Answer, Comparison
from app.gallery import Opening, SampleClip, sample_clips
from app.motion import MotionFocus
from app.server.errors import sentence
from app.server.settings import Settings
from app.timeline import Moments
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.evaluate.calibration import energy
from tdn.explain import Explanation
from tdn.explain.explanation import Layer
from tdn.explain.methods import Rule
from tdn.networks.tdn import LAYERS
from tdn.weights import Card
from tests.conftest import tiny

SEGMENTS = 8


def answer(title: str, file: str, moments: Moments, peak: float = 0.031) -> Answer:
    rng = np.random.default_rng(len(title))
    maps = {layer: rng.random((SEGMENTS, side, side)).astype(np.float32) for layer, side in (("res2", 9), ("final", 3))}
    maps = {layer: values * np.float32(peak / values.max()) for layer, values in maps.items()}
    about = {layer: Layer(layer.title(), "", [[segment] for segment in range(SEGMENTS)], []) for layer in maps}
    explained = Explanation(title, ("up", "down", "still"), np.log([0.665, 0.245, 0.09]), 1, maps, layers=about)
    return Answer(file, explained, moments, {"res2": "Res2", "final": "final"})


@pytest.fixture
def analysis(rng: np.random.Generator) -> Analysis:
    moments = Moments(
        frames=np.arange(SEGMENTS * 5).reshape(SEGMENTS, 5),
        times_sec=np.arange(SEGMENTS) / 4,
        pictures=rng.integers(0, 255, (SEGMENTS, 360, 640, 3)).astype(np.uint8),
        box=(140.0, 0.0, 500.0, 360.0),
    )
    files = {"tdn": ("TDN", "tdn.safetensors"), "baseline": ("T-Conv baseline", "base.safetensors")}
    answers = {role: answer(*names, moments) for role, names in files.items()}
    return Analysis("clip.mp4", "down", answers, note="")


def without_maps(analysis: Analysis) -> Analysis:
    bare = {role: replace(one, explained=replace(one.explained, signed={})) for role, one in analysis.answers.items()}
    return replace(analysis, answers=bare)


def test_the_json_holds_what_the_contract_names(analysis: Analysis):
    said = json.loads(json.dumps(views.answer_json(analysis)))
    shares = [0.665, 0.245, 0.09]
    assert (said["tdn"]["label"], said["tdn"]["sure"]) == ("up", None)
    assert said["tdn"]["probability"] == pytest.approx(shares[0])
    assert [label for label, _ in said["tdn"]["top"]] == ["up", "down", "still"]
    assert [share for _, share in said["tdn"]["top"]] == pytest.approx(shares)
    assert said["target"] == "down" and np.array(said["frames"]).shape == (SEGMENTS, 5)
    alone = replace(analysis, answers={"tdn": analysis.answers["tdn"]})
    assert views.answer_json(alone)["baseline"] is None


def test_a_caption_names_network_layer_class_and_scale(analysis: Analysis):
    panel = views.panel(analysis, analysis.answers["tdn"], "res2")
    assert panel.caption == "TDN · Res2 · “down”"
    assert (panel.layer, panel.maximum) == ("res2", pytest.approx(0.031))  # for the scale, which the browser adds


def test_panels_stand_network_by_network_and_layer_by_layer(analysis: Analysis):
    shown = views.viewer(analysis, Path("frames.jpg"))
    assert [panel.caption.split(" · ")[:2] for panel in shown.panels] == [
        ["TDN", "Res2"],
        ["TDN", "final"],
        ["T-Conv baseline", "Res2"],
        ["T-Conv baseline", "final"],
    ]
    assert shown.film is None
    assert views.viewer(analysis, Path("frames.jpg"), film=Path("clip.mp4")).film.path == "clip.mp4"


def test_values_of_a_panel_are_the_scaled_map_in_bytes(analysis: Analysis):
    panel = views.panel(analysis, analysis.answers["tdn"], "final")
    values = np.frombuffer(base64.b64decode(panel.values), np.uint8).reshape(SEGMENTS, panel.rows, panel.columns)
    raw = analysis.answers["tdn"].explained.maps["final"]
    np.testing.assert_allclose(values / 255, raw / raw.max(), atol=0.5 / 255 + 1e-6)


def test_a_comparison_shows_each_map_before_and_after_over_its_own_frames(analysis: Analysis):
    one = analysis.answers["tdn"]
    order, logits = list(range(SEGMENTS))[::-1], np.log([0.1, 0.245, 0.655])
    explained = replace(one.explained, logits=logits)
    after = {"tdn": replace(one, explained=explained, moments=one.moments.shown_as(order))}
    comparison = Comparison("reverse", analysis, after, order)
    shown = views.viewer_after(comparison, Path("frames.jpg"))
    assert [panel.caption for panel in shown.panels[:2]] == [
        "TDN · Res2 · “down”",
        "TDN after “Reverse time” · Res2 · “down”",
    ]
    assert [panel.order for panel in shown.panels] == [None, [7, 6, 5, 4, 3, 2, 1, 0]] * 2
    (card,) = views.scores_after(comparison).cards
    assert card.name == "TDN after “Reverse time”" and card.before == pytest.approx(card.target_probability)
    found = views.comparison_json(comparison)
    assert (
        found["change"] == "reverse" and set(found["before"]) == {"tdn", "baseline"} and set(found["after"]) == {"tdn"}
    )
    assert found["after"]["tdn"]["label"] == "still"


def test_a_map_without_evidence_has_a_message_and_no_values(analysis: Analysis):
    one = analysis.answers["tdn"]
    nothing = replace(one, explained=replace(one.explained, signed={"res2": np.zeros((SEGMENTS, 9, 9), np.float32)}))
    panel = views.panel(analysis, nothing, "res2")
    assert panel.message == text.NO_EVIDENCE and panel.values == "" and "max" not in panel.caption


def test_before_the_maps_panels_say_that_they_are_computed(analysis: Analysis):
    panels = views.viewer(without_maps(analysis), Path("frames.jpg")).panels
    assert all(text.COMPUTING_MAPS in panel.caption and not panel.values for panel in panels)


def test_the_box_and_the_frames_shrink_together(analysis: Analysis):
    shown = views.viewer(analysis, Path("frames.jpg"))
    assert (shown.width, shown.height, shown.box) == (480, 270, [105, 0, 375, 270])
    assert pictures.frame_row(analysis.moments.pictures).shape == (270, SEGMENTS * 480, 3)
    assert shown.numbers == [2 + 5 * segment for segment in range(SEGMENTS)]


@pytest.mark.parametrize(("size", "shown"), [((64, 48), (64, 48)), ((360, 640), (270, 480)), ((4000, 20), (480, 2))])
def test_the_longer_side_is_limited(size: tuple[int, int], shown: tuple[int, int]):
    assert pictures.shown_size(*size) == shown


def test_the_explained_class_is_marked_among_the_bars(analysis: Analysis):
    card = views.scores(analysis).cards[0]
    assert [bar.explained for bar in card.bars] == [False, True, False]
    assert card.target_probability == pytest.approx(analysis.answers["tdn"].explained.probabilities[1])


def test_files_are_named_after_clip_and_class(analysis: Analysis):
    assert views.file_stem(replace(analysis, file_name="my <clip>.mp4", target="a/../b")) == "my-clip-a-b"
    assert views.file_stem(replace(analysis, file_name="剪.mp4", target="剪")) == "clip"


def test_what_speaks_against_a_class_has_a_scale_of_its_own(analysis: Analysis):
    one = analysis.answers["tdn"]
    signed = one.explained.maps["final"] - np.float32(0.01)
    panel = views.panel(analysis, replace(one, explained=replace(one.explained, signed={"final": signed})), "final")
    positive, negative = (
        np.frombuffer(base64.b64decode(values), np.uint8).reshape(signed.shape) / 255 * amount
        for values, amount in ((panel.values, panel.maximum), (panel.against, panel.least))
    )
    np.testing.assert_allclose(positive - negative, signed, atol=panel.maximum / 255)


def numbers(lift: float) -> dict[str, float]:
    return {"energy_share": 0.1 * lift, "lift": lift, "pointing": 0.5, "pointing_chance": 0.125}


def test_motion_focus_is_told_beside_chance_and_controls(analysis: Analysis):
    lifts = {("tdn", "res2"): 3.14, ("tdn", "final"): 2.0, ("baseline", "res2"): 1.2, ("baseline", "final"): 2.5}
    maps = {place: numbers(lift) for place, lift in lifts.items()}
    found = MotionFocus(maps, {"uniform": numbers(1.0), "frame_difference": numbers(4.0)}, 0.1, by_flow=True)
    words = views.focus(found, with_s_tdm(analysis, "tdn"))
    assert "chance: at Res2 TDN 3.1, T-Conv baseline 1.2; at the final stage TDN 2.0, T-Conv baseline 2.5." in words
    assert focus_text.ARCHITECTURE in words and "no class, reach 4.0 times" in words
    assert "10% of the picture, as optical flow less the camera's motion tells" in words
    assert "| TDN · final | 20% | 2.0 | 50% | 12% |" in words and "*frame differences*" in words


def with_s_tdm(analysis: Analysis, role: str, method: str = "grad_cam") -> Analysis:
    """The same where one network has S-TDM, its maps and the other's made by a method."""
    return replace(
        analysis,
        answers={
            name: replace(one, has_s_tdm=name == role, explained=replace(one.explained, rule=Rule(method)))
            for name, one in analysis.answers.items()
        },
    )


@pytest.mark.parametrize(
    ("role", "method", "said"),
    [
        ("tdn", "grad_cam", focus_text.AVERAGED.format(network="TDN")),
        ("baseline", "grad_cam", focus_text.ARCHITECTURE),
        ("tdn", "hirescam", ""),
        ("neither", "grad_cam", ""),
    ],
)
def test_what_is_known_of_grad_cam_at_res2_is_said_of_a_pair_of_which_one_has_s_tdm(
    analysis: Analysis, role: str, method: str, said: str
):
    lifts = {("tdn", "res2"): 1.3, ("tdn", "final"): 2.0, ("baseline", "res2"): 1.6, ("baseline", "final"): 1.2}
    found = MotionFocus({place: numbers(lift) for place, lift in lifts.items()}, {}, 0.1, by_flow=True)
    words = views.focus(found, with_s_tdm(analysis, role, method))
    assert [words.count(one) for one in (focus_text.ARCHITECTURE, focus_text.AVERAGED.format(network="TDN"))] == [
        int(said == one) for one in (focus_text.ARCHITECTURE, focus_text.AVERAGED.format(network="TDN"))
    ]


def test_motion_focus_says_where_numbers_mean_nothing(analysis: Analysis):
    empty = {(role, layer): None for role in analysis.answers for layer in LAYERS}
    words = views.focus(MotionFocus(empty, {"uniform": numbers(1.0)}, 0.7, by_flow=False), analysis)
    assert "at Res2 TDN none, T-Conv baseline none" in words and "70% of the picture moves" in words
    assert "| TDN · Res2 | no evidence | – | – | – |" in words
    assert views.focus(MotionFocus({}, {}, 0, True, "Nothing moves."), analysis) == "Nothing moves."


def test_the_words_about_weights_say_classes_training_accuracy_and_device():
    card = Card(tiny("tdn_resnet50_8f", 2), Preprocess.official(), ["up", "a|b"], trained_on="100 procedural clips")
    card.time, card.known_limits = "7 minutes", "blind to _colour_"
    card.accuracy = {"top1": 91.26, "per_class": {"up": 88.0}}
    words = about.about({"tdn.safetensors": card}, {"tdn.safetensors": "TDN"}, "CPU, 2 threads")
    assert (
        "100 procedural clips" in words and "91.3%" in words and "chance 50.0%" in words and "CPU, 2 threads" in words
    )
    assert "Time: 7 minutes." in words and "blind to \\_colour\\_" in words
    assert "| up | 88.0% |" in words and "| a\\|b | not measured |" in words
    assert "It reads 8 windows of 5 frames" in words
    baseline = Card(tiny("tconv_baseline_resnet50_8f", 2), Preprocess.official(), ["up", "down"])
    words = about.about({"base.safetensors": baseline}, {"base.safetensors": "T-Conv baseline"}, "CPU")
    assert "reads only the middle frame of each of 8 windows" in words  # as the lab says
    card.trained_on = "100 clips of cats, dogs, 300 draws of them (3 of 3 epochs), started from the tensors of a"
    card.known_limits = "it has seen two; not more; every clip gets one of its classes"
    warning = text.weights_warning({"tdn.safetensors": card, "base.safetensors": baseline})
    assert "2 classes and nothing else" in warning and warning.endswith(
        "Trained on: 100 clips of cats, dogs; unknown. Limits: it has seen two; not more."
    )


def test_samples_are_listed_with_titles_and_bad_ones_left_out(tmp_path: Path):
    write_mp4(tmp_path / "a.mp4", np.full((4, 32, 32, 3), 200, np.uint8), fps=8)
    (tmp_path / "b.mp4").write_text("no video")
    assert [clip.title for clip in sample_clips(tmp_path)] == ["a"]
    entries = [{"file": f"{name}.mp4", "label": "x", "title": name.upper()} for name in ("b", "a", "absent")]
    (tmp_path / "samples.json").write_text(json.dumps(entries))
    assert [(clip.title, clip.picture.shape) for clip in sample_clips(tmp_path)] == [("A", (32, 32, 3))]
    assert sample_clips(tmp_path / "absent") == []


def test_a_sample_may_be_somebody_s_and_may_open_the_page(tmp_path: Path):
    write_mp4(tmp_path / "a.mp4", np.full((4, 32, 32, 3), 200, np.uint8), fps=8)
    opening = {"sentence": "A belt.", "part": 30, "repeat": 7}
    entry = {"file": "a.mp4", "label": "x", "title": "A", "credit": "Somebody", "opening": opening}
    (tmp_path / "samples.json").write_text(json.dumps([entry]))
    (clip,) = sample_clips(tmp_path)
    assert (clip.label, clip.credit, clip.opening) == ("x", "Somebody", Opening("A belt.", 30, 7))


def test_credits_are_said_once_with_the_titles_they_are_for():
    picture = np.zeros((2, 2, 3), np.uint8)
    clips = [
        SampleClip(Path(title), title, picture, credit=by)
        for title, by in zip("abcd", ("X", "", "Y", "X"), strict=True)
    ]
    assert [(one.titles, one.by) for one in views.sample_credits(clips)] == [("a; d", "X"), ("c", "Y")]


def test_settings_come_from_the_environment():
    assert Settings.from_environment({}) == Settings()
    read = Settings.from_environment({"TDN_QUEUE": "64", "TDN_RATE": "0", "TDN_MAX_MB": "30", "TDN_SAMPLES": "x"})
    assert (read.queue, read.rate, read.max_mb, read.samples) == (64, 0, 30, Path("x"))


def test_an_operator_offers_other_networks_but_no_code():
    read = Settings.from_environment({"TDN_NETWORKS": "torchvision:r2plus1d_18, hf:owner/name"})
    assert read.networks == ("torchvision:r2plus1d_18", "hf:owner/name")
    for refused in ("mine.py:build", "torchvision:r3d_18,/srv/mine.py:build", "checkpoints/mine.safetensors"):
        with pytest.raises(ValueError, match=r"^TDN_NETWORKS: .* can't be offered"):
            Settings.from_environment({"TDN_NETWORKS": refused})


@pytest.mark.parametrize("value", ["0", "-3", "many", "1.5"])
def test_a_setting_that_makes_no_sense_is_refused_by_name(value: str):
    with pytest.raises(ValueError, match=r"^TDN_QUEUE: expected a whole number from 1 on, got"):
        Settings.from_environment({"TDN_QUEUE": value})


def test_an_answer_below_what_the_checkpoint_can_be_relied_on_says_so(analysis):
    answer = analysis.answers["tdn"]
    unsure = replace(analysis, answers={**analysis.answers, "tdn": replace(answer, sure_above=answer.top[0][1] + 0.01)})
    sure = replace(analysis, answers={**analysis.answers, "tdn": replace(answer, sure_above=answer.top[0][1] - 0.01)})
    assert views.scores(unsure).cards[0].doubt.startswith("Not sure") and views.scores(sure).cards[0].doubt == ""
    assert [views.answer_json(one)["tdn"]["sure"] for one in (unsure, sure, analysis)] == [False, True, None]
    never = replace(analysis, answers={**analysis.answers, "tdn": replace(answer, sure_above=1.0)})
    assert views.scores(never).cards[0].doubt == text.NEVER_SURE and not views.answer_json(never)["tdn"]["sure"]


def test_a_clip_that_gives_less_evidence_than_its_own_kind_is_said_to_be_unlike(analysis):
    answer = analysis.answers["tdn"]
    evidence = float(energy(answer.explained.logits))

    def with_threshold(known_above: float):
        changed = replace(answer, known_above=known_above, sure_above=answer.top[0][1] + 0.01)
        return replace(analysis, answers={**analysis.answers, "tdn": changed})

    unlike, alike = with_threshold(evidence + 0.01), with_threshold(evidence - 0.01)
    assert views.scores(unlike).cards[0].doubt.startswith("Perhaps nothing that it knows")
    assert views.scores(alike).cards[0].doubt.startswith("Not sure")
    assert [views.answer_json(one)["tdn"]["known"] for one in (unlike, alike, analysis)] == [False, True, None]


@pytest.mark.parametrize(
    ("host", "environment"), [("0.0.0.0", {}), (None, {"GRADIO_SERVER_NAME": "0.0.0.0"}), (None, {"SYSTEM": "spaces"})]
)
def test_paths_of_this_machine_are_refused_where_others_reach_the_page(host: str | None, environment: dict):
    with pytest.raises(ValueError, match=r"^TDN_LOCAL_PATHS=1 lets visitors read"):
        Settings(local_paths=True).expect_private(host, environment)
    Settings(local_paths=True).expect_private("127.0.0.1", {})
    Settings().expect_private(host, environment)


HOSTILE = "a_b*c* [x](http://y) <img src=x> $z$ `q` | w"


def test_names_of_networks_and_classes_are_literal_on_the_page():
    card = Card(tiny("tdn_resnet50_8f", 2), Preprocess.official(), ["up", HOSTILE], trained_on=HOSTILE)
    for words in (
        about.about({"x.safetensors": card}, {"x.safetensors": HOSTILE}, "CPU"),
        focus_text.reading(0.1, {"Res2": [(HOSTILE, 2.0), (HOSTILE, None)]}, 1.0, by_flow=True),
        text.weights_warning({"x": card}),
    ):
        assert re.search(r"a\\_b\\\*c\\\*", words)
        assert not re.search(r"(?<!\\)(\[x|<img|\$z|`q|\| w)", words)


def test_a_file_s_name_is_no_html_in_a_message():
    said = sentence("<b>x</b> & 'y'.mp4: no such file").message
    assert said == "&lt;b&gt;x&lt;/b&gt; &amp; 'y'.mp4: no such file"
