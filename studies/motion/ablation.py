"""The paper's ablation on procedural motion, rerun on a laptop: the same clips, steps and seeds for every variant.

    python -m studies.motion.ablation                 train what is missing (resumable; start two for two cores)
    python -m studies.motion.ablation --report        the table so far: docs/benchmark.* and ablation_runs.json

Two common starts, none of which knows a class: "neutral", a trunk that has learnt from single frames where things are
(trunk.py), and "tdn", the 2-D trunk of the shipped TDN, which favours its relatives. Of every start only the
2-D trunk is taken over; temporal parts and classifier are fresh. Of three learning rates the best goes on, for each
start by itself: from the trunk of the TDN by short runs of seed 0; from the neutral one, where nothing is learnt so
soon, by whole runs of seed 1. Seeds 1 to 3 at the best rate are reported.

Results of finished runs stand in ablation_runs.json beside this file and are not made again; delete it to start anew.
"""

import argparse
import csv
import fcntl
import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from studies import report
from studies.motion.cards import by_group
from studies.motion.trunk import TrunkRecipe, train_trunk
from tdn.model import FAMILY
from tdn.train.recipe import Recipe
from tdn.train.recipes import DEMO_TDN
from tdn.train.run import train
from tdn.weights import read_card

HERE = Path(__file__).resolve().parent
KEPT = HERE / "ablation_runs.json"
# The page brings its own copy of the rows.
LAB_NUMBERS = HERE.parents[1] / "app" / "lab" / "ablation.json"
NEUTRAL_TRUNK = HERE / "neutral_trunk.safetensors"
TDN_TRUNK = HERE.parents[1] / "checkpoints" / "tdn_small_8f.safetensors"
# Of interest on the neutral trunk alone, at the rate of T-Conv.
RELEASED_START = "T-Conv, released start"
# Row: network of the family, and how its temporal convolutions start.
VARIANTS = {
    "TDN": ("tdn_resnet50_8f", "difference"),
    "S-TDM only": ("s_tdm_resnet50_8f", "difference"),
    "L-TDM only": ("l_tdm_resnet50_8f", "difference"),
    "concat / average for difference": ("tdn_concat_average_resnet50_8f", "difference"),
    "T-Conv": ("tconv_baseline_resnet50_8f", "difference"),
    RELEASED_START: ("tconv_baseline_resnet50_8f", "shift"),
    "TSM": ("tsm_resnet50_8f", None),
    "TEINet": ("teinet_resnet50_8f", "difference"),
    "TSN": ("tsn_resnet50_8f", None),
}
STARTS = ("neutral", "tdn")
RATES = (7.5e-4, 1.5e-3, 3e-3)
SHORT_SEED, SEEDS = 0, (1, 2, 3)
SEARCH_SEED = {"tdn": SHORT_SEED, "neutral": SEEDS[0]}
# 12,000 clips a run.
BUDGET = replace(
    DEMO_TDN,
    backbone="resnet10_w32",
    dropout=0.2,
    epochs=4,
    clips_per_epoch=3000,
    sizes=((1.0, 80),),
    render_size=80,
    ema_decay=0.99,
    start_part="trunk",
    source="our choice",
)
SHORT_EPOCHS, SHORT_CLIPS = 2, 1500
# Student's t for a 95% interval of three seeds.
T_OF_THREE = 4.303


@dataclass(frozen=True)
class Run:
    variant: str
    start: str
    seed: int
    rate: float

    @property
    def name(self) -> str:
        words = f"{self.start} {self.variant} rate{self.rate:g} seed{self.seed}"
        return "-".join("".join(c if c.isalnum() or c == "." else " " for c in words).split())

    @property
    def recipe(self) -> Recipe:
        model, init = VARIANTS[self.variant]
        recipe = replace(
            BUDGET,
            name="ablation",
            model=model,
            t_conv_init=init,
            start_from=str(NEUTRAL_TRUNK if self.start == "neutral" else TDN_TRUNK),
            learning_rate=self.rate,
            seed=self.seed,
        )
        if self.seed == SHORT_SEED:
            recipe = replace(recipe, epochs=SHORT_EPOCHS, clips_per_epoch=SHORT_CLIPS)
        return recipe


def search_runs() -> list[Run]:
    return [
        Run(variant, start, seed, rate)
        for start, seed in SEARCH_SEED.items()
        for variant in VARIANTS
        if variant != RELEASED_START
        for rate in RATES
    ]


def reported_runs(out: Path) -> list[Run]:
    """Three seeds of every variant and start, at the best rate of the search; only of those searched to the end."""
    runs = []
    for start in STARTS:
        for variant in VARIANTS:
            if variant == RELEASED_START and start != "neutral":
                continue
            tried = searched(out, start, "T-Conv" if variant == RELEASED_START else variant)
            if None not in tried.values():
                rate = max(tried, key=tried.get)
                runs += [Run(variant, start, seed, rate) for seed in SEEDS]
    return runs


def all_runs(out: Path) -> list[Run]:
    """Search and reported runs as far as they are known now, one seed after the other."""
    known = dict.fromkeys([*search_runs(), *reported_runs(out)])
    return sorted(known, key=lambda run: (run.seed, run.start != "tdn"))


