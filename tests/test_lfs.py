"""A Git LFS pointer in the place of any file that is read is said to be one, with what to do."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tdn import doctor
from tdn.data.lists import csv_rows, numbered_lines, read_json
from tdn.data.source import decode_frames, probe
from tdn.evaluate import Scores
from tdn.lfs import is_pointer
from tdn.measure.masks import known_masks
from tdn.train.checkpoint import read_state
from tdn.weights import convert_official, imagenet_state, load_model, read_card

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.mark.parametrize(
    "name, read",
    [
        ("net.safetensors", load_model),
        ("net.safetensors", read_card),
        ("released.pth", lambda path: convert_official(path, 8)),
        ("resnet50.pth", lambda path: imagenet_state("resnet50", path)),
        ("clip.mp4", probe),
        ("list.txt", numbered_lines),
        ("list.csv", csv_rows),
        ("labels.json", read_json),
        ("scores.npz", Scores.load),
        ("clip_mask.npz", lambda path: known_masks(path.with_name("clip.mp4"), None)),
        ("resume.pt", lambda path: read_state(path.parent)),
    ],
)
def test_a_pointer_is_named_with_the_command_that_fetches_it(tmp_path, name, read):
    (tmp_path / name).write_text(POINTER)
    with pytest.raises(ValueError, match=rf"^{name}: a Git LFS pointer, not the file itself; .*`git lfs pull`"):
        read(tmp_path / name)


def test_a_pointer_among_frames_is_named(tmp_path):
    for number in (1, 2, 3):
        Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(tmp_path / f"{number:05d}.jpg")
    (tmp_path / "00002.jpg").write_text(POINTER)
    with pytest.raises(ValueError, match=r"00002\.jpg: a Git LFS pointer"):
        list(decode_frames(tmp_path, range(3)))


def test_the_doctor_tells_pointers_from_damaged_checkpoints(tmp_path, monkeypatch):
    (tmp_path / "tdn_small_8f.safetensors").write_text(POINTER)
    (tmp_path / "damaged.safetensors").write_bytes(b"\xff" * 100)
    monkeypatch.setenv("TDN_CHECKPOINTS", str(tmp_path))
    found = {finding.name: finding for finding in doctor.checkpoints()}
    assert "git lfs pull" in found["tdn_small_8f.safetensors"].remedy
    assert "git lfs" not in found["damaged.safetensors"].remedy


def test_the_doctor_counts_other_pointers(tmp_path, monkeypatch):
    (tmp_path / "assets").mkdir()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / "assets" / name).write_text(POINTER)
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "requirements.txt")
    (finding,) = doctor.git_lfs()
    assert finding.state == "broken" and "2 files are Git LFS pointers (a.mp4, b.mp4)" in finding.said


def test_no_other_file_is_a_pointer(tmp_path):
    (tmp_path / "about_lfs.txt").write_text("see https://git-lfs.github.com/spec/v1\n")
    assert not is_pointer(tmp_path / "about_lfs.txt") and not is_pointer(Path(tmp_path / "nothing"))
