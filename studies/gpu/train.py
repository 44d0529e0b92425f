"""The four demo networks on MobileNetV2, on a GPU that is lent for half an hour in commands of under 10 minutes.

Such a machine has no network, so all it needs travels with the repository; of requirements.txt it needs torch,
accelerate, OpenCV (headless will do), NumPy, Pillow, safetensors and matplotlib. Each command renders the pool of clips
on all cores, where it is not on the disk yet, and trains one network after another to its number of draws, or until the
minutes are over. The pool lies on the GPU as bytes and is augmented there; training is in bf16.

Before the day, where there is a network, fill a folder that travels (`lent/` here; add it to .git/info/exclude):

    python -m tdn assets fetch
    python -m studies.gpu.carry --out lent

On the day, with OUT the folder that comes back:

    export PYTHONUNBUFFERED=1 OUT=...
    TRAIN="python3 -m studies.gpu.train --minutes 8.5 --start lent/mobilenet_v2.pth --photos lent/photos --out $OUT"
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
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator

from studies.gpu.carry import unpack_photos
from studies.gpu.device_clips import DeviceClips
from studies.gpu.run_state import load_state, save_state
from studies.gpu.speed import LAYOUTS, draws_that_fit, gpu_recipe, layout_name, new_trainer, seconds_a_clip, with_draws
from studies.motion.cards import by_group
from tdn.device import choose_device, device_name
from tdn.train.card import card_of, recipe_in_card
from tdn.train.engine import Trainer, fit
from tdn.train.recipe import Recipe
from tdn.train.start import new_accelerator, plan
from tdn.train.validation import Validation
from tdn.weights import read_card, save_checkpoint
from tdn.weights.store import write_whole

NETWORKS = ("tdn", "tconv", "l-tdm", "s-tdm")
# Kept free at the end of a command for the last validation and the files.
RESERVE_SECONDS = 15.0
MOST_BYTES = 16 * 2**20


class TimeIsUp(Exception):
    """The minutes of this command are over."""


@dataclass
class Lease:
    """One command on the machine: where its files lie, when it has to end, and what it has to report."""

    work: Path
    out: Path
    ends_at: float
    settings: list[str]  # of the command line: all that decides what comes out, no places
    layout: torch.memory_format = torch.channels_last
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

    def made_by(self, name: str) -> str:
        """The command that trains one of the networks as it is trained here."""
        return command_line(["--networks", name, "--draws", self.report["draws"], *self.settings])

    def write_report(self) -> None:
        write_whole(self.out / "report.json", (json.dumps(self.report, indent=1) + "\n").encode())
        rows = [row for rows in self.rows.values() for row in rows]
        if rows:
            table = io.StringIO(newline="")
            writer = csv.DictWriter(table, rows[0])
            writer.writeheader()
            writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
            write_whole(self.out / "log.csv", table.getvalue().encode())


def open_pools(recipe: Recipe, lease: Lease, device: torch.device) -> DeviceClips:
    """Render what is not on the disk yet, and put all of it on the device."""
    architecture, folder = plan(recipe)[0], lease.work / "pools"
    before = set(folder.glob("*/labels.npy"))
    began = time.monotonic()
    clips = DeviceClips(recipe, architecture.num_segments, architecture.window, folder, device)
    seconds = time.monotonic() - began
    count, is_new = clips.num_train + clips.num_val, set(folder.glob("*/labels.npy")) != before
    lease.report["pool"] = {
        "of": clips.name,
        "clips": count,
        "rendered": is_new,
        "seconds": round(seconds, 1),
        "clips_per_second": round(count / seconds, 1),
    }
    print(f"{'rendered' if is_new else 'read'} {count} clips, {count / seconds:.1f} clips/s", file=sys.stderr)
    return clips


def measured_draws(
    options: argparse.Namespace,
    recipes: dict[str, Recipe],
    clips: DeviceClips,
    accelerator: Accelerator,
    lease: Lease,
    began: float,
) -> int:
    """How many draws of each network fit, all in the layout that is faster for the first of them."""
    first = recipes[options.networks[0]]
    cost = partial(seconds_a_clip, clips=clips, accelerator=accelerator, timed_steps=options.timed_steps)
    by_layout = {name: cost(first, layout=layout) for name, layout in LAYOUTS.items()}
    lease.layout = LAYOUTS[min(by_layout, key=by_layout.get)]
    costs = {name: cost(recipes[name], layout=lease.layout) for name in options.networks}
    lease.report["training_clips_per_second"] = {name: round(1 / cost, 1) for name, cost in costs.items()}
    lease.report["clips_per_second_by_layout"] = {name: round(1 / cost, 1) for name, cost in by_layout.items()}
    draws = draws_that_fit(60 * options.total_minutes - (time.monotonic() - began), list(costs.values()), first)
    print(
        f"training clips/s: {lease.report['training_clips_per_second']}, by layout "
        f"{lease.report['clips_per_second_by_layout']}; {draws} draws for each network",
        file=sys.stderr,
    )
    return draws


def is_done(weights: Path, state: Path, recipe: Recipe) -> bool:
    """Whether an earlier command on this machine trained a network to its end: it left weights and no state."""
    if not weights.exists() or state.exists():
        return False
    return read_card(weights).extra.get("recipe") == json.loads(json.dumps(recipe_in_card(recipe)))


def train_network(name: str, recipe: Recipe, clips: DeviceClips, accelerator: Accelerator, lease: Lease) -> bool:
    """Train a network from where it is to its end, or until the time is up; whether it is done.

    Its files in both folders are whole at every moment.
    """
    weights, state = lease.work / f"{name}.safetensors", lease.work / f"{name}.resume.safetensors"
    if is_done(weights, state, recipe):
        print(f"{name}: done before", file=sys.stderr)
        return True
    trainer = new_trainer(recipe, clips, accelerator, lease.layout, is_fresh=not state.exists())
    rows = lease.rows[name] = load_state(state, trainer) if state.exists() else []
    print(f"{name}: begins at epoch {trainer.epoch}, step {trainer.step}", file=sys.stderr)

    def after_epoch(trainer: Trainer, row: dict, validation: Validation, is_best: bool) -> None:
        rows.append({"network": name, **row})
        card = card_of(trainer, validation, lease.made_by(name), sum(row["seconds"] for row in rows))
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


def command_line(arguments: list[object]) -> str:
    return shlex.join(["python", "-m", "studies.gpu.train", *map(str, arguments)])


def deciding(options: argparse.Namespace) -> list[str]:
    """The arguments that decide what comes out, beside networks and draws."""
    clips = ["--pool-clips", options.pool_clips, "--val-clips", options.val_clips]
    version = ["--clips-version", options.clips_version]
    return [str(part) for part in (*clips, *version, *(part for s in options.settings for part in ("--set", s)))]


def next_command(options: argparse.Namespace, lease: Lease, left: list[str]) -> str:
    """What trains the networks that are `left`, the first of them perhaps begun."""
    places = ["--start", options.start, "--work", options.work, "--out", options.out]
    places += ["--photos", options.photos] if options.photos else []
    resume = ["--resume", f"lent/{left[0]}.resume.safetensors"]
    rest = ["--minutes", options.minutes, "--draws", lease.report["draws"], "--layout", layout_name(lease.layout)]
    return command_line(["--networks", *left, *rest, *lease.settings, *resume, *places])


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="in this order")
    parser.add_argument("--minutes", type=float, default=8.5, help="of this command, rendering included")
    parser.add_argument("--draws", type=int, help="clips drawn for each network; measured and chosen if left out")
    parser.add_argument("--total-minutes", type=float, default=24.0, help="of all commands, where draws are chosen")
    parser.add_argument(
        "--timed-steps", type=int, default=12, help="how long speed is measured, where draws are chosen"
    )
    parser.add_argument("--start", default="imagenet", help="torchvision's ImageNet file of MobileNetV2")
    parser.add_argument("--pool-clips", type=int, default=20_000, help="clips rendered for training (0.7 MB each)")
    parser.add_argument("--val-clips", type=int, default=1_900, help="clips rendered for validation")
    parser.add_argument("--clips-version", type=int, choices=(2, 3), default=3, help="of the procedural clips")
    parser.add_argument("--layout", choices=LAYOUTS, default="channels-last", help="of tensors on the device")
    parser.add_argument("--photos", type=Path, help="photos by `studies.gpu.carry` for the clips of version 3")
    parser.add_argument("--resume", type=Path, nargs="*", default=[], help="NAME.resume.safetensors to go on from")
    parser.add_argument("--work", type=Path, default=Path("runs/gpu"), help="folder that stays while the machine does")
    parser.add_argument("--out", type=Path, required=True, help="folder that comes back")
    parser.add_argument("--device", help="cpu, cuda or cuda:0")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="recipe field=value")
    options = parser.parse_args(arguments)
    if missing := [path for path in options.resume if not path.is_file()]:
        parser.error(f"--resume {missing[0]}: no such file")
    return options


def main(arguments: list[str] | None = None) -> None:
    began = time.monotonic()
    options = parsed(arguments)
    ends_at = began + 60 * options.minutes - RESERVE_SECONDS
    lease = Lease(options.work, options.out, ends_at, deciding(options), LAYOUTS[options.layout])
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    for path in options.resume:
        shutil.copyfile(path, options.work / path.name)
    if options.photos:
        unpack_photos(options.photos, options.work / "assets" / "photos")
        # Read by the processes that render, too.
        os.environ["TDN_ASSETS"] = str(options.work / "assets")
    device = choose_device(options.device)
    torch.backends.cudnn.benchmark = True
    settings = [f"clips_version={options.clips_version}", *options.settings]
    clips_drawn = (options.pool_clips, options.val_clips)
    recipes = {name: gpu_recipe(name, options.start, *clips_drawn, settings) for name in NETWORKS}
    accelerator = new_accelerator(recipes["tdn"], device)
    lease.report["device"] = device_name(accelerator.device)
    clips = open_pools(recipes["tdn"], lease, accelerator.device)
    lease.report["draws"] = options.draws or measured_draws(options, recipes, clips, accelerator, lease, began)
    lease.write_report()
    left = list(options.networks)
    while left and train_network(
        left[0], with_draws(recipes[left[0]], lease.report["draws"]), clips, accelerator, lease
    ):
        left.pop(0)
    lease.report["left"] = left
    lease.write_report()
    print(json.dumps(lease.report, indent=1))
    if left:
        print(f"next: {next_command(options, lease, left)}", file=sys.stderr)


if __name__ == "__main__":
    main()
