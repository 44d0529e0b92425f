"""The commands of docs/training.md on a stand-in of each published data set: check, train, resume, test, ensemble."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tdn.cli import main
from tdn.evaluate import Scores
from tests.standins import STANDINS

# A published recipe, brought down to one clip of 64 pixels a step on the smallest backbone.
SMALL = [
    *("--set", "backbone=resnet10_w8", "--set", "start_from=none", "--set", "sizes=1:64", "--set", "workers=0"),
    *("--set", "batch_size=1", "--set", "micro_batch=1", "--device", "cpu"),
]
SHORT = ("something-v2", "kinetics400", "ucf101")  # the others alike, in `make test-long`
RECIPES = {
    "something-v1": "ssv1-r50-8f",
    "something-v2": "ssv2-r50-8f-paper",
    "kinetics400": "k400-r50-16f",
    "ucf101": "ucf101",
    "hmdb51": "hmdb51",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture
def tdn(place, monkeypatch, capfd) -> Callable[..., str]:
    """Run a command in an empty folder and return what it printed; `interrupted` expects it to end as after Ctrl-C."""

    def run(*arguments: object, interrupted: bool = False) -> str:
        monkeypatch.chdir(place)
        monkeypatch.setattr(sys, "argv", ["tdn", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert ended.value.code == (130 if interrupted else 0), err
        return out

    return run


@pytest.fixture(scope="module")
def kinetics_checkpoint(place) -> Path:
    """What UCF101 and HMDB51 start from: a network trained on the stand-in of Kinetics, made on first use."""
    return place / "runs" / "kinetics400" / "last.safetensors"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in SHORT)) for name in STANDINS]
)
def test_a_published_data_set_is_checked_trained_on_resumed_and_tested(
    name, place, kinetics_checkpoint, tdn, monkeypatch
):
    data = f"{name}:{STANDINS[name](place / name)}"
    out = place / "runs" / name
    settings = list(SMALL)
    if name in ("ucf101", "hmdb51"):
        settings[3] = f"start_from={kinetics_checkpoint}"
        settings = settings[2:]  # the network is that of the checkpoint
    assert json.loads(tdn("data", "check", data, "--json"))["parts"][0]["unreadable"] == {}

    train = ["train", RECIPES[name], "--data", data, "--out", out, "--resume", "auto", "--set", "epochs=2", *settings]
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.SGD, "step", interrupted_in_epoch_two(torch.optim.SGD.step, out / "log.csv"))
        tdn(*train, interrupted=True)
    tdn(*train)
    with (out / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]

    files = []
    for protocol, views in (("1x1", 1), ("1x3", 3), ("10x3", 30)):
        command = ["evaluate", data, "--checkpoint", out / "last.safetensors", "--protocol", protocol, "--json"]
        report = json.loads(tdn(*command))
        scores = Scores.load(report["scores"])
        assert scores.logits.shape == (report["clips"], views, len(scores.class_names))
        assert report["clips"] >= 1 and 0 <= report["top1"] <= report["top5"] <= 100
        files.append(report["scores"])
    together = json.loads(tdn("ensemble", files[0], files[1], "--json"))
    assert together["clips"] == report["clips"] and together["rule"] == "released"


def interrupted_in_epoch_two(step: Callable, log: Path) -> Callable:
    """An optimiser's step that Ctrl-C meets once the log has its first epoch."""

    def one_step(*arguments, **options):
        if log.exists() and len(log.read_text().splitlines()) > 1:
            raise KeyboardInterrupt
        return step(*arguments, **options)

    return one_step


def test_the_mean_over_three_splits_is_one_command(place, kinetics_checkpoint, tdn):
    data = f"ucf101:{STANDINS['ucf101'](place / 'three')}"
    checkpoint = place / "runs" / "ucf101" / "last.safetensors"
    splits = [part for number in (1, 2, 3) for part in ("--split", f"val{number}")]
    report = json.loads(tdn("evaluate", data, *splits, "--checkpoint", checkpoint, "--json"))
    assert len(report["splits"]) == 3 and report["protocol"].endswith("mean over 3 splits")
    assert report["top1"] == pytest.approx(sum(one["top1"] for one in report["splits"]) / 3)
