"""Training: batches, schedule, a run that is killed and resumed, and what it leaves on disk."""

import csv
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tdn.model import FAMILY, TDN
from tdn.motion import LABELS
from tdn.motion import pool as pool_module
from tdn.motion.pool import augment, load_or_render_pool
from tdn.train import card as card_module
from tdn.train.batches import ProceduralClips, clip_order, resized
from tdn.train.card import material, started_from
from tdn.train.engine import TrainingStopped
from tdn.train.optim import Plateau, learning_rate, new_optimizer, set_rate, size_at
from tdn.train.recipe import micro_batches, override
from tdn.train.recipes import DEMO_TDN, RECIPES, SMOKE
from tdn.train.run import train
from tdn.weights import load_model, save_checkpoint
from tests.conftest import tiny

pytestmark = pytest.mark.usefixtures("undrawn")
QUICK = replace(SMOKE, epochs=3, clips_per_epoch=8, pool_clips=8, val_clips=8, batch_size=4)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """A quick run from start to end; other runs beside it share its rendered clips."""
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(QUICK, out)
    return out


def rows(out: Path) -> list[dict]:
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


def assert_same_weights(one: Path, other: Path) -> None:
    states = [load_model(out / "last.safetensors").state_dict() for out in (one, other)]
    assert all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values(), strict=True))


def test_a_run_leaves_a_checkpoint_that_says_where_it_comes_from(undisturbed):
    model = load_model(undisturbed / "last.safetensors")
    assert model.labels == list(LABELS)
    assert "procedural motion clips" in model.card.trained_on
    assert set(model.card.accuracy["per_class"]) == set(LABELS)
    assert model.card.extra["recipe"]["epochs"] == 3
    assert "minutes" in model.card.time and "no real video" in model.card.known_limits


def test_a_card_names_what_others_made_with_its_licence(tmp_path, monkeypatch, undisturbed):
    """Pictures of packages, those of the checkpoint it began with, and nothing where clips were all drawn."""
    start = load_model(undisturbed / "last.safetensors")
    assert start.card.material == ""
    monkeypatch.setenv("TDN_ASSETS", str(tmp_path))
    (tmp_path / "photos" / "scenes").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "photos" / "scenes" / "room.jpg"), np.full((60, 90, 3), 120, np.uint8))
    start.card.material = "pictures of a friend (CC0)"
    save_checkpoint(tmp_path / "start.safetensors", start, start.card)
    recipe = replace(QUICK, clips_version=3, start_from=str(tmp_path / "start.safetensors"))
    material.cache_clear()
    assert material(recipe, photographic=True) == "pictures of whoever trained it; pictures of a friend (CC0)"
    assert material(recipe, photographic=False) == "pictures of a friend (CC0)"
    packages = [{"package": "openclipart-png", "licence": "CC0"}, {"package": "wallpapers", "licence": "GPL-2"}]
    monkeypatch.setattr(card_module, "listed", lambda: {"packages": packages})
    material.cache_clear()
    assert material(replace(recipe, start_from="imagenet"), photographic=True) == (
        "pictures of the Debian packages openclipart-png (CC0), wallpapers (GPL-2); torchvision's ImageNet weights "
        "(BSD-3-Clause)"
    )
    material.cache_clear()


@pytest.mark.parametrize(
    ("split", "version", "photographic", "seen"),
    [
        ("val", 2, False, "drawn scenes only"),
        ("val", 3, True, "photos or drawn"),
        ("planted-bias", 2, True, "photos or drawn"),
        ("appearance-free", 3, False, "noise in motion only"),
    ],
)
def test_clips_say_whether_the_fetched_photos_are_among_them(tmp_path, monkeypatch, split, version, photographic, seen):
    monkeypatch.setenv("TDN_ASSETS", str(tmp_path))
    (tmp_path / "photos" / "scenes").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "photos" / "scenes" / "room.jpg"), np.full((60, 90, 3), 120, np.uint8))
    recipe = replace(QUICK, clips_version=version, pool_clips=1, val_clips=1)
    clips = ProceduralClips(recipe, 8, 5, tmp_path / "pools", split)
    assert clips.photographic is photographic and clips.seen.endswith(seen)


