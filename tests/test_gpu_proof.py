"""The proof for a lent GPU, rehearsed on the CPU: every part ends in numbers, and what is not equal is seen."""

import json
from pathlib import Path

import pytest
import torch

from studies.gpu import __main__ as proof
from studies.gpu import equal
from studies.gpu.subject import Subject, largest_change, likeness

CPU = Subject(torch.device("cpu"), is_rehearsal=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict:
    out = tmp_path_factory.mktemp("gpu")
    assert proof.main(["--device", "cpu", "--rehearse", "--out", str(out)]) == 0
    return json.loads(Path(out, "gpu.json").read_text())


@pytest.mark.long
def test_every_part_ends_in_numbers(report):
    assert set(proof.PARTS) < set(report) and not [name for name in proof.PARTS if "error" in report[name]]
    assert report["rehearsal"] is True
    rows = report["rates"]["rows"]
    assert {row["act"] for row in rows} >= {"scores, eager", "scores, compiled", "four maps of the pair"}
    assert all(row["ms_a_clip"] > 0 for row in rows)
    assert report["launched"]["fp32"] == {"codes": [0, 0], "epochs": 2}
    assert report["table5"]["together_ms"] > report["table5"]["network_ms"] > 0


@pytest.mark.long
def test_float32_is_the_cpu_itself_and_bfloat16_is_not(report):
    for rows in report["equal"]["networks"].values():
        assert rows["float32"]["scores"] == 0
        assert rows["bfloat16"]["scores"] > 1e-5 and rows["bfloat16"]["answers"] == 2
        # Each precision starts from the weights as they are.
        assert rows["channels-last"]["scores"] < 1e-4
        assert all(one["likeness"] > 0.9 for one in rows["bfloat16"]["maps"].values())


@pytest.mark.long
def test_a_device_that_computes_something_else_fails(report):
    wrong = json.loads(json.dumps(report))
    wrong["equal"]["is_equal"] = False
    assert proof.is_sound(report) and not proof.is_sound(wrong)
    wrong = json.loads(json.dumps(report))
    wrong["launched"]["fp32"]["codes"] = [0, 1]
    assert not proof.is_sound(wrong)


def test_a_part_that_fails_is_named_and_the_others_go_on(monkeypatch, tmp_path):
    def broken(subject: Subject) -> dict:
        raise RuntimeError("no kernel image")

    monkeypatch.setattr(proof, "PARTS", {"equal": broken, "page": lambda subject: {"largest_change": 0}})
    assert proof.main(["--device", "cpu", "--rehearse", "--parts", "equal", "page", "--out", str(tmp_path)]) == 1
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["equal"] == {"error": "RuntimeError: no kernel image"} and found["page"] == {"largest_change": 0}


def test_parts_that_would_begin_too_late_are_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(proof, "PARTS", {"page": lambda subject: {"largest_change": 0}})
    proof.main(["--device", "cpu", "--rehearse", "--parts", "page", "--minutes", "-1", "--out", str(tmp_path)])
    assert "left_out" in json.loads((tmp_path / "gpu.json").read_text())["page"]


def test_change_and_likeness_of_maps():
    maps = torch.rand(2, 3, 4, 4)
    assert largest_change(maps, maps) == 0 and likeness(maps, maps) == pytest.approx(1)
    assert largest_change(maps * 1.5, maps) == pytest.approx(0.5)
    assert likeness(-maps, maps) == pytest.approx(-1)


def test_tf32_is_off_again_afterwards():
    network = CPU.random_pair()["tdn"]
    with equal.computed_in("TF32", network):
        assert torch.backends.cudnn.allow_tf32
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
