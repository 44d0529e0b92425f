"""The four demo networks on MobileNetV2, on a GPU that is lent for half an hour in commands of under 10 minutes.

Such a machine has no network, so all it needs travels with the repository; of requirements.txt it needs torch,
accelerate, OpenCV (headless will do), NumPy, Pillow, safetensors and matplotlib. Each command renders the pool of clips
on all cores, where it is not on the disk yet, and trains one network after another to its number of draws, or until the
minutes are over. The pool lies on the GPU as bytes and is augmented there; training is in bf16.

Before the day, where there is a network, put into a folder that travels (`lent/` here; add it to .git/info/exclude):

    python -m tdn imagenet mobilenetv2 --out lent/mobilenet_v2-b0353104.pth

On the day, with OUT the folder that comes back:

    export PYTHONUNBUFFERED=1 OUT=...
    TRAIN="python3 -m studies.gpu_train --minutes 8.5 --start lent/mobilenet_v2-b0353104.pth --out $OUT"
    $TRAIN --total-minutes 24
    $TRAIN --draws N --networks A B C --resume lent/A.resume.safetensors
    $TRAIN --draws N --networks B C --resume lent/B.resume.safetensors

The first measures how fast each network trains, and chooses as many draws, the same for all four, as fit into the total
minutes. Each ends by printing the command that comes next. Before that one, keep what came back and copy the resume
file into `lent/`. A machine that stayed on still has pool and states in --work and needs no --resume. A rehearsal is
`--minutes 2 --draws 64000`.

What comes back, each under 16 MiB and at most six files: NAME.safetensors, the averaged weights of a network with their
card; NAME.resume.safetensors, what going on needs, of the one that is not done; log.csv, a row an epoch; report.json,
accuracy by group and clips a second.
"""

import argparse
import csv
import io
import json
import os
import shlex
import shutil
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from accelerate import Accelerator

from benchmarks.cards import by_group
from studies.device_clips import DeviceClips
from studies.run_state import load_state, save_state
from tdn.data.synthetic import VERSION
from tdn.device import choose_device, device_name
from tdn.train.engine import Trainer, Validation, fit, remaining_batches, train_step
from tdn.train.recipes import RECIPES, Recipe, override
from tdn.train.run import card_of, new_accelerator, new_network, plan
from tdn.weights import read_card, save_checkpoint
from tdn.weights.store import write_whole

NETWORKS = ("tdn", "tconv", "l-tdm", "s-tdm")
EPOCHS = 40
# AdamW's rate for 8 clips a step does not hold for 64: it grows with the root of the batch, here rounded down. Somebody
# looks at the clock every 20 steps.
GPU = {"batch_size": 64, "learning_rate": 2e-3, "ema_decay": 0.995, "save_minutes": 1e6, "save_steps": 20}
# Kept free at the end of a command for the last validation and the files.
RESERVE_SECONDS = 15.0
WARM_STEPS, TIMED_STEPS = 4, 12
MOST_BYTES = 16 * 2**20


class TimeIsUp(Exception):
    """The minutes of this command are over."""


@dataclass
class Lease:
    """One command on the machine: where its files lie, when it has to end, and what it has to report."""

    work: Path
    out: Path
    ends_at: float
    report: dict = field(default_factory=lambda: {"networks": {}})
    rows: dict[str, list[dict]] = field(default_factory=dict)

    def look_at_the_clock(self, trainer: Trainer) -> None:
        if time.monotonic() > self.ends_at:
            raise TimeIsUp

    def give(self, path: Path) -> None:
        """Copy a file into the folder that comes back."""
        if path.stat().st_size > MOST_BYTES:
            print(f"{path.name} has {path.stat().st_size / 2**20:.1f} MiB, too much to come back", file=sys.stderr)
        shutil.copyfile(path, self.out / path.name)

    def write_report(self) -> None:
        write_whole(self.out / "report.json", (json.dumps(self.report, indent=1) + "\n").encode())
        rows = [row for rows in self.rows.values() for row in rows]
        if rows:
            table = io.StringIO(newline="")
            writer = csv.DictWriter(table, rows[0])
            writer.writeheader()
            writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
            write_whole(self.out / "log.csv", table.getvalue().encode())


def gpu_recipe(name: str, start: str, pool_clips: int, val_clips: int, settings: list[str]) -> Recipe:
    """The demo recipe of a network, for large batches; `settings` as of `tdn train --set`."""
    recipe = replace(RECIPES[f"demo-mobile-{name}"], epochs=EPOCHS, start_from=start, workers=0, **GPU)
    return override(replace(recipe, pool_clips=pool_clips, val_clips=val_clips), settings)