def test_the_log_has_a_row_an_epoch(undisturbed):
    assert [row["epoch"] for row in rows(undisturbed)] == ["1", "2", "3"]
    assert all(float(row["train_loss"]) > 0 for row in rows(undisturbed))


def test_an_interrupted_run_ends_in_the_same_weights(undisturbed):
    out = undisturbed.parent / "interrupted"
    original = torch.optim.AdamW.step
    steps = 0

    def step_until_the_power_fails(*arguments, **options):
        nonlocal steps
        steps += 1
        if steps == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step_until_the_power_fails)
        with pytest.raises(KeyboardInterrupt):
            train(QUICK, out)
    assert len(rows(out)) == 1
    train(QUICK, out, resume=True)
    assert_same_weights(undisturbed, out)
    assert [row["epoch"] for row in rows(out)] == ["1", "2", "3"]


def test_a_folder_with_a_run_is_not_overwritten_by_accident(undisturbed):
    with pytest.raises(ValueError, match="--resume auto"):
        train(QUICK, undisturbed)


def test_a_run_of_other_settings_is_not_resumed(undisturbed):
    with pytest.raises(ValueError, match="learning_rate"):
        train(replace(QUICK, learning_rate=1.0), undisturbed, resume=True)


def test_weights_that_are_not_a_number_stop_the_run_and_the_last_checkpoint_is_kept(undisturbed):
    out, original, steps = undisturbed.parent / "diverged", torch.optim.AdamW.step, 0

    def diverge_in_the_second_epoch(optimizer, *arguments, **options):
        nonlocal steps
        steps += 1
        if steps == 3:
            optimizer.param_groups[0]["params"][0].data.fill_(float("nan"))
        return original(optimizer, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", diverge_in_the_second_epoch)
        with pytest.raises(TrainingStopped, match="learning_rate"):
            train(QUICK, out)
    assert [row["epoch"] for row in rows(out)] == ["1"]
    assert all(value.isfinite().all() for value in load_model(out / "last.safetensors").state_dict().values())


def test_a_run_that_diverges_in_its_first_epoch_writes_no_checkpoint(undisturbed):
    out = undisturbed.parent / "at_once"
    one_step_an_epoch = replace(QUICK, clips_per_epoch=QUICK.batch_size, learning_rate=1e30, warmup_share=0.0)
    with pytest.raises(TrainingStopped, match="validation loss became nan in epoch 1"):
        train(one_step_an_epoch, out)
    assert not (out / "last.safetensors").exists()


def test_a_network_starts_from_another_s_tensors(undisturbed):
    out = undisturbed.parent / "baseline"
    recipe = replace(
        QUICK,
        model="tconv_baseline_small_8f",
        epochs=1,
        learning_rate=1e-30,
        weight_decay=0.0,
        start_from=str(undisturbed / "last.safetensors"),
    )
    train(replace(recipe, model="tdn_tiny_8f"), out)
    trained, started = (load_model(path / "last.safetensors") for path in (undisturbed, out))
    assert torch.equal(trained.res4[0].conv1.weight, started.res4[0].conv1.weight)
    words = started.card.trained_on
    assert str(undisturbed) not in started.card.to_json()  # no folder of the machine
    assert f"of last.safetensors ({trained.card.trained_on})" in words


def test_a_card_of_many_runs_can_be_read(undisturbed, tmp_path):
    model = load_model(undisturbed / "last.safetensors")
    for _ in range(60):  # each run starts from the one before
        save_checkpoint(tmp_path / "before.safetensors", model, model.card)
        started_from.cache_clear()
        begun = started_from(replace(QUICK, start_from=str(tmp_path / "before.safetensors")))
        model.card.trained_on = f"10 clips, 20 draws of them (1 of 1 epochs){begun}"
    assert begun.endswith(" ...)") and begun.count("10 clips") > 20


def test_rendered_clips_are_the_same_every_time(tmp_path):
    first, again = (load_or_render_pool(tmp_path / name, "train", 3, 5, 64) for name in "ab")
    assert np.array_equal(first.centre, again.centre) and np.array_equal(first.half, again.half)


def test_two_runs_that_want_the_same_pool_at_once_both_get_it_whole(tmp_path, monkeypatch, capsys):
    """The second used to empty the file that the first was about to read: half its clips were black, in silence."""
    render, begun, go_on = pool_module.render_packed, threading.Event(), threading.Event()

    def slowly(*clip):
        begun.set()
        assert go_on.wait(60)
        return render(*clip)

    monkeypatch.setattr(pool_module, "render_packed", slowly)
    with ThreadPoolExecutor(2) as runs:
        first = runs.submit(load_or_render_pool, tmp_path, "train", 2, 0, 64)
        assert begun.wait(60)
        second = runs.submit(load_or_render_pool, tmp_path, "train", 2, 0, 64)
        while "waiting for another run, which renders the same 2 train clips" not in capsys.readouterr().err:
            assert not second.done()
        go_on.set()
        pools = first.result(60), second.result(60)
    for part in ("centre", "half", "labels"):
        one, other = (getattr(pool, part) for pool in pools)
        assert np.array_equal(one, other) and one.any()


def test_a_script_that_its_own_processes_would_run_again_is_told_so(tmp_path):
    """They waited for each other for ever: for the pool that the script's first process renders with them."""
    script = tmp_path / "script.py"
    script.write_text(
        "from tdn.motion.pool import load_or_render_pool\n"
        f"load_or_render_pool({str(tmp_path)!r}, 'train', {pool_module.WORTH_PROCESSES}, 0, 32)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode and "put what the script does under `if __name__ == '__main__':`" in ended.stderr


def test_training_and_validation_clips_differ(tmp_path):
    train_pool, val_pool = (load_or_render_pool(tmp_path, split, 2, 0, 64) for split in ("train", "val"))
    assert not np.array_equal(train_pool.centre, val_pool.centre)


def test_augmenting_both_parts_of_a_clip_keeps_them_the_same_picture(tmp_path):
    pool = load_or_render_pool(tmp_path, "train", 3, 0, 64)
    for seed in range(40):
        centre, half, _ = augment(pool.centre[0], pool.half[0], 0, np.random.default_rng(seed))
        small = centre.astype(float).reshape(8, 32, 2, 32, 2, 3).mean((2, 4))
        assert np.abs(small - half[:, 2]).max() < 1.5


def test_every_clip_of_the_pool_is_seen_before_one_comes_again():
    order = clip_order(10, first=0, count=20, seed=1)
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
    assert order[:10] != order[10:]


def test_epochs_continue_the_same_row_of_shuffles():
    assert clip_order(10, 0, 14, seed=2)[7:] == clip_order(10, 7, 7, seed=2)


def test_the_cosine_rate_warms_up_and_ends_near_zero():
    recipe = replace(DEMO_TDN, epochs=10)
    rates = [learning_rate(recipe, step, steps_per_epoch=10) for step in range(100)]
    assert rates[4] == recipe.learning_rate == max(rates)
    assert rates[0] == pytest.approx(recipe.learning_rate / 5) and rates[-1] < 1e-5


def test_the_released_rate_falls_to_a_tenth_after_30_45_and_55_epochs():
    recipe = RECIPES["ssv1-r50-8f"]
    rates = [learning_rate(recipe, step, steps_per_epoch=2) for step in range(2 * recipe.epochs)]
    falls = {step: rates[step] / rates[step - 1] for step in range(1, 120) if rates[step] != rates[step - 1]}
    assert rates[0] == 0.01 and falls == pytest.approx({60: 0.1, 90: 0.1, 110: 0.1})


def test_the_rate_falls_when_validation_saturates():
    plateau = Plateau()
    bests = [plateau.update(top1, patience=2) for top1 in (10, 20, 19, 20, 18, 21, 5)]
    assert bests == [True, True, False, False, False, True, False]
    assert plateau.drops == 1  # the third epoch without a better one
    assert learning_rate(RECIPES["ssv1-r50-8f-paper"], 0, 1, plateau.drops) == pytest.approx(0.002)


def test_the_rate_grows_with_the_batch():
    assert override(RECIPES["k400-r50-8f"], ["batch_size=64"]).rate == pytest.approx(0.01)
    assert override(SMOKE, ["batch_size=4"]).rate == SMOKE.learning_rate  # made for Adam: taken as it is


def test_every_published_row_has_its_recipe():
    rows = {f"{data}-r{depth}-{t}f" for data in ("ssv1", "ssv2", "k400") for depth in (50, 101) for t in (8, 16)}
    assert rows | {f"{row}-paper" for row in rows} | {"ucf101", "hmdb51", "finetune"} < set(RECIPES)
    assert all(RECIPES[row].model in FAMILY for row in rows)
    assert all(recipe.name == name and recipe.source for name, recipe in RECIPES.items())


def test_one_process_passes_eight_times_over_what_eight_share():
    recipe = RECIPES["ssv2-r101-16f"]
    assert micro_batches(recipe, processes=8) == (8, 1) and micro_batches(recipe, processes=1) == (8, 8)
    with pytest.raises(ValueError, match="batch_size 64 can't be shared by 3 processes"):
        micro_batches(recipe, processes=3)


def test_released_groups_have_one_rate_and_full_decay():
    (group,) = new_optimizer(RECIPES["ssv1-r50-8f"], TDN(tiny())).param_groups
    assert (group["lr"], group["weight_decay"], group["momentum"]) == (0.01, 5e-4, 0.9)


def test_the_trunk_half_groups_move_the_backbone_at_half_the_rate():
    model = TDN(tiny("tdn_mobilenetv2_8f"))
    optimizer = new_optimizer(RECIPES["demo-mobile-tdn"], model)
    set_rate(optimizer, 0.1)
    rates = {id(parameter): group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    by_name = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    slow = {name for name, rate in by_name.items() if rate == 0.05}
    assert slow == {name for name in by_name if name.startswith("res") and ".temporal." not in name}
    assert {by_name[name] for name in set(by_name) - slow} == {0.1}


def test_the_four_mobile_demos_differ_in_their_network_alone():
    recipes = [RECIPES[f"demo-mobile-{name}"] for name in ("tdn", "tconv", "s-tdm", "l-tdm")]
    assert len({replace(recipe, name="", model=None, start_from="x.safetensors") for recipe in recipes}) == 1
    assert {recipe.start_from for recipe in recipes} == {"imagenet"}


def test_tsm_groups_double_biases_spare_norms_and_hurry_the_head():
    model = TDN(tiny())
    optimizer = new_optimizer(replace(RECIPES["ssv1-r50-8f"], param_groups="tsm"), model)
    set_rate(optimizer, 0.1)
    found = {
        id(parameter): (round(group["lr"] / 0.1), group["weight_decay"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    assert len(found) == len(list(model.parameters()))
    wanted = {
        "res1.conv.weight": (1, 5e-4),
        "res1.conv.bias": (2, 0),
        "res1.bn.weight": (1, 0),
        "res1.bn.bias": (1, 0),
        "head.weight": (5, 5e-4),
        "head.bias": (10, 0),
    }
    assert {name: found[id(model.get_parameter(name))] for name in wanted} == wanted


def test_the_size_grows_with_the_run():
    recipe = replace(DEMO_TDN, epochs=10, sizes=((0.5, 80), (1.0, 112)))
    assert [size_at(recipe, epoch) for epoch in range(10)] == [80] * 5 + [112] * 5


def test_resizing_a_batch_keeps_its_axes():
    frames = torch.rand(2, 8, 5, 3, 16, 16)
    assert resized(frames, 8).shape == (2, 8, 5, 3, 8, 8)
    assert torch.allclose(resized(frames, 8).mean(), frames.mean(), atol=1e-2)


@pytest.mark.parametrize(
    "setting",
    [
        "wings=2",
        "epochs",
        "epochs=many",
        "epochs=0",
        "sizes=80",
        "sync_bn=maybe",
        "schedule=soon",
        "drops=a",
        "dropout=1",
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(setting):
    with pytest.raises(ValueError, match="--set"):
        override(SMOKE, [setting])


def test_settings_override_fields():
    changed = override(SMOKE, ["epochs=2", "learning_rate=0.5", "sizes=0.5:64,1:80", "sync_bn=true", "drops=3,4"])
    assert (changed.epochs, changed.learning_rate, changed.sizes) == (2, 0.5, ((0.5, 64), (1.0, 80)))
    assert changed.sync_bn is True and changed.drops == (3, 4)
    assert override(changed, ["ema_decay=none"]).ema_decay is None
