"""The loop: killed at any moment, on several processes, with micro-batches, and on a person's own videos."""

import csv
import json
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tdn.cli import main
from tdn.data.datasets import DataSet, Item
from tdn.data.transforms import normalise, normalise_tensor
from tdn.data.video import write_mp4
from tdn.train.checkpoint import NEXT, STATE, STATE_BEFORE, has_state, read_state
from tdn.train.engine import TrainingStopped
from tdn.train.estimate import estimate
from tdn.train.parts import held_out
from tdn.train.recipe import Recipe
from tdn.train.recipes import RECIPES, SMOKE
from tdn.train.run import LAST, expect_same_run, train
from tdn.train.validation import Validation
from tdn.weights import CheckpointError, load_model

pytestmark = pytest.mark.usefixtures("undrawn")
ROOT = Path(__file__).resolve().parents[1]
# Four steps an epoch, dropout on, a checkpoint after each step.
CHANGES = {"epochs": 2, "clips_per_epoch": 16, "pool_clips": 16, "batch_size": 4, "save_steps": 1}
STEPWISE = replace(SMOKE, **CHANGES)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """A run from start to end; other runs beside it share its rendered clips."""
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(STEPWISE, out)
    return out


def rows(out: Path) -> list[dict]:
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


def assert_same_run(one: Path, other: Path) -> None:
    """The same weights to the bit, and the same log but for the time it took."""
    states = [load_model(out / "last.safetensors").state_dict() for out in (one, other)]
    assert all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values(), strict=True))
    logs = [[{**row, "seconds": "", "data_wait": ""} for row in rows(out)] for out in (one, other)]
    assert logs[0] == logs[1]


def break_off(recipe: Recipe, out: Path, step: int, data: str = "synthetic") -> None:
    """Train until the power fails in the midst of a step, counted from 1 over the whole run."""
    original, done = torch.optim.AdamW.step, 0

    def fail_at_last(*arguments, **options):
        nonlocal done
        done += 1
        if done == step:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", fail_at_last)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, out, data=data)


def test_a_run_goes_on_from_the_middle_of_an_epoch(undisturbed):
    out = undisturbed.parent / "middle"
    break_off(STEPWISE, out, step=7)
    state = read_state(out)
    assert (state["epoch"], state["step"]) == (1, 2)
    train(replace(STEPWISE, save_steps=None, workers=1), out, resume=True)  # these may change
    assert_same_run(undisturbed, out)