def with_draws(recipe: Recipe, draws: int) -> Recipe:
    """The recipe whose epochs together draw so many clips, in whole batches."""
    steps = max(1, draws // (recipe.epochs * recipe.batch_size))
    return replace(recipe, clips_per_epoch=steps * recipe.batch_size)


def open_pools(recipe: Recipe, lease: Lease, device: torch.device) -> DeviceClips:
    """Render what is not on the disk yet, and put all of it on the device."""
    architecture, folder = plan(recipe)[0], lease.work / "pools"
    before = set(folder.glob("*/labels.npy"))
    began = time.monotonic()
    clips = DeviceClips(recipe, architecture.num_segments, architecture.window, folder, device)
    seconds = time.monotonic() - began
    count, is_new = clips.num_train + clips.num_val, set(folder.glob("*/labels.npy")) != before
    lease.report["pool"] = {
        "generator_version": VERSION,
        "clips": count,
        "rendered": is_new,
        "seconds": round(seconds, 1),
        "clips_per_second": round(count / seconds, 1),
    }
    print(f"{'rendered' if is_new else 'read'} {count} clips, {count / seconds:.1f} clips/s", file=sys.stderr)
    return clips


def new_trainer(recipe: Recipe, clips: DeviceClips, accelerator: Accelerator, is_fresh: bool) -> Trainer:
    """`is_fresh` off leaves the start out: its weights are replaced at once, or of no matter."""
    clips.clips_per_epoch = recipe.clips_per_epoch
    architecture = replace(plan(recipe)[0], num_classes=len(clips.labels))
    starts = recipe if is_fresh else replace(recipe, start_from=None)
    return Trainer.start(recipe, new_network(starts, architecture, accelerator), clips, accelerator)


def seconds_a_clip(recipe: Recipe, clips: DeviceClips, accelerator: Accelerator) -> float:
    """What drawing a clip costs in the mean over the run, measured at each of its input sizes."""
    recipe = replace(recipe, clips_per_epoch=(WARM_STEPS + TIMED_STEPS) * recipe.batch_size)
    cost, done = 0.0, 0.0
    for share, size in recipe.sizes:
        trainer = new_trainer(recipe, clips, accelerator, is_fresh=False)
        trainer.model.train()
        batches = remaining_batches(trainer, size)
        for step in range(WARM_STEPS + TIMED_STEPS):
            if step == WARM_STEPS:
                began = time.monotonic()
            train_step(trainer, batches)
        cost += (share - done) * (time.monotonic() - began) / (TIMED_STEPS * recipe.batch_size)
        done = share
    return cost


def draws_that_fit(seconds: float, costs: list[float], recipe: Recipe) -> int:
    """Draws of each network if all are done after `seconds`. A clip of validation costs a third of a draw."""
    validation = recipe.epochs * recipe.val_clips / 3
    return max(recipe.epochs * recipe.batch_size, int(seconds / sum(costs) - validation))


def is_done(weights: Path, state: Path, recipe: Recipe) -> bool:
    """Whether an earlier command on this machine trained a network to its end: it left weights and no state."""
    if not weights.exists() or state.exists():
        return False
    return read_card(weights).extra.get("recipe") == json.loads(json.dumps(asdict(recipe)))


def train_network(name: str, recipe: Recipe, clips: DeviceClips, accelerator: Accelerator, lease: Lease) -> bool:
    """Train a network from where it is to its end, or until the time is up; whether it is done.

    Its files in both folders are whole at every moment.
    """
    weights, state = lease.work / f"{name}.safetensors", lease.work / f"{name}.resume.safetensors"
    if is_done(weights, state, recipe):
        print(f"{name}: done before", file=sys.stderr)
        return True
    trainer = new_trainer(recipe, clips, accelerator, is_fresh=not state.exists())
    rows = lease.rows[name] = load_state(state, trainer) if state.exists() else []
    print(f"{name}: begins at epoch {trainer.epoch}, step {trainer.step}", file=sys.stderr)

    def after_epoch(trainer: Trainer, row: dict, validation: Validation, is_best: bool) -> None:
        rows.append({"network": name, **row})
        card = card_of(trainer, validation, command_line(sys.argv[1:]), sum(row["seconds"] for row in rows))
        save_checkpoint(weights, trainer.average, card)
        save_state(state, trainer, rows)
        lease.give(weights)
        lease.give(state)
        groups = {group: round(share, 1) for group, share in by_group(card.accuracy["per_class"]).items()}
        speed = round(row["clips"] / row["seconds"], 1)
        draws = {"draws": trainer.epoch * row["clips"], "of": recipe.epochs * row["clips"]}
        lease.report["networks"][name] = {**draws, "clips_per_second": speed, "val_top1": groups}
        lease.write_report()
        print(f"{name} epoch {trainer.epoch}: loss {row['train_loss']:.3f}, {groups}, {speed} clips/s", file=sys.stderr)
        lease.look_at_the_clock(trainer)

    try:
        fit(trainer, lease.look_at_the_clock, after_epoch)
    except TimeIsUp:
        save_state(state, trainer, rows)
        lease.give(state)
    if trainer.epoch < recipe.epochs:
        return False
    for folder in (lease.work, lease.out):
        (folder / state.name).unlink()
    return True


def command_line(arguments: list[str]) -> str:
    return shlex.join(["python", "-m", "studies.gpu_train", *arguments])


def next_command(options: argparse.Namespace, draws: int, left: list[str]) -> str:
    """What trains the networks that are `left`, the first of them perhaps begun."""
    arguments = ["--minutes", options.minutes, "--draws", draws, "--start", options.start, "--networks", *left]
    arguments += ["--pool-clips", options.pool_clips, "--val-clips", options.val_clips, "--work", options.work]
    arguments += ["--resume", f"lent/{left[0]}.resume.safetensors", "--out", options.out]
    arguments += [part for setting in options.settings for part in ("--set", setting)]
    arguments += ["--assets", options.assets] if options.assets else []
    return command_line([str(argument) for argument in arguments])


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="in this order")
    parser.add_argument("--minutes", type=float, default=8.5, help="of this command, rendering included")
    parser.add_argument("--draws", type=int, help="clips drawn for each network; measured and chosen if left out")
    parser.add_argument("--total-minutes", type=float, default=24.0, help="of all commands, where draws are chosen")
    parser.add_argument("--start", default="imagenet", help="torchvision's ImageNet file of MobileNetV2")
    parser.add_argument("--pool-clips", type=int, default=20_000, help="clips rendered for training (0.7 MB each)")
    parser.add_argument("--val-clips", type=int, default=1_900, help="clips rendered for validation")
    parser.add_argument("--generator-version", type=int, default=VERSION, help="of the procedural clips")
    parser.add_argument("--assets", type=Path, help="folder of prepared photos, as the variable TDN_ASSETS")
    parser.add_argument("--resume", type=Path, nargs="*", default=[], help="NAME.resume.safetensors to go on from")
    parser.add_argument("--work", type=Path, default=Path("runs/gpu"), help="folder that stays while the machine does")
    parser.add_argument("--out", type=Path, required=True, help="folder that comes back")
    parser.add_argument("--device", help="cpu, cuda or cuda:0")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="recipe field=value")
    options = parser.parse_args(arguments)
    if options.generator_version != VERSION:
        parser.error(f"--generator-version {options.generator_version}: this checkout renders version {VERSION}")
    if missing := [path for path in options.resume if not path.is_file()]:
        parser.error(f"--resume {missing[0]}: no such file")
    return options


