"""Scales, overlays and figures: arrays in, arrays or figures out."""

import numpy as np
import pytest

from tdn.explain import Explanation, Question
from tdn.explain.classes import find_label
from tdn.explain.methods import Rule
from tdn.explain.scale import SCALES, evidence_share, over_timeline, scale_per_clip, scale_per_frame, scale_together
from tdn.show.figures import MapRow, grid_video, side_by_side
from tdn.show.map_rows import heading
from tdn.show.overlay import COLOUR_MAPS, blend, colour_table, place_in_frame


def test_scale_per_clip_divides_by_the_clip_s_maximum_and_subtracts_nothing():
    raw = np.array([[[1.0, 2.0]], [[4.0, 1.0]]])
    scaled = scale_per_clip(raw)
    assert np.allclose(scaled.values, raw / 4)
    assert (scaled.maximum, scaled.rule, scaled.is_empty) == (4.0, "per clip", False)


def test_a_map_without_positive_evidence_is_empty_and_stays_zero():
    scaled = scale_per_clip(np.zeros((8, 3, 3)))
    assert scaled.is_empty and not scaled.values.any()


def test_evidence_shares_are_of_the_whole_clip():
    raw = np.zeros((3, 2, 2))
    raw[0], raw[2, 0, 0] = 1.0, 4.0
    assert np.allclose(evidence_share(raw), [0.5, 0, 0.5])
    assert not evidence_share(np.zeros((3, 2, 2))).any()


def test_a_signed_map_keeps_its_sign_and_its_zero():
    scaled = scale_per_clip(np.array([[[-4.0, 2.0]], [[0.0, 1.0]]]))
    assert scaled.maximum == 4 and scaled.is_signed
    assert scaled.values.ravel().tolist() == [-1, 0.5, 0, 0.25]


def test_each_frame_by_itself_reaches_one_and_an_empty_one_stays_empty():
    scaled = scale_per_frame(np.array([[[1.0, 2.0]], [[0.0, 0.0]], [[8.0, 4.0]]]))
    assert scaled.values.ravel().tolist() == [0.5, 1, 0, 0, 1, 0.5]
    assert scaled.rule == "per frame, contrast only"


def test_a_shared_scale_is_one_for_the_models_and_one_for_each_layer():
    maps = {("tdn", "res2"): np.full((2, 1, 1), 4.0), ("baseline", "res2"): np.full((2, 1, 1), 1.0)}
    maps[("tdn", "final")] = np.full((2, 1, 1), 0.5)
    scaled = scale_together(maps, "shared")
    assert scaled[("baseline", "res2")].values.max() == 0.25 and scaled[("tdn", "res2")].values.max() == 1
    assert scaled[("tdn", "final")].values.max() == 1
    assert {one.rule for one in scaled.values()} == {SCALES["shared"]}


def test_a_scale_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="clip, shared, frame"):
        scale_together({}, "log")


def test_between_two_knots_a_map_is_between_their_maps():
    values = np.array([0.0, 1.0, 3.0])[:, None, None]
    every, real = over_timeline(values, np.array([2, 4, 8]), 11)
    assert every[:, 0, 0].tolist() == [0, 0, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3, 3]
    assert np.flatnonzero(real).tolist() == [2, 4, 8]


def test_a_video_of_one_window_shows_its_map_throughout():
    every, real = over_timeline(np.ones((1, 2, 2)), np.array([1]), 4)
    assert every.shape == (4, 2, 2) and (every == 1).all() and real.tolist() == [False, True, False, False]


def test_windows_that_share_a_frame_do_no_harm():
    every, _ = over_timeline(np.array([0.0, 2.0, 4.0])[:, None, None], np.array([1, 1, 3]), 5)
    assert np.isfinite(every).all()


def test_a_map_lands_in_its_box_rows_for_y_and_columns_for_x():
    placed = place_in_frame(np.ones((1, 2, 2)), height=40, width=90, box=(10, 5, 30, 35))
    seen = ~np.isnan(placed[0])
    ys, xs = np.where(seen)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (10, 29, 5, 34)


def test_resizing_is_bilinear_between_cell_centres():
    placed = place_in_frame(np.array([[[0.0, 1.0]]]), height=1, width=4, box=(0, 0, 4, 1))
    assert np.allclose(placed[0, 0], [0, 0.25, 0.75, 1])


def test_a_box_outside_the_frame_is_refused():
    with pytest.raises(ValueError, match="box"):
        place_in_frame(np.ones((1, 2, 2)), 10, 10, (0, 0, 11, 10))