def searched(out: Path, start: str, variant: str) -> dict[float, float | None]:
    """Top-1 in percent after the search by rate; None where that run is not done."""
    results = {rate: result(out, Run(variant, start, SEARCH_SEED[start], rate)) for rate in RATES}
    return {rate: None if found is None else found["accuracy"]["top1"] for rate, found in results.items()}


def result(out: Path, run: Run) -> dict | None:
    """`accuracy` after the last epoch and the rows of the `log`; None for a run that is not done."""
    if run.name in kept():
        return kept()[run.name]
    log, checkpoint = out / run.name / "log.csv", out / run.name / "last.safetensors"
    if not log.exists() or not checkpoint.exists():
        return None
    with log.open() as file:
        rows = list(csv.DictReader(file))
    if len(rows) < run.recipe.epochs:
        return None
    return {"accuracy": read_card(checkpoint).accuracy, "log": rows}


def kept() -> dict[str, dict]:
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(out: Path) -> None:
    """Write what is finished into the repository, so that a run on another machine goes on from there."""
    results = {run.name: result(out, run) for run in all_runs(out)}
    KEPT.write_text(json.dumps({name: found for name, found in results.items() if found}, indent=0) + "\n")


def train_all(out: Path) -> None:
    """Train run after run until none is left that another process does not have in hand."""
    with held(out / "trunk.lock") as free:
        if free and not NEUTRAL_TRUNK.exists():
            train_trunk(TrunkRecipe(backbone=BUDGET.backbone), NEUTRAL_TRUNK, out / "pools")
    looked_at = set()
    # A search that ends makes new runs known.
    while waiting := [run for run in all_runs(out) if run not in looked_at and result(out, run) is None]:
        run = waiting[0]
        looked_at.add(run)
        with held(out / f"{run.name}.lock") as free:
            if free and result(out, run) is None:
                print(f"== {run.name}", flush=True)
                train(run.recipe, out / run.name, resume=True, command="python -m studies.motion.ablation")
                # What only resuming needs is 30 times as large as what is reported.
                for leftover in ("resume.pt", "resume-before.pt", "best.safetensors"):
                    (out / run.name / leftover).unlink(missing_ok=True)
                shutil.rmtree(out / run.name / "tensorboard", ignore_errors=True)


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a file that one process at a time can hold, until this one ends at the latest: True inside if it does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_mine = True
        except BlockingIOError:
            is_mine = False
        yield is_mine


def summary(out: Path) -> dict:
    """Mean over seeds and its 95% interval (Student's t), by start, variant and group."""
    results: dict[tuple[str, str], list[dict]] = {}
    for run in reported_runs(out):
        if (found := result(out, run)) is not None:
            groups = by_group(found["accuracy"]["per_class"])
            results.setdefault((run.start, run.variant), []).append({**groups, "rate": run.rate})
    rows = []
    for start in STARTS:
        for variant in VARIANTS:
            if runs := results.get((start, variant)):
                row = {"start": start, "variant": variant, "seeds": len(runs), "rate": runs[0]["rate"]}
                groups = [name for name in runs[0] if name != "rate"]
                row |= {group: mean_and_interval([run[group] for run in runs]) for group in groups}
                rows.append({**row, "paper": FAMILY[VARIANTS[variant][0]].top1})
    return {
        "generator_version": BUDGET.clips_version,
        "clips_a_run": BUDGET.epochs * BUDGET.clips_per_epoch,
        "clips_a_short_run": SHORT_EPOCHS * SHORT_CLIPS,
        "validation_clips": BUDGET.val_clips,
        "rows": rows,
        "search": {
            f"{start}: {variant}": {f"{rate:g}": top1 for rate, top1 in searched(out, start, variant).items()}
            for start in SEARCH_SEED
            for variant in VARIANTS
            if variant != RELEASED_START
        },
        "command": "python -m studies.motion.ablation",
    }


def mean_and_interval(scores: list[float]) -> dict:
    """Half of the 95% interval is None where not all seeds are there."""
    mean = sum(scores) / len(scores)
    half = None
    if len(scores) == len(SEEDS):
        spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / (len(scores) - 1))
        half = round(T_OF_THREE * spread / math.sqrt(len(scores)), 1)
    return {"mean": round(mean, 1), "half_interval": half}


def write_logs(out: Path, target: Path) -> None:
    """One CSV with every epoch of every finished run."""
    with target.open("w", newline="") as file:
        writer = None
        for run in all_runs(out):
            found = result(out, run)
            for row in found["log"] if found else []:
                row = {"start": run.start, "variant": run.variant, "seed": run.seed, "rate": run.rate, **row}
                if writer is None:
                    writer = csv.DictWriter(file, row.keys())
                    writer.writeheader()
                writer.writerow(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--report", action="store_true", help="print the table and write docs/, train nothing")
    arguments = parser.parse_args()
    if not arguments.report:
        torch.set_num_threads(1)  # a process a core
        train_all(arguments.out)
    found = summary(arguments.out)
    print(report.table("ablation", found))
    if arguments.report:
        keep(arguments.out)
        report.save("benchmark", "ablation", found)
        LAB_NUMBERS.write_text(json.dumps({"rows": found["rows"]}, indent=1) + "\n")
        write_logs(arguments.out, report.DOCS / "benchmark-logs.csv")


if __name__ == "__main__":
    main()