def main(arguments: list[str] | None = None) -> None:
    began = time.monotonic()
    options = parsed(arguments)
    lease = Lease(options.work, options.out, began + 60 * options.minutes - RESERVE_SECONDS)
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    for path in options.resume:
        shutil.copyfile(path, options.work / path.name)
    if options.assets:
        os.environ["TDN_ASSETS"] = str(options.assets)
    device = choose_device(options.device)
    torch.backends.cudnn.benchmark = True
    shape = (options.start, options.pool_clips, options.val_clips, options.settings)
    recipes = {name: gpu_recipe(name, *shape) for name in NETWORKS}
    accelerator = new_accelerator(recipes["tdn"], device)
    lease.report["device"] = device_name(accelerator.device)
    clips = open_pools(recipes["tdn"], lease, accelerator.device)
    draws = options.draws
    if draws is None:
        costs = {name: seconds_a_clip(recipes[name], clips, accelerator) for name in options.networks}
        lease.report["training_clips_per_second"] = {name: round(1 / cost, 1) for name, cost in costs.items()}
        seconds = 60 * options.total_minutes - (time.monotonic() - began)
        draws = draws_that_fit(seconds, list(costs.values()), recipes["tdn"])
        print(f"clips/s {lease.report['training_clips_per_second']}; {draws} draws for each network", file=sys.stderr)
    lease.report["draws"] = draws
    lease.write_report()
    left = list(options.networks)
    while left and train_network(left[0], with_draws(recipes[left[0]], draws), clips, accelerator, lease):
        left.pop(0)
    lease.report["left"] = left
    lease.write_report()
    print(json.dumps(lease.report, indent=1))
    if left:
        print(f"next: {next_command(options, draws, left)}", file=sys.stderr)


if __name__ == "__main__":
    main()