def test_blend_follows_the_formula_of_the_viewer():
    frames = np.full((1, 1, 3, 3), 100, np.uint8)
    values = np.array([[[0.0, 0.2, 1.0]]])
    table = colour_table("inferno").astype(float)
    out = blend(frames, values, opacity=0.8)
    by_hand = [[100.0] * 3, 100 + (table[51] - 100) * 0.8 * 0.2, 100 + (table[255] - 100) * 0.8]
    assert np.abs(out[0, 0] - np.stack(by_hand)).max() <= 0.5


def test_at_opacity_0_the_picture_is_plain():
    frames = np.full((1, 1, 2, 3), 100, np.uint8)
    assert (blend(frames, np.array([[[np.nan, 1.0]]]), opacity=0) == 100).all()


def test_what_the_model_did_not_see_is_dimmed_not_coloured():
    frames = np.full((1, 1, 2, 3), 100, np.uint8)
    out = blend(frames, np.array([[[np.nan, 0.5]]]))
    assert out[0, 0, 0].tolist() == [45, 45, 45]


def test_an_unknown_colour_map_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="inferno"):
        colour_table("rainbow")
    assert all(colour_table(name).shape == (256, 3) for name in COLOUR_MAPS)


def rows(segments: int = 8) -> list[MapRow]:
    values = np.random.default_rng(0).random((segments, 7, 7))
    return [
        MapRow("TDN · Res2", "x", "scale per clip,\nmax 1", scale_per_clip(values)),
        MapRow("TDN · final", "x", "scale per clip,\nmax 0", scale_per_clip(values * 0)),
    ]


def test_the_figure_has_a_row_for_the_frames_and_each_map_and_says_what_is_empty(tmp_path):
    frames = np.random.default_rng(1).integers(0, 255, (8, 48, 64, 3), np.uint8)
    figure = side_by_side(frames, np.arange(8) / 2, rows(), (0, 0, 64, 48), "clip.mp4: Grad-CAM for “x”")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert len(figure.axes) == 3 * 8 + 2  # a colour bar, and each segment's share of the evidence
    (curve,) = figure.axes[-1].lines[1:]
    assert np.allclose(curve.get_ydata(), 100 * evidence_share(rows()[0].scaled.values))
    assert {"TDN · Res2", "TDN · final", "no positive evidence"} <= set(texts)
    figure.savefig(tmp_path / "f.pdf")
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


def test_a_long_class_name_fits_above_its_picture_in_the_video():
    row = MapRow("TDN · final", "Moving something closer to the camera", "per clip", rows()[1].scaled)
    video = grid_video(np.zeros((8, 240, 240, 3), np.uint8), [row], (0, 0, 240, 240), columns=1)
    words = (video[0, 18:32] > 100).any((0, 2)).nonzero()[0]
    assert words[0] >= 5 and words[-1] <= video.shape[2] - 5


def test_the_video_grid_has_even_sides_for_the_codec():
    frames = np.zeros((3, 33, 47, 3), np.uint8)
    video = grid_video(frames, rows(3), (0, 0, 47, 33), cell_height=101)
    assert video.dtype == np.uint8 and len(video) == 3
    assert video.shape[1] % 2 == 0 and video.shape[2] % 2 == 0


LABELS = ["Moving something up", "Moving something down", "Holding something still"]


@pytest.mark.parametrize("wanted, index", [("moving something DOWN", 1), ("2", 2), ("moving_something\u00a0 up", 0)])
def test_a_class_is_found_by_label_or_number(wanted, index):
    assert find_label(LABELS, wanted) == index


@pytest.mark.parametrize("wanted", ["3", "-1", "Moving something sideways"])
def test_a_class_that_does_not_exist_is_refused_with_close_ones(wanted):
    with pytest.raises(ValueError, match=r"no such class.*'Moving something up'"):
        find_label(LABELS, wanted)


def test_a_class_is_found_by_what_it_is_called_before_its_number_and_never_by_half():
    assert find_label(["1", "10", "2"], "2") == 2 and find_label(["Up", "up"], "up") == 1
    assert find_label(["O\u0308ffnen", "zu"], "\u00f6ffnen") == 0
    with pytest.raises(ValueError, match="classes 0 and 1 are called so"):
        find_label(["Up", "up"], "UP")


def test_the_heading_names_method_class_and_what_is_taken_off():
    one = Explanation("TDN", ("Down", "Up"), np.array([0.0, 0.0]), 1, {})
    assert heading("a.mp4", [one]) == "a.mp4: Grad-CAM for “Up” (TDN 50%)"
    question = Question(rule=Rule("xgradcam", weights="clip", signed=True), versus="Down")
    assert heading("a.mp4", [one], question) == (
        "a.mp4: XGrad-CAM, weights per clip, signed for “Up” less “Down” (TDN 50%)"
    )
