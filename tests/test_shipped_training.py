"""How the four shipped networks are trained: alike, and none on another's tensors."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from filelock import FileLock

from studies.motion import distilled_trunk, shipped
from studies.motion.distilled_trunk import DistilRecipe, distil
from studies.motion.shipped import NETWORKS, drawn, photographic, train_unless_done
from tdn.weights import load_model, read_card
from tests.conftest import torchvision_mobilenet

SMALLEST = {"epochs": 1, "clips_per_epoch": 8, "pool_clips": 19, "val_clips": 19, "sizes": ((1.0, 32),)}
SMALLEST |= {"render_size": 32, "workers": 0, "precision": "fp32"}


def test_all_four_have_the_same_clips_order_and_draws(tmp_path):
    for half in (drawn, photographic):
        (recipe,) = {replace(half(name, tmp_path)[0], model="one of them", start_from="its own") for name in NETWORKS}
        assert recipe.seed == 1
    assert {drawn(name, tmp_path)[0].start_from for name in NETWORKS} == {str(tmp_path / "trunk.safetensors")}
    for name in NETWORKS:
        assert photographic(name, tmp_path)[0].start_from == str(drawn(name, tmp_path)[1] / "last.safetensors")


def test_a_run_that_is_done_or_in_hand_is_not_trained(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(shipped, "train", lambda recipe, folder, **_: trained.append(folder.name))
    recipe, folder = drawn("tdn", tmp_path)
    (tmp_path / "in hand").mkdir()
    with FileLock(tmp_path / "in hand" / "lock"):
        assert not train_unless_done(recipe, tmp_path / "in hand", "a test")
    assert train_unless_done(recipe, folder, "a test") and train_unless_done(recipe, folder, "a test")
    assert trained == ["tdn-drawn"]
    with pytest.raises(ValueError, match="a finished run of other settings"):
        train_unless_done(replace(recipe, epochs=99), folder, "a test")


def test_what_is_killed_after_its_last_step_is_resumed_and_not_begun_again(tmp_path, monkeypatch):
    recipe, folder = drawn("tdn", tmp_path)
    (folder / "resume.pt").parent.mkdir(parents=True)
    (folder / "resume.pt").touch()

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(shipped, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        train_unless_done(recipe, folder, "a test")
    assert (folder / "resume.pt").exists() and not (folder / "done.json").exists()


def test_the_trunk_learns_and_the_four_start_from_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(distilled_trunk, "imagenet_state", lambda name: torchvision_mobilenet().state_dict())
    shown = []
    monkeypatch.setattr(distilled_trunk, "progress", lambda *_, **__: nullcontext(shown.append))
    few = DistilRecipe(steps=30, batch_size=8, small_size=32, pool_clips=19, render_size=32)
    trunk = distil(few, tmp_path / "trunk.safetensors", tmp_path)
    errors = [float(words.split()[1]) for words in shown]
    assert sum(errors[-5:]) < 0.9 * sum(errors[:5])

    assert "torchvision's ImageNet weights (BSD-3-Clause)" in read_card(trunk).material
    kept = load_model(trunk).res3.state_dict()
    for name in NETWORKS:
        recipe, folder = drawn(name, tmp_path)
        train_unless_done(replace(recipe, learning_rate=1e-12, **SMALLEST), folder, "a test")
        learnt = load_model(folder / "last.safetensors")
        shared = {key: value for key, value in learnt.res3.state_dict().items() if key in kept}
        for key in ("0.conv1.weight", "0.conv2.weight"):
            torch.testing.assert_close(shared[key], kept[key], atol=1e-6, rtol=0)
        assert "started from the 2-D trunk of trunk.safetensors" in read_card(folder / "last.safetensors").trained_on
        assert not (folder / "resume.pt").exists()
