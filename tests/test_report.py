"""Documents show what was measured: their tables are those that the results make."""

import ast
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from studies import report
from studies.motion import again
from studies.motion.splits import ASKED, shipped
from studies.tables import motion, speed

MEASURED = sorted(report.DOCS.glob("*.json"))


@pytest.mark.parametrize("results", MEASURED, ids=lambda path: path.stem)
def test_every_table_of_a_document_is_that_of_its_results(results):
    document = results.with_suffix(".md").read_text()
    assert report.PLACE.search(document)
    assert report.filled(document, json.loads(results.read_text())) == document


@pytest.mark.parametrize("results", MEASURED, ids=lambda path: path.stem)
def test_results_name_no_place_of_the_machine_they_were_made_on(results):
    assert re.findall(r'"(?:/|[A-Z]:)[^"]*', results.read_text()) == []


def test_every_split_has_figures_of_every_shipped_network_with_chance_and_interval(monkeypatch):
    # Browser tests of the same process put another folder there.
    monkeypatch.delenv("TDN_CHECKPOINTS", raising=False)
    figures = json.loads((report.DOCS / "benchmark.json").read_text())["splits"]
    assert {path.stem for path in shipped()} == set(figures)
    for answers in figures.values():
        assert {"val", *ASKED} == set(answers)
        assert all({"top1", "clips", "chance", "interval"} <= set(one) for one in answers.values())
        assert {"photographic", "drawn"} == set(answers["val"]["parts"])


STUDIES = sorted(Path(report.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_a_study_asks_of_the_report_is_there(path):
    """A study runs for minutes and shows its table at the end: too late for a name that does not exist."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "report":
            assert hasattr(report, node.attr), f"line {node.lineno}: report.{node.attr}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "report.table":
            assert not isinstance(node.args[0], ast.Constant) or node.args[0].value in report.TABLES, node.lineno


def test_the_table_of_a_result_is_that_of_its_document():
    found = json.loads((report.DOCS / "benchmark.json").read_text())["cards"]
    assert report.table("cards", found) in (report.DOCS / "benchmark.md").read_text()


def test_after_new_weights_all_that_tells_of_them_is_measured_again(tmp_path):
    of_others = {
        "appearance_free",
        "planted_bias",
        "rendering",
        "ablation",
        "backbones",
    }  # of clips, of networks nobody ships
    before = {"calibration"}  # which writes the weights anew
    measured = set(json.loads((report.DOCS / "benchmark.json").read_text())) - of_others - before
    steps = again.steps(tmp_path, tmp_path)
    assert measured <= set(steps)
    for line in (line for lines in steps.values() for line in lines):
        command = line.rpartition("&& ")[2].split()
        assert command[0] == "make" or find_spec(command[2]) is not None, line


def test_a_part_of_a_split_counts_its_own_clips():
    halves = {name: {"clips": 10, "top1": 30.0, "interval": [10, 60]} for name in ("photographic", "drawn")}
    val = {"clips": 20, "chance": 5.0, "top1": 30.0, "interval": [15, 52], "parts": halves}
    rows = [row.split(" | ")[:2] for row in motion.splits({"tdn": {"val": val}})[2:]]
    assert rows == [["| val", "20"], ["| val, photographic", "10"], ["| val, drawn", "10"]]


def test_a_result_that_is_missing_is_said_to_be():
    text = "A\n<!-- table: cards -->\nold\n<!-- end -->\nB"
    assert report.filled(text, {}) == "A\n<!-- table: cards -->\nnot measured yet\n<!-- end -->\nB"


def test_a_table_takes_the_place_of_the_old_one():
    text = "<!-- table: cards -->\nold\n<!-- end -->"
    found = {"tdn": {"per_class": {"Up": 90.0}, "groups": {"all": 90.0}}}
    assert report.filled(text, {"cards": found}).splitlines()[1:-1] == [
        "| top-1, % | tdn |",
        "| --- | ---: |",
        "| **all** | 90.0 |",
        "| Up | 90.0 |",
    ]


def test_table_5_finds_its_columns_by_name_in_any_order():
    row = {"network_ms": 1200, "reading_ms": 100, "total_ms": 1300}
    assert speed.table5({"device": "CPU", "batch": 16, "rows": {"TDN": row}})[2] == "| TDN | 100 | 1200 | 1300 |"


def test_goals_say_what_is_reached_missed_and_not_measured():
    maps = {"name": "maps_pair", "ratio": 0.25, "ours_peak_mb": 190.0, "plain_peak_mb": 1000.0}
    text = "<!-- table: goals -->\n<!-- end -->"
    lines = report.filled(text, {"speed": [maps]}).splitlines()[3:-1]
    assert [line.split(" | ")[1:3] for line in lines[:4]] == [
        ["0.16", "0.25, missed"],
        ["0.20", "0.19, reached"],
        ["0.55", "not measured yet"],
        ["0.30", "not measured yet"],
    ]
    assert lines[4:] and all("not confirmed on a GPU yet" in line for line in lines[4:])


def test_the_floor_of_reading_says_whether_the_goal_can_be_reached():
    video = {"least_to_decord": 0.4, "ways": {"ours": {"to_decord": 0.6}}}
    above, below = speed.reading_floor({"long": video, "short": {**video, "least_to_decord": 0.2}})
    assert "can't be reached (0.3)" in above and "0.10 below the goal (0.3)" in below


def test_two_at_a_time_make_each_figure_once(tmp_path):
    """The command started twice: who comes second leaves alone what the first is at, and waits where it must."""
    environment, begun = dict(os.environ), tmp_path / "begun"
    making = [f"touch {begun}; sleep 1; echo once >> {tmp_path / 'made'}"]
    showing = [f"cat {tmp_path / 'made'} > {tmp_path / 'shown'}"]
    with ThreadPoolExecutor(2) as processes:
        first = processes.submit(again.finished, "samples", making, tmp_path, environment)
        while not begun.exists():
            time.sleep(0.01)
        assert again.finished("samples", making, tmp_path, environment), "it is in hand"
        (tmp_path / "lab.done").touch()
        assert again.finished("pictures", showing, tmp_path, environment) and first.result(60)
    assert (tmp_path / "shown").read_text() == "once\n"
    assert again.finished("samples", making, tmp_path, environment), "it is done"
    assert (tmp_path / "made").read_text() == "once\n"
    assert not again.finished("samples", ["false"], tmp_path, environment), "it is another step than the one done"


def test_what_shows_a_figure_is_not_made_where_the_figure_failed(tmp_path, capfd):
    environment = dict(os.environ)
    assert not again.finished("samples", ["false"], tmp_path, environment)
    assert not again.finished("pictures", ["true"], tmp_path, environment)
    assert not (tmp_path / "pictures.done").exists()
    assert "samples: failed, see" in capfd.readouterr().err
