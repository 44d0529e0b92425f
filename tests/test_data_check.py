"""`data check` as a person uses it, on what goes wrong with data sets."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tdn.cli import main
from tdn.data.check import Reading, check_parts, read_items, report_on
from tdn.data.datasets import DataSet, Item, open_dataset
from tdn.data.video import write_mp4
from tests.test_evaluate import saved


@pytest.fixture
def check(monkeypatch, capfd) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tdn", "data", "check", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capfd.readouterr()

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two classes; of "closing" one clip is broken, and one has a single frame too few."""
    for label, lengths in {"opening": (20, 13), "closing": (12, 16)}.items():
        (tmp_path / label).mkdir()
        for number, length in enumerate(lengths):
            write_mp4(tmp_path / label / f"{number}.mp4", np.full((length, 48, 64, 3), 9 * number, np.uint8))
    (tmp_path / "closing" / "broken.mp4").write_bytes(b"not a video at all")
    return tmp_path


def test_broken_videos_are_named_and_left_out_from_then_on(folder, check):
    code, out, _ = check(folder, "--json")
    found = json.loads(out)
    (part,) = found["parts"]
    assert code == 0 and part["clips"] == 5 and list(part["unreadable"]) == ["closing/broken.mp4"]
    assert found["skip_list"] == str(folder / "tdn-skip.txt")
    assert open_dataset(folder).skipped == 1
    code, out, _ = check(folder)
    assert code == 0 and "left out by the skip list: 1" in out and "cannot be read" not in out


def test_what_a_person_reads_names_counts_lengths_and_mirroring(folder, check):
    _, out, _ = check(folder)
    assert "5 clips of 2 classes (2 to 3 clips a class)" in out
    assert "12 to 20, median" in out and "mirroring allowed" in out
    assert "1 of 4 clips have 12 frames or fewer, such as closing/0.mp4" in out


def test_lists_can_be_read_without_opening_videos(folder, check):
    _, out, _ = check(folder, "--lists-only", "--json")
    assert json.loads(out)["parts"][0]["unreadable"] == {} and not (folder / "tdn-skip.txt").exists()


def test_the_order_of_a_checkpoints_labels_is_compared(folder, check, tmp_path):
    checkpoint = saved(tmp_path / "network.safetensors", ["opening", "closing", "turning"])
    _, out, _ = check(folder, "--checkpoint", checkpoint, "--lists-only")
    assert "another order than the checkpoint" in out
    checkpoint = saved(tmp_path / "network.safetensors", ["opening", "turning"])
    _, out, _ = check(folder, "--checkpoint", checkpoint, "--lists-only")
    assert "'closing' of the data is not among" in out


def test_data_that_cannot_be_opened_end_in_one_line(tmp_path, check):
    code, out, err = check(tmp_path / "nowhere")
    assert code == 2 and not out and err.startswith("error: ") and err.count("\n") == 1


def test_the_same_clip_in_two_parts_is_told(tmp_path, check):
    for part in ("train", "val"):
        (tmp_path / part / "a").mkdir(parents=True)
    write_mp4(tmp_path / "train" / "a" / "1.mp4", np.zeros((14, 48, 64, 3), np.uint8))
    (tmp_path / "val" / "a" / "2.mp4").symlink_to(tmp_path / "train" / "a" / "1.mp4")
    _, out, _ = check(tmp_path)
    assert "1 of 1 clips are in another part too, such as a/2.mp4" in out


def data(labels: list[str], counts: list[int]) -> DataSet:
    items = [
        Item(f"{n}/{i}", Path(f"{n}/{i}"), n, num_frames=30) for n, count in enumerate(counts) for i in range(count)
    ]
    return DataSet("mine", tuple(labels), tuple(items), tuple(range(len(labels))))


@pytest.mark.parametrize(
    ("labels", "counts", "said"),
    [
        (["a", "b"], [3, 0], "1 of 2 classes have no clips, such as 'b'"),
        (["a", "b"], [1, 30], "unbalanced: 1 to 30"),
        (["Turn_left", "turn left"], [2, 2], "differ in spelling only"),
        (["cop", "сор"], [2, 2], "differ in U+0063 LATIN SMALL LETTER C and U+0441 CYRILLIC SMALL LETTER ES only"),
        (["a", "b"], [3, 1], "1 of 2 classes have one clip only: 'b'"),
        (["class 0", "class 1"], [2, 2], "have no names"),
    ],
)
def test_classes_that_cost_people_their_numbers_are_warned_of(labels, counts, said):
    assert any(said in warning for warning in report_on(data(labels, counts), []).warnings)


def test_a_data_set_without_faults_has_no_warnings():
    mine = data(["a", "b"], [3, 3])
    readings = [Reading(item.id, num_frames=30) for item in mine.items]
    assert report_on(mine, readings).warnings == []


def test_other_frame_counts_than_the_lists_are_told():
    mine = data(["a"], [2])
    readings = [Reading(item.id, num_frames=29) for item in mine.items]
    (warning,) = report_on(mine, readings).warnings
    assert "2 of 2 clips have another number of frames than the list says, such as 0/0: 29, not 30" in warning


def test_clips_of_lists_that_are_not_on_disk_are_told():
    mine = replace(data(["a"], [2]), missing=("x", "y"))
    assert "2 of 4 listed clips are not on disk, such as x" in report_on(mine, []).warnings[0]


@pytest.mark.long
def test_processes_read_what_one_process_reads(folder):
    items = open_dataset(folder).items
    assert read_items(items, workers=2) == read_items(items)


def test_one_class_alone_is_warned_of():
    mine = data(["a"], [2])
    report = report_on(mine, [])
    check_parts([report], [mine])
    assert any("one class only" in warning for warning in report.warnings)


def test_recordings_notes_and_equal_clips_of_two_classes_are_told(tmp_path, check):
    for name in ("a/x_g01_c01.mp4", "a/x_g01_c02.mp4", "b/y_g01_c01.mp4", "b/y_g02_c01.mp4", "__MACOSX/z.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "b" / "y_g02_c01.mp4").write_bytes(b"a/x_g01_c02.mp4")
    _, out, _ = check(tmp_path, "--lists-only")
    assert "4 clips of 2 recordings (_gNN_cNN: 2 clips, equal bytes: 2 clips)" in out
    assert "note: " in out and "__MACOSX" in out
    assert "a/x_g01_c02.mp4 and b/y_g02_c01.mp4 are equal byte for byte and of two classes, 'a' and 'b'" in out


def test_names_that_are_not_understood_are_all_told(tmp_path, check):
    for name in ("moveleft", "向左", "serve", "port", "clapping"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.mp4").write_bytes(name.encode())
    _, out, _ = check(tmp_path, "--lists-only")
    assert "mirroring refused: 4 of 5 class names are not understood" in out and "flip_unknown=true" in out
    assert "not understood: 'moveleft', 'port', 'serve', '向左'" in out


def test_the_test_part_is_looked_at_too(tmp_path, check):
    for number in range(4):
        (tmp_path / f"{number}.mp4").write_bytes(b"same" if number in (0, 3) else bytes([number]))
    rows = ["0.mp4,a,train", "1.mp4,b,train", "2.mp4,a,val", "3.mp4,a,test"]
    (tmp_path / "mine.csv").write_text("\n".join(["file,label,split", *rows]))
    _, out, _ = check(tmp_path / "mine.csv", "--lists-only")
    assert "mine test: 1 clips" in out and "1 of 1 clips are equal byte for byte" in out
