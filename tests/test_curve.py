"""The stroboscope's curve on the page's side: the plain analysis at k = 1, kept, given up without a trace, bounded."""

import threading
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from app import change_text, text
from app.analysis import Request
from app.curve import CURVES_KEPT, Curves
from app.explainer import Explainer
from app.handlers import Handlers
from app.server.visitors import RateLimit
from app.showcase import Showcase
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.weights import Card, save_checkpoint
from tests.conftest import network, tiny

LABELS = ["Moving something up", "Moving something down", "Holding something still"]
ROWS = {
    "base": "tconv_baseline_resnet50_8f",
    "l_tdm": "l_tdm_resnet50_8f",
    "s_tdm": "s_tdm_resnet50_8f",
    "tdn": "tdn_resnet50_8f",
    "tdn_again": "tdn_resnet50_8f",
}
UP = LABELS[0]


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, row in ROWS.items():
        architecture = tiny(row, len(LABELS))
        card = Card(architecture, Preprocess("whole", 64, 64, "even", max_frames=64), LABELS)
        save_checkpoint(folder / f"{name}.safetensors", network(architecture, seed=len(name)), card)
    other = tiny("tconv_baseline_resnet50_8f", 2)
    card = Card(other, Preprocess("whole", 64, 64, "even", max_frames=64), ["left", "right"])
    save_checkpoint(folder / "others.safetensors", network(other), card)
    return Explainer(folder, "cpu")


@pytest.fixture
def curves(explainer: Explainer) -> Curves:
    return Curves(explainer, "tdn.safetensors")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (24, 48, 64, 3)).astype(np.uint8)
    write_mp4(path, frames, fps=10)
    return str(path)


def test_the_networks_are_those_of_the_same_clips_and_classes_one_of_a_kind(curves: Curves):
    assert [Path(file).stem for file in curves.cards] == ["tdn", "s_tdm", "base", "l_tdm"]


def test_as_filmed_comes_first_and_is_the_plain_analysis(curves: Curves, explainer: Explainer, video: str):
    first = next(one for one in curves.draw(video, UP) if one.points)
    assert [point.change for point in first.points] == [""]
    for line, file in zip(first.lines, curves.cards, strict=True):
        *_, alone = explainer.analyse(explainer.prepare(Request(video, file, target=LABELS[0])))
        probabilities = alone.answers["tdn"].explained.probabilities
        assert line.shares == pytest.approx([probabilities[0]], abs=1e-4)
        assert line.opposite == pytest.approx([probabilities[1]], abs=1e-4)
    assert first.opposite == LABELS[1]


def test_the_whole_curve_stands_in_order_and_is_that_of_the_changes_it_names(
    curves: Curves, explainer: Explainer, video: str
):
    *_, whole = curves.draw(video, UP)
    assert whole.places == ["1/3", "1/2", "3/4", *map(str, range(1, 17))]
    assert [point.place for point in whole.points] == list(range(19))
    assert whole.points[0].change == "first 33.3333%" and whole.points[9].change == "repeat 7"
    prepared = explainer.prepare(Request(video, "tdn.safetensors", target=LABELS[0]))
    for point in (0, 9):
        change = whole.points[point].change
        after = explainer.compare(prepared, change, explainer.shown_otherwise(prepared, change)).after["tdn"]
        assert whole.lines[0].shares[point] == pytest.approx(after.explained.probabilities[0], abs=1e-4)
    assert "7 times over" in whole.points[9].note
    assert len({point.strip for point in whole.points}) > 10


def test_what_was_drawn_is_kept_for_every_class_and_a_class_without_opposite_has_none(
    curves: Curves, video: str, monkeypatch: pytest.MonkeyPatch
):
    list(curves.draw(video, UP))
    monkeypatch.setattr(curves, "on_device", None)  # nothing may be computed again
    still = curves.of(video, LABELS[2])
    assert still.opposite == "" and [line.opposite for line in still.lines] == [[]] * 4
    assert [len(line.shares) for line in still.lines] == [19] * 4
    assert len(list(curves.draw(video, UP))) == 1


def test_who_stops_leaves_nothing_running_and_the_next_goes_on(curves: Curves, explainer: Explainer, video: str):
    threads = threading.active_count()
    running = curves.draw(video, UP)
    for _ in range(4):  # nothing yet, then three steps
        next(running)
    running.close()
    assert explainer.networks.using.acquire(blocking=False)
    explainer.networks.using.release()
    assert threading.active_count() == threads
    assert len(curves.of(video, UP).points) == 3
    asked = []
    explainer_read = explainer.read_showings
    curves.explainer.read_showings = lambda request, showings, side: (
        asked.extend(showings) or explainer_read(request, showings, side)
    )
    try:
        *_, whole = curves.draw(video, UP)
    finally:
        del curves.explainer.read_showings
    assert len(whole.points) == 19 and len(asked) == 16 and Showing() not in asked


def test_others_get_their_turn_between_two_steps(curves: Curves, explainer: Explainer, video: str):
    running = curves.draw(video, UP)
    next(running), next(running)
    *_, analysis = explainer.analyse(explainer.prepare(Request(video, "tdn.safetensors")))  # would wait for ever
    assert analysis.has_maps and len(next(running).points) == 2


def test_curves_are_kept_in_bounded_number(curves: Curves, video: str):
    running = curves.steps_of(video)
    next(running)
    points = next(running)
    for number in range(CURVES_KEPT + 5):
        curves._keep(f"{number}.mp4", points)
    assert len(curves._kept) == CURVES_KEPT and curves._found(video) == []


@pytest.fixture
def handlers(explainer: Explainer, tmp_path: Path) -> Handlers:
    pair = "tdn.safetensors", "base.safetensors"
    showcase = Showcase(explainer, explainer, [], *pair)
    return Handlers(explainer, [], pair, showcase, Curves(explainer, pair[0]), RateLimit(1), tmp_path)


@pytest.mark.parametrize(
    ("given", "answer", "says"),
    [
        (None, {"target": UP}, text.NO_CLIP),
        ("gone.mp4", {"target": UP}, "gone.mp4: no such file"),
        ("x", {"target": "Fly"}, change_text.CURVE_NOT_THIS),
        ("x", [1], change_text.CURVE_NOT_THIS),
    ],
)
def test_what_can_not_be_drawn_is_told_in_one_sentence(handlers: Handlers, given: str, answer: dict, says: str):
    with pytest.raises(gr.Error, match=says):
        list(handlers.draw_curve(given, answer))


def test_a_curve_counts_for_the_rate(handlers: Handlers, video: str):
    somebody = SimpleNamespace(client=SimpleNamespace(host="203.0.113.1"))
    next(handlers.draw_curve(video, {"target": UP}, "", somebody))
    with pytest.raises(gr.Error, match="More than 1 analyses"):
        next(handlers.draw_curve(video, {"target": UP}, "", somebody))


def test_every_result_brings_what_is_drawn_of_its_curve(handlers: Handlers, video: str):
    *_, shown = handlers.analyse(video, UP)
    assert shown.curve.label == UP and shown.curve.points == []
    next(one for one in handlers.draw_curve(video, {"target": UP}) if one.points)
    *_, shown = handlers.analyse(video, LABELS[2])
    assert shown.curve.label == LABELS[2] and len(shown.curve.points) == 1
    assert len(handlers.known_curve(video, {"target": UP}).points) == 1


def test_without_a_first_network_there_is_no_curve(explainer: Explainer):
    assert Curves(explainer, None).of("x", UP) is None