def test_a_truncated_checkpoint_falls_back_to_the_one_before(undisturbed, capsys):
    out = undisturbed.parent / "truncated"
    break_off(STEPWISE, out, step=7)
    newest = (out / STATE).read_bytes()
    (out / STATE).write_bytes(newest[: len(newest) // 2])
    assert read_state(out)["step"] == 1
    assert "not whole" in capsys.readouterr().err
    train(STEPWISE, out, resume=True)
    assert_same_run(undisturbed, out)


def test_no_whole_checkpoint_is_said_and_nothing_is_overwritten(tmp_path):
    for name in (STATE, STATE_BEFORE):
        (tmp_path / name).write_bytes(b"half")
    with pytest.raises(CheckpointError, match="remove it to start again"):
        train(STEPWISE, tmp_path, resume=True)
    assert (tmp_path / STATE).read_bytes() == b"half"


# One interpreter that imports what training needs once and forks the command line from there: `start(arguments)`.
FORKS = """
import os, random, signal, sys, time
from pathlib import Path
import torch._dynamo, torch.optim
from tdn.cli import main
from tdn.train import run

def start(arguments, **variables):
    child = os.fork()
    if child:
        return child
    os.environ.update({name: str(value) for name, value in variables.items()})
    torch.set_num_threads(int(sys.argv[1]))
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as ended:
        os._exit(ended.code)
"""

# Kill the run at random moments until, after three times, it is left alone.
KILLER = """
draw, kills, state = random.Random(0), 0, Path(sys.argv[2])
while True:
    before = state.stat().st_mtime_ns if state.exists() else 0
    child = start(sys.argv[3:])
    if kills < 3:  # somewhere after the next checkpoint: in a step, a save, the validation
        while not state.exists() or state.stat().st_mtime_ns == before:
            time.sleep(0.002)
            if os.waitpid(child, os.WNOHANG)[0]:
                sys.exit("the run ended before its next checkpoint")
        time.sleep(draw.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        sys.exit(os.WEXITSTATUS(status))
    kills += 1
"""

# Two processes with the variables that torchrun and accelerate launch set.
PAIR = """
cluster = {"WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[2]}
children = [start(sys.argv[3:], RANK=rank, LOCAL_RANK=rank, **cluster) for rank in (0, 1)]
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def run_script(script: str, *arguments: object) -> str:
    """Run one of the scripts above to its good end and return what it said."""
    command = [sys.executable, "-c", FORKS + script, str(torch.get_num_threads()), *map(str, arguments)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stderr


def smoke_arguments(out: Path, changes: dict) -> list[str]:
    settings = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    return ["train", "smoke", "--out", str(out), "--resume", "auto", "--device", "cpu", *settings]


def test_kill_9_at_random_moments_changes_nothing(undisturbed):
    out = undisturbed.parent / "killed"
    said = run_script(KILLER, out / STATE, *smoke_arguments(out, CHANGES))
    assert said.count("going on after") >= 1
    assert_same_run(undisturbed, out)


def test_two_processes_train_as_one_that_accumulates(undisturbed):
    changes = {"epochs": 2, "clips_per_epoch": 16, "pool_clips": 16, "batch_size": 8, "micro_batch": 4, "dropout": 0.0}
    one, two = undisturbed.parent / "one", undisturbed.parent / "two"
    train(replace(SMOKE, **changes), one)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = run_script(PAIR, port, *smoke_arguments(two, changes))
    assert "2 x 1 x 4 clips" in said
    for alone, together in zip(rows(one), rows(two), strict=True):
        assert float(together["train_loss"]) == pytest.approx(float(alone["train_loss"]), abs=1e-5)
    # 19 clips can't be split in two: none is left out, and none counted twice to fill up.
    assert load_model(two / "last.safetensors").card.accuracy["clips"] == 19


def test_without_averaging_the_trained_weights_are_saved(undisturbed):
    out = undisturbed.parent / "plain"
    train(replace(STEPWISE, epochs=1, ema_decay=None), out)
    saved, state = load_model(out / "last.safetensors").state_dict(), read_state(out)
    assert state["average"] is None
    assert all(torch.equal(saved[name], tensor) for name, tensor in state["model"].items())


def test_the_confusion_matrix_counts_every_validation_clip_once(undisturbed):
    with (undisturbed / "confusion.csv").open() as file:
        (_, *said), *lines = csv.reader(file)
    counts = [[int(count) for count in line[1:]] for line in lines]
    assert said == [line[0] for line in lines] and [sum(row) for row in counts] == [1] * 19
    assert (undisturbed / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_the_best_epoch_is_kept(undisturbed):
    best = max(float(row["val_top1"]) for row in rows(undisturbed))
    assert load_model(undisturbed / "best.safetensors").card.accuracy["top1"] == pytest.approx(best, abs=0.01)


def test_a_dry_run_estimates_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = estimate(SMOKE)
    assert found["steps_per_epoch"] == 3 and found["training_clips"] == 24
    assert found["estimated_hours"] > 0 and found["peak_gigabytes"] > 0
    assert not list(tmp_path.iterdir())


def test_sync_bn_is_for_gpus(undisturbed):
    with pytest.raises(ValueError, match="GPUs only"):
        train(replace(STEPWISE, sync_bn=True), undisturbed.parent / "sync")


@pytest.fixture(scope="module")
def own_clips(tmp_path_factory) -> Path:
    """A person's folder: two classes of six small videos."""
    folder = tmp_path_factory.mktemp("own")
    for label, number in ((label, number) for label in ("Opening the lid", "Closing the lid") for number in range(6)):
        (folder / label).mkdir(exist_ok=True)
        noise = np.random.default_rng([len(label), number]).integers(0, 255, (12, 64, 72, 3), np.uint8)
        write_mp4(folder / label / f"{number}.mp4", noise)
    return folder


# Ten clips, two steps of four an epoch.
OWN = replace(RECIPES["finetune"], epochs=2, batch_size=4, workers=0, save_steps=1)


@pytest.fixture(scope="module")
def finetuned(undisturbed, own_clips) -> Path:
    out = undisturbed.parent / "finetuned"
    train(replace(OWN, start_from=str(undisturbed / "last.safetensors")), out, data=str(own_clips))
    return out


def test_fine_tuning_keeps_the_view_and_gives_the_folders_names_to_a_new_head(undisturbed, finetuned):
    started, ours = (load_model(out / "last.safetensors") for out in (undisturbed, finetuned))
    assert ours.labels == ["Closing the lid", "Opening the lid"] and ours.head.out_features == 2
    assert ours.preprocess == started.preprocess
    kept, new = started.state_dict(), ours.state_dict()
    changed = [(new[name] - kept[name]).abs().max().item() for name in new if name.endswith("conv1.weight")]
    assert max(changed) < 0.02  # six small steps away from where it started


def test_where_there_is_no_validation_part_one_is_held_out_and_listed(finetuned, own_clips):
    with (finetuned / "val.csv").open() as file:
        listed = list(csv.DictReader(file))
    files = [(finetuned / row["file"]).resolve() for row in listed]
    assert sorted(row["label"] for row in listed) == ["Closing the lid", "Opening the lid"]
    assert all(file.parent.name == row["label"] and file.is_file() for file, row in zip(files, listed, strict=True))
    card = load_model(finetuned / "last.safetensors").card
    assert card.accuracy["clips"] == 2 and "own" in card.protocol and "16 draws of them" in card.trained_on


def test_a_run_on_videos_goes_on_from_the_middle_of_an_epoch(undisturbed, finetuned, own_clips):
    out = undisturbed.parent / "videos"
    recipe = replace(OWN, start_from=str(undisturbed / "last.safetensors"))
    break_off(recipe, out, step=4, data=str(own_clips))
    assert read_state(out)["step"] == 1
    train(recipe, out, resume=True, data=str(own_clips))
    assert_same_run(finetuned, out)


def test_a_run_does_not_go_on_after_a_clip_was_renamed(undisturbed, finetuned, own_clips, tmp_path):
    shutil.copytree(finetuned, tmp_path / "run")
    shutil.copytree(own_clips, tmp_path / "own")
    clip = tmp_path / "own" / "Opening the lid" / "3.mp4"
    clip.rename(clip.with_name("three.mp4"))
    recipe = replace(OWN, start_from=str(undisturbed / "last.safetensors"))
    with pytest.raises(ValueError, match=r"1 gone \(Opening the lid/3\.mp4\); 1 new \(Opening the lid/three\.mp4\)"):
        train(recipe, tmp_path / "run", resume=True, data=str(tmp_path / "own"))


def at_step(number: int, happens: Callable[[], object], run: Callable[[], object]) -> None:
    """Call `run`, and `happens` just before the optimiser's step of that number."""
    original, done = torch.optim.AdamW.step, 0

    def step(*arguments, **options):
        nonlocal done
        done += 1
        if done == number:
            happens()
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        run()


def test_a_few_videos_that_vanish_within_an_epoch_are_named_and_replaced(undisturbed, own_clips, tmp_path, caplog):
    data, out = Path(shutil.copytree(own_clips, tmp_path / "clips")), undisturbed.parent / "few vanish"
    recipe = replace(OWN, start_from=str(undisturbed / "last.safetensors"))
    gone = [data / "Opening the lid" / "2.mp4", data / "Closing the lid" / "3.mp4"]
    at_step(1, lambda: [path.unlink() for path in gone], lambda: train(recipe, out, data=str(data)))
    assert len(rows(out)) == 2
    assert "left out: 2.mp4: no such file" in caplog.text


def test_a_data_set_that_vanishes_stops_the_run_with_the_reason_and_nothing_is_lost(
    undisturbed, finetuned, own_clips, tmp_path
):
    data, out = Path(shutil.copytree(own_clips, tmp_path / "own")), undisturbed.parent / "all vanish"
    # The same name and so the same run, whatever the folder above it.
    recipe = replace(OWN, start_from=str(undisturbed / "last.safetensors"))
    away = data.with_name("away")
    with pytest.raises(ValueError, match="videos cannot be read, more than the 3 allowed"):
        at_step(3, lambda: data.rename(away), lambda: train(recipe, out, data=str(data)))
    assert (read_state(out)["epoch"], read_state(out)["step"]) == (1, 1) and len(rows(out)) == 1
    away.rename(data)
    train(recipe, out, resume=True, data=str(data))
    assert_same_run(finetuned, out)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes, which ends as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_sentence_and_the_state_before_is_whole(undisturbed, monkeypatch, capfd):
    out = undisturbed.parent / "full"
    break_off(STEPWISE, out, step=7)
    before = {path.name: path.read_bytes() for path in (out / STATE, out / LAST)}
    monkeypatch.setattr(sys, "argv", ["tdn", *smoke_arguments(out, CHANGES)])
    with files_up_to(100_000), pytest.raises(SystemExit) as ended:
        main()
    last_words = capfd.readouterr().err.strip().splitlines()[-1]
    assert ended.value.code == 2 and last_words.startswith(f"error: {out}: file too large; what was saved before is")
    assert {name: (out / name).read_bytes() for name in before} == before
    assert not list(out.glob("*.partial")) and not (out / NEXT).exists()
    train(STEPWISE, out, resume=True)
    assert_same_run(undisturbed, out)


def test_a_disk_too_small_for_the_rendered_clips_is_said_before_anything_is_trained(tmp_path):
    with files_up_to(100_000), pytest.raises(TrainingStopped, match="file too large"):
        train(STEPWISE, tmp_path / "run")
    assert not has_state(tmp_path / "run")


def test_other_clips_are_not_resumed_with(finetuned):
    state = read_state(finetuned)
    others = json.dumps({**json.loads(state["settings"]), "data": "other", "labels": []})
    with pytest.raises(ValueError, match="another data, labels"):
        expect_same_run(finetuned, state, others)


def test_a_finished_run_goes_on_for_more_epochs_and_an_unfinished_one_names_the_way(tmp_path, capsys):
    short = replace(STEPWISE, epochs=1)
    train(short, tmp_path / "run")
    train(replace(short, epochs=2), tmp_path / "run", resume=True)
    assert "its 1 epochs were finished; it goes on to 2" in capsys.readouterr().err
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3
    state = read_state(tmp_path / "run")
    wanted = json.dumps({**json.loads(state["settings"]), "epochs": 4})
    with pytest.raises(ValueError, match="a run of 2 epochs, 1 of them done; finish it with --set epochs=2"):
        expect_same_run(tmp_path / "run", {**state, "epoch": 1}, wanted)
    with pytest.raises(ValueError, match="a run of 2 epochs, 2 of them done"):
        expect_same_run(tmp_path / "run", state, json.dumps({**json.loads(state["settings"]), "epochs": 1}))


def test_a_folder_of_a_run_that_can_not_be_written_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="a file of this name is there already"):
        train(STEPWISE, tmp_path / "file", data="no-such-data")


def test_every_fifth_clip_of_each_class_is_held_out():
    items = tuple(Item(str(number), Path(str(number)), number % 2) for number in range(20))
    train_part, val_part = held_out(DataSet("own", ("a", "b"), items, None, ""), share=0.2)
    assert [item.id for item in val_part.items] == ["2", "3", "12", "13"]
    assert len(train_part.items) == 16


def test_uint8_clips_are_normalised_as_frames_are():
    frames = np.random.default_rng(0).integers(0, 255, (2, 5, 8, 8, 3), np.uint8)
    assert torch.equal(normalise_tensor(torch.from_numpy(frames).movedim(-1, -3)), normalise(frames))


def test_tensorboard_has_every_epoch_of_the_log(undisturbed):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(undisturbed / "tensorboard"))
    events.Reload()
    logged = [row["val_top1"] for row in rows(undisturbed)]
    assert [event.value for event in events.Scalars("val_top1")] == pytest.approx([float(value) for value in logged])


def test_sure_is_where_all_but_two_in_a_hundred_are_right():
    certainty = torch.zeros(2, 100, dtype=torch.int64)
    certainty[1, 90], certainty[1, 50], certainty[0, 50], certainty[0, 20] = 98, 49, 3, 10
    found = Validation(torch.eye(2), certainty, 0.0, 100.0, 0)
    # From 0.51 on 98 of 98 are right; with the 0.50s it is 147 of 150, which is 98 percent; with the 0.20s less.
    assert found.sure_above == 0.21
    certainty[0, 95] = 50
    assert found.sure_above == 1.0  # none is sure


def test_the_card_says_from_where_on_it_is_sure(undisturbed):
    assert "sure_above" in load_model(undisturbed / "last.safetensors").card.accuracy


def test_the_log_says_how_much_of_an_epoch_was_spent_waiting_for_clips(undisturbed):
    assert all(0 < float(row["data_wait"]) < 1 for row in rows(undisturbed))
