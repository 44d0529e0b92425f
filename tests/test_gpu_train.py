"""The script for a lent GPU, on the CPU: the same clips as any training, commands that go on, and what comes back."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from studies.gpu import carry
from studies.gpu import speed as gpu_speed
from studies.gpu import train as gpu_train
from studies.gpu.device_clips import DeviceClips
from studies.gpu.run_state import load_state
from tdn.model import TDN
from tdn.motion.photos import fetched_photos, shipped_photos
from tdn.train.batches import ProceduralClips
from tdn.train.recipes import SMOKE
from tdn.weights import imagenet_state, load_model, start_from_imagenet
from tests.conftest import tiny, torchvision_mobilenet

ROOT = Path(__file__).resolve().parents[1]
CPU = torch.device("cpu")
# All that is not on such a machine, or not sure to be.
MISSING = ("av", "decord", "gradio", "pytorch_grad_cam", "rich", "scipy", "tensorboard", "torchvision", "typer")
TINY = {"epochs": 2, "batch_size": 2, "save_steps": 1, "backbone": "mobilenetv2_w8", "sizes": "1:64", "render_size": 64}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Holds rendered clips and an ImageNet file of the smallest MobileNetV2."""
    folder = tmp_path_factory.mktemp("gpu")
    torch.save(torchvision_mobilenet(0.25).state_dict(), folder / "imagenet.pth")
    return folder


def arguments(folder: Path, name: str, *more: object) -> list[str]:
    """A command that draws 8 clips for each network, in 2 epochs of 2 steps."""
    settings = [part for key, value in TINY.items() for part in ("--set", f"{key}={value}")]
    clips = ["--draws", 8, "--pool-clips", 6, "--val-clips", 4, "--start", folder / "imagenet.pth", "--device", "cpu"]
    places = ["--work", folder / f"work-{name}", "--out", folder / f"out-{name}"]
    return [str(part) for part in (*places, *clips, *settings, *more)]


def test_clips_on_the_device_are_those_of_any_training(folder):
    recipe = replace(SMOKE, pool_clips=38, val_clips=6, clips_per_epoch=38, batch_size=6)
    usual, here = ProceduralClips(recipe, 8, 5, folder), DeviceClips(recipe, 8, 5, folder, CPU)
    for ours, theirs in (
        (here.training(1, [0, 2, 5], 6, 48), usual.training(1, [0, 2, 5], 6, 48)),
        (here.validation(0, 1, 4, 64), usual.validation(0, 1, 4, 64)),
    ):
        for batch, expected in zip(ours, theirs, strict=True):
            assert torch.equal(batch.labels, expected.labels)
            for mine, other in zip(batch.inputs, expected.inputs, strict=True):
                assert (mine - other).abs().max() < 1e-5


def test_draws_are_the_same_for_all_and_fill_the_time():
    recipe = replace(SMOKE, epochs=10, val_clips=30, batch_size=8)
    # 3000 seconds at 0.01 and 0.02 a clip: 100,000 clips of each, a third of 300 validation clips among them.
    assert gpu_speed.draws_that_fit(3000, [0.01, 0.02], recipe) == 100_000 - 100
    assert gpu_speed.draws_that_fit(0.1, [0.01, 0.02], recipe) == 80


