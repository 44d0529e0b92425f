"""Folders for results: tried before work begins, and one result in each."""

import errno
import hashlib
import json
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tdn.cli import main
from tdn.data.video import write_mp4
from tdn.evaluate import Scores, expect_different
from tdn.motion.files import write_clips
from tdn.output import OutputError, expect_writable
from tdn.show.bundle import FILES
from tests.test_evaluate import NAMES, saved


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("output")
    saved(path / "net.safetensors", NAMES)
    rng = np.random.default_rng(0)
    for name in NAMES[:2]:
        (path / "clips" / name).mkdir(parents=True)
        write_mp4(path / "clips" / name / f"{name}.mp4", rng.integers(0, 255, (14, 64, 64, 3), np.uint8), fps=10)
    return path


@pytest.fixture
def tdn(monkeypatch, capfd, tmp_path):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["tdn", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capfd.readouterr()

    return run


@pytest.fixture
def taken(tmp_path) -> Path:
    (tmp_path / "taken").write_text("")
    return tmp_path / "taken"


def test_a_folder_is_made_and_nothing_left_in_it(tmp_path):
    assert list(expect_writable(tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_its_place_or_in_its_way_and_a_folder_that_takes_nothing_are_told_apart(taken, monkeypatch):
    with pytest.raises(OutputError, match="a file of this name is there already; name a folder"):
        expect_writable(taken)
    with pytest.raises(OutputError, match="a file stands in the way"):
        expect_writable(taken / "out")

    def read_only(**options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    with pytest.raises(OutputError, match=r"nothing can be written there \(read-only file system\)"):
        expect_writable(taken.parent)


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "no-such-data"),
        ("explain", "no-such.mp4"),
        ("figures", "no-such.mp4"),
        ("focus", "no-such-data"),
        ("synth", "--split", "val"),
        ("train", "finetune", "--data", "no-such-data"),
    ],
)
def test_every_verb_tries_its_folder_before_it_looks_at_anything_else(tdn, taken, command):
    code, stdout, stderr = tdn(*command, "--out", taken)
    assert code == 2 and stdout == "" and "a file of this name is there already" in stderr.splitlines()[-1]


def evaluated(tdn, folder: Path, *arguments: object) -> tuple[int, dict, str]:
    checkpoint = folder / "net.safetensors"
    command = ("evaluate", folder / "clips", "--checkpoint", checkpoint, "--workers", 0, "--json", *arguments)
    code, stdout, stderr = tdn(*command)
    return code, json.loads(stdout), stderr


def test_numbers_are_printed_though_the_disk_fills_up_at_the_end(tdn, folder, monkeypatch):
    def full(self: Scores, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Scores, "save", full)
    code, report, stderr = evaluated(tdn, folder)
    assert code == 0 and report["clips"] == 2 and report["scores"] is None
    assert "no space left on device; the scores are not kept" in stderr


def test_a_working_folder_that_can_not_be_written_is_no_hindrance_where_no_folder_was_named(tdn, folder, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    code, report, stderr = evaluated(tdn, folder)
    assert code == 0 and report["clips"] == 2 and report["scores"] is None and "without score files" in stderr


def test_a_second_result_in_a_folder_leaves_nothing_of_the_first(tdn, folder, tmp_path):
    clips = [folder / "clips" / name / f"{name}.mp4" for name in NAMES[:2]]
    (tmp_path / "notes.txt").write_text("mine")
    options = ("--checkpoint", folder / "net.safetensors", "--out", tmp_path)
    code, _, stderr = tdn("explain", clips[0], *options, "--timeline", "--layers", "final")
    assert code == 0, stderr
    first = json.loads((tmp_path / "manifest.json").read_text())
    assert set(first["files"]) == set(FILES) - {"manifest.json"}
    assert tdn("explain", clips[1], *options, "--layers", "final")[0] == 0
    second = json.loads((tmp_path / "manifest.json").read_text())
    assert set(second["files"]) == set(FILES) - {"manifest.json", "timeline.mp4"}
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {*second["files"], "manifest.json", "notes.txt"}
    for name, digest in second["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


def test_synthetic_clips_of_an_earlier_call_go_and_other_files_stay(tmp_path):
    (tmp_path / "mine.mp4").write_bytes(b"mine")
    list(write_clips(tmp_path, 3, seed=0, size=64))
    (tmp_path / "labels.csv").write_text((tmp_path / "labels.csv").read_text() + "mine.mp4,x,y\n")
    list(write_clips(tmp_path, 1, seed=1, size=64))
    assert {path.name for path in tmp_path.glob("*.mp4")} == {"val_1_00000.mp4", "mine.mp4"}
    assert {path.name for path in tmp_path.glob("*.npz")} == {"val_1_00000_mask.npz"}
    with av.open(str(tmp_path / "val_1_00000.mp4")) as container:
        assert container.streams.video[0].width == 64


def scores(checkpoint: str, seed: int, views: int = 1) -> Scores:
    logits = np.random.default_rng(seed).normal(size=(2, views, 3))
    return Scores(["a", "b"], [0, 1], logits, NAMES, f"{views} clips", checkpoint=checkpoint)


def test_two_files_of_one_network_are_said_and_equal_files_refused():
    files = [Path("one.npz"), Path("two.npz"), Path("three.npz")]
    assert expect_different(files[:2], [scores("5ha" * 8, 0), scores("other", 1)]) == []
    (said,) = expect_different(files, [scores("5ha" * 8, 0), scores("other", 1), scores("5ha" * 8, 2, views=2)])
    assert "one.npz and three.npz are of one network" in said and "counts twice" in said
    with pytest.raises(ValueError, match=r"one\.npz and two\.npz hold the same scores"):
        expect_different(files[:2], [scores("5ha", 0), scores("", 0)])
