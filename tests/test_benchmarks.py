"""The measuring itself: turns, medians, peaks; and that what is compared does the same thing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from studies import report
from studies.speed import cases, reading, run, strobe, videos
from studies.speed.measure import Case, convolution_rate, interleaved, matrix_rate, peak_rise_mb
from studies.speed.run import run_all
from tdn.data.film import AS_FILMED
from tdn.data.video import decode_frames, frames, probe
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, shipped_networks

ROOT = Path(__file__).resolve().parents[1]


def test_the_ratio_is_that_of_calls_in_turns():
    order = []

    def work(name: str, loops: int):
        def run() -> None:
            order.append(name)
            sum(range(loops))

        return run

    ours, plain, ratio = interleaved(Case(work("ours", 2_000_000), work("plain", 8_000_000)), rounds=3)
    assert order == ["ours", "plain"] * 4
    assert 0 < ours < plain and 0.1 < ratio < 0.6  # a quarter of the work


def test_rates_are_positive():
    assert matrix_rate(side=64, rounds=1) > 0 and convolution_rate(rounds=1) > 0


def test_the_peak_is_that_of_the_call_and_not_of_setting_up(monkeypatch, tmp_path):
    program = (
        "import sys, numpy as np, studies.speed.cases as cases, studies.speed.measure as measure\n"
        "def make():\n"
        "    waste = np.ones(40 * 2**17); del waste\n"
        "    return measure.Case(lambda: np.ones(64 * 2**17), lambda: None)\n"
        "cases.CASES['made'] = make\n"
        "sys.argv = ['measure', 'made', sys.argv[1]]\n"
        "measure.main()\n"
    )
    rises = [
        json.loads(subprocess.check_output([sys.executable, "-c", program, side], cwd=ROOT))["mb"]
        for side in ("ours", "plain")
    ]
    assert 60 < rises[0] < 80 and rises[1] < 20


def test_ours_and_plain_give_the_same_scores():
    case = cases.forward_fp32()
    ours, plain = case.ours(), case.plain()
    assert (ours - plain).abs().max() < 1e-3 * plain.std()


def test_an_unknown_measurement_is_refused():
    with pytest.raises(ValueError, match="expected one of forward_fp32"):
        run_all(["nonsense"])


def test_the_long_video_has_its_length_and_right_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(videos, "VIDEOS", tmp_path)
    monkeypatch.setattr(videos, "GROUP", 10)
    monkeypatch.setattr(videos, "VIDEO_SIZE", (1920, 1080))
    path = videos.long_video(2)
    info = probe(path)
    assert (info.num_frames, info.width, info.height) == (60, 1920, 1080)
    first, again = (dict(decode_frames(path, [number]))[number] for number in (3, 23))
    assert np.array_equal(first, again)


def test_every_contracted_measurement_is_there():
    contracted = {"forward_fp32", "forward_bf16", "maps_pair", "class_switch_res2", "class_switch_final", "read_10min"}
    assert contracted | {"train_step"} <= set(cases.CASES)


def test_peaks_are_measured_in_a_process_of_their_own():
    before = torch.get_num_threads()
    assert peak_rise_mb("class_switch_final", "ours") < 20 and torch.get_num_threads() == before


def test_the_curve_and_the_pair_that_it_is_timed_against_answer_alike_as_filmed(tmp_path):
    case = strobe.curve_against_pair(strobe.two_seconds(tmp_path / "film.mp4", 320, 180))
    steps, pair = case.ours(), case.plain()
    assert len(steps) == 19 and all(len(step.logits) == len(shipped_networks()) for step in steps)
    (as_filmed,) = (step for step in steps if step.showing == AS_FILMED)
    for name, logits in zip((TDN_FILE, BASELINE_FILE), pair, strict=True):
        assert as_filmed.logits[name] == pytest.approx(logits[0].numpy(), abs=1e-4)


def test_a_measurement_saved_alone_leaves_the_others(tmp_path, monkeypatch, capsys):
    row = {"ours_s": 1, "plain_s": 2, "ratio": 0.5, "ours_peak_mb": 1, "plain_peak_mb": 2}
    row |= {"floor_fraction": None, "floor_fraction_convolution": None}
    before = [{**row, "name": "encode"}, {**row, "name": "maps_pair", "ours_s": 9}]
    (tmp_path / "performance.json").write_text(json.dumps({"speed": before}))
    (tmp_path / "performance.md").write_text("")
    monkeypatch.setattr(report, "DOCS", tmp_path)
    monkeypatch.setattr(run, "run_all", lambda names, threads: [{**row, "name": "maps_pair"}])
    monkeypatch.setattr("sys.argv", ["run", "maps_pair", "--save"])
    run.main()
    assert "| maps_pair | 1 |" in capsys.readouterr().out
    saved = json.loads((tmp_path / "performance.json").read_text())["speed"]
    assert [(one["name"], one["ours_s"]) for one in saved] == [("encode", 1), ("maps_pair", 1)]


@pytest.fixture(scope="module")
def short_film(tmp_path_factory) -> Path:
    """Two seconds of what reading is measured on, a keyframe each 20 frames."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(videos, "VIDEOS", tmp_path_factory.mktemp("films"))
        return videos.long_video(2, 20)


def test_the_stages_of_reading_add_up_and_leave_the_reader_as_it_was(short_film):
    before = frames.open_video, frames.picture_of
    parts, counts = reading.stages(short_film)
    assert (frames.open_video, frames.picture_of) == before
    whole = parts.pop("in all")
    assert sum(parts.values()) == pytest.approx(whole) and min(parts.values()) >= 0
    assert {"open, index", "seek", "packets from the file", "decode", "convert", "resize", "rest"} == set(parts)
    assert 40 <= counts["decoded"] < counts["packets"]  # pictures that no other needs are left out


def test_the_ways_of_reading_that_are_timed_give_the_same_frames(short_film, monkeypatch):
    def missing(path):
        raise RuntimeError("Could not load libtorchcodec")

    monkeypatch.setitem(reading.WAYS, "torchcodec, get_frames_at", missing)
    found = reading.measure(short_film, rounds=1)
    assert [row["right"] for row in found["ways"].values()] == [40, 40, 40]
    assert list(found["ways"]) == ["ours", "decord, frame by frame", "decord, get_batch at 455 x 256"]
    assert found["ways"]["ours"]["difference"] == 0 and found["ways"]["decord, frame by frame"]["to_decord"] == 1


def test_a_way_that_gives_neighbours_is_seen_to():
    own = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), np.uint8)
    assert reading.agreement(own, own) == {"right": 6, "difference": 0.0}
    assert reading.agreement(own, own[[1, 2, 3, 4, 5, 5]])["right"] == 1
    paler = (own * 0.9).astype(np.uint8)
    assert reading.agreement(own, paler)["right"] == 6