def test_two_commands_train_what_they_are_given_and_send_back_small_files(folder, capsys):
    # A quarter of a minute is what is kept free for the end: the time is up at the first look.
    gpu_train.main(arguments(folder, "first", "--networks", "tdn", "tconv", "--minutes", 0.25))
    first = folder / "out-first"
    assert sorted(path.name for path in first.iterdir()) == ["report.json", "tdn.resume.safetensors"]
    said = capsys.readouterr().err
    assert "next: python -m studies.gpu.train --networks tdn tconv --minutes 0.25 --draws 8" in said
    state = first / "tdn.resume.safetensors"
    with safe_open(state, framework="pt") as file:
        assert json.loads(file.metadata()["run"])["step"] == 1
        assert file.get_tensor("network.res3.0.conv1.weight").dtype == torch.float16
        assert file.get_tensor("network.res3.0.bn1.running_var").dtype == torch.float32

    gpu_train.main(arguments(folder, "next", "--networks", "tdn", "tconv", "--minutes", 9, "--resume", state))
    out = folder / "out-next"
    names = ["log.csv", "report.json", "tconv.safetensors", "tdn.safetensors"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert "tdn: begins at epoch 0, step 1" in capsys.readouterr().err
    report = json.loads((out / "report.json").read_text())
    assert report["left"] == [] and report["networks"]["tdn"]["draws"] == 8
    assert set(report["networks"]["tconv"]["val_top1"]) == {"all", "long-range motion"}  # of the four validation clips
    with (out / "log.csv").open() as file:
        assert [(row["network"], row["epoch"]) for row in csv.DictReader(file)] == [
            (network, epoch) for network in ("tdn", "tconv") for epoch in "12"
        ]
    model = load_model(out / "tdn.safetensors")
    assert model.card.command.startswith("python -m studies.gpu.train --networks tdn --draws 8 --pool-clips 6")
    assert str(folder) not in model.card.command
    assert "2 of 2 epochs" in model.card.trained_on and "ImageNet weights" in model.card.trained_on
    assert model.s_tdm is not None and load_model(out / "tconv.safetensors").s_tdm is None

    gpu_train.main(arguments(folder, "next", "--networks", "tdn", "--minutes", 9))
    assert "tdn: done before" in capsys.readouterr().err


def test_a_state_brings_back_weights_and_moments(folder):
    gpu_train.main(arguments(folder, "state", "--networks", "tdn", "--minutes", 0.25))
    path = folder / "work-state" / "tdn.resume.safetensors"
    settings = ["clips_version=3", *(f"{key}={value}" for key, value in TINY.items())]
    recipe = gpu_speed.with_draws(gpu_speed.gpu_recipe("tdn", str(folder / "imagenet.pth"), 6, 4, settings), 8)
    accelerator = gpu_train.new_accelerator(recipe, CPU)
    clips = DeviceClips(recipe, 8, 5, folder / "work-state" / "pools", CPU)
    trainer = gpu_speed.new_trainer(recipe, clips, accelerator, torch.channels_last, is_fresh=False)
    assert load_state(path, trainer) == [] and (trainer.epoch, trainer.step) == (0, 1)
    with safe_open(path, framework="pt") as file:
        saved = file.get_tensor("network.s_tdm.res1.conv.weight").float()
        moment = file.get_tensor("exp_avg.0").float()
    assert torch.equal(trainer.network.s_tdm.res1.conv.weight, saved)
    assert torch.equal(trainer.optimizer.state_dict()["state"][0]["exp_avg"], moment) and moment.any()
    other = gpu_speed.new_trainer(
        replace(recipe, learning_rate=1e-4), clips, accelerator, torch.channels_last, is_fresh=False
    )
    with pytest.raises(ValueError, match="another learning_rate"):
        load_state(path, other)


def test_what_travels_is_small_and_gives_clips_with_photos(folder, monkeypatch):
    photos = shipped_photos()
    few = replace(photos, things=photos.things[:3], scenes=photos.scenes[:2], textures=photos.textures[:2])
    carry.pack_photos(few, folder / "lent")
    target = folder / "work-photos" / "assets" / "photos"
    for _ in range(2):
        carry.unpack_photos(folder / "lent", target)
    monkeypatch.setenv("TDN_ASSETS", str(target.parent))
    there = fetched_photos()
    assert there.things.shape == few.things.shape and np.array_equal(there.things[..., 3], few.things[..., 3])
    assert np.abs(there.scenes.astype(int) - few.scenes).mean() < 3
    raw = few.things.nbytes + few.scenes.nbytes + few.textures.nbytes
    assert sum(path.stat().st_size for path in (folder / "lent").rglob("*.webp")) < 0.08 * raw
    # The processes that render find them by the variable that the script sets.
    monkeypatch.delenv("TDN_ASSETS")
    gpu_train.main(arguments(folder, "photos", "--networks", "tdn", "--minutes", 0.25, "--photos", folder / "lent"))
    monkeypatch.delenv("TDN_ASSETS")
    report = json.loads((folder / "out-photos" / "report.json").read_text())
    assert there.checksum in report["pool"]["of"]


def test_the_start_that_travels_is_the_trunk_in_half_precision(folder, monkeypatch):
    state = torchvision_mobilenet(0.25).state_dict()
    monkeypatch.setattr(carry, "imagenet_state", lambda backbone: state)
    carry.write_weights(folder / "half.pth")
    model = TDN(tiny("tdn_mobilenetv2_8f"))
    started = start_from_imagenet(model, imagenet_state("mobilenetv2", folder / "half.pth"))
    assert len(started.kept) == 312
    assert torch.equal(model.res4[5].conv2.weight, state["features.12.conv.1.0.weight"].half().float())
    assert torch.equal(model.res4[5].bn2.running_var, state["features.12.conv.1.1.running_var"])


@pytest.mark.long
def test_it_chooses_draws_and_runs_where_nothing_else_is_installed(folder):
    command = arguments(
        folder, "bare", "--networks", "tdn", "--minutes", 9, "--total-minutes", 0.001, "--timed-steps", 1
    )
    del command[command.index("--draws") : command.index("--draws") + 2]
    program = f"import sys; sys.modules.update(dict.fromkeys({MISSING})); from studies.gpu.train import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}main({command})"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "out-bare" / "report.json").read_text())
    assert list(report["training_clips_per_second"]) == ["tdn"]
    assert set(report["clips_per_second_by_layout"]) == {"channels-last", "contiguous"}
    assert report["draws"] == 4 and report["networks"]["tdn"]["of"] == 4


def test_a_state_that_is_none_is_one_sentence(folder, capsys):
    with pytest.raises(SystemExit):
        gpu_train.main(arguments(folder, "none", "--resume", folder / "missing.resume.safetensors"))
    assert "no such file" in capsys.readouterr().err
