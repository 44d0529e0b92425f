"""Counts and means over videos: worked out by hand for networks whose answers are known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.explain.strobe import steps
from tdn.measure.strobe_survey import look, summary, wilson
from tdn.motion import LABELS
from tdn.show.strobe_figure import strobe_figure
from tests.conftest import network, tiny

LEFT, RIGHT = "Moving something from right to left", "Moving something from left to right"
STREAM_LEFT, STILL = "A pattern streaming left inside something", "Holding something still"


def saying(probabilities: dict[str, float], num_segments: int = 8, size: int = 64):
    """A network that answers any clip alike."""
    model = network(tiny(num_classes=len(LABELS), num_segments=num_segments))
    rest = (1 - sum(probabilities.values())) / (len(LABELS) - len(probabilities))
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([probabilities.get(label, rest) for label in LABELS]).log())
    model.labels, model.preprocess = list(LABELS), Preprocess.whole(size)
    return model


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("strobe") / "film.mp4"
    write_mp4(path, np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3), np.uint8))
    return path


def test_every_wording_of_the_direction_counts_and_so_does_its_opposite(video):
    networks = {
        "streams": saying({LEFT: 0.2, STREAM_LEFT: 0.5, RIGHT: 0.1}),
        "wrong": saying({RIGHT: 0.9}, num_segments=16, size=96),  # reads other frames and pixels
    }
    showings = steps([1, 7], [0.5])
    found = summary([row for _ in range(3) for row in look(video, LEFT, networks, showings)], showings)
    assert (found["repeats"], found["parts"], found["videos"], found["with_opposite"]) == ([1, 7], [0.5], 3, 3)
    streams, wrong = found["networks"]["streams"], found["networks"]["wrong"]
    assert (streams["right"], streams["opposite"]) == ([3, 3], [0, 0])
    assert (wrong["right"], wrong["opposite"], wrong["by_part"]["opposite"]) == ([0, 0], [3, 3], [3])
    assert streams["p_right"] == pytest.approx([0.7, 0.7]) and wrong["p_opposite"][0] > 0.9
    assert streams["p_opposite"] == pytest.approx([0.1 + 0.2 / 16] * 2)
    assert streams["chance_right"] == wrong["chance_opposite"] == pytest.approx(2 / 19)
    assert streams["right_interval"][0] == wilson(3, 3) and streams["p_right_interval"][0] == pytest.approx((0.7, 0.7))
    assert streams["seam_windows"][0] == 0 < streams["seam_windows"][1]


def test_a_class_without_an_opposite_has_none_to_count(video):
    networks = {"still": saying({STILL: 0.8})}
    rows = look(video, STILL, networks, steps([1], []))
    found = summary([*rows, *look(video, LEFT, networks, steps([1], []))], steps([1], []))
    assert rows[0].opposite is rows[0].p_opposite is None
    assert (found["videos"], found["with_opposite"]) == (2, 1)
    assert found["networks"]["still"]["right"] == [1] and found["networks"]["still"]["opposite"] == [0]
    only = summary(rows, steps([1], []))["networks"]["still"]
    assert only["p_opposite"] == [None] and only["opposite_interval"] == [None] and only["chance_opposite"] is None


def test_without_a_label_the_first_network_names_the_direction(video):
    networks = {"first": saying({LEFT: 0.9}), "second": saying({RIGHT: 0.9})}
    rows = look(video, None, networks, [Showing(repeat=7)])
    assert [(row.network, row.label, row.right, row.opposite, row.showing.repeat) for row in rows] == [
        ("first", LEFT, True, False, 7),
        ("second", LEFT, False, True, 7),
    ]


def test_a_network_that_does_not_know_the_label_is_refused(video):
    with pytest.raises(ValueError, match="no such class"):
        look(video, "Flying", {"one": saying({LEFT: 0.9})}, [Showing()])


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 6, 0, 0.3903), (6, 6, 0.6097, 1), (50, 100, 0.4038, 0.5962)]
)
def test_wilson_intervals_are_those_of_the_tables(count, of, low, high):
    assert wilson(count, of) == pytest.approx((low, high), abs=2e-4)


def test_the_figure_has_a_panel_for_each_network_with_both_directions(video):
    networks = {name: saying({LEFT: 0.6, RIGHT: 0.1}) for name in "abc"}
    showings = steps([1, 8], [0.5])
    found = summary(look(video, LEFT, networks, showings), showings)
    figure = strobe_figure(found, dict.fromkeys("abc", 8), "film")
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == ["a", "b", "c"]
    drawn = {line.get_label(): line.get_ydata() for line in panels[0].lines}
    assert drawn["right direction"] == pytest.approx(found["networks"]["a"]["p_right"])
    assert drawn["opposite direction"] == pytest.approx(found["networks"]["a"]["p_opposite"])
