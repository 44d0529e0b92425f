"""The paper's ablation on procedural motion, rerun on a laptop: the same clips, steps and seeds for every variant.

    python -m benchmarks.ablation                 train what is missing (resumable; start it twice to use two cores)
    python -m benchmarks.ablation --report        the table so far, docs/benchmark.* and the runs' logs

Two common starts, none of which knows a class: "neutral", a trunk that has learnt from single frames where things are
(tdn.train.trunk), and "tdn", the 2-D trunk of the shipped TDN, which favours its relatives. Of every start only the
2-D trunk is taken over; temporal parts and classifier are fresh. On the neutral start three learning rates are tried
with seed 0; the best goes on with seeds 1 to 3, which alone are reported, on both starts.
"""

import argparse
import csv
import math
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report
from benchmarks.cards import by_group
from tdn.data.synthetic import VERSION
from tdn.model import FAMILY
from tdn.train.recipes import DEMO_TDN, Recipe
from tdn.train.run import train
from tdn.train.trunk import TrunkRecipe, train_trunk
from tdn.weights import read_card

ROOT = Path(__file__).resolve().parents[1]
# Of interest on the neutral trunk alone.
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
SEARCH_SEED, SEEDS = 0, (1, 2, 3)
# 12,000 clips a run.
BUDGET = replace(
    DEMO_TDN,
    backbone="resnet10_w32",
    dropout=0.2,
    epochs=4,
    clips_per_epoch=3000,
    sizes=((0.75, 80), (1.0, 112)),
    ema_decay=0.99,
    start_part="trunk",
    source="our choice",
)
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

    def recipe(self, starts: dict[str, Path]) -> Recipe:
        model, init = VARIANTS[self.variant]
        start = str(starts[self.start])
        return replace(
            BUDGET,
            name="ablation",
            model=model,
            t_conv_init=init,
            start_from=start,
            learning_rate=self.rate,
            seed=self.seed,
        )


def search_runs() -> list[Run]:
    return [Run(variant, "neutral", SEARCH_SEED, rate) for rate in RATES for variant in VARIANTS]


def reported_runs(out: Path) -> list[Run]:
    """Three seeds of every variant and start, at the best rate of the search; only of variants searched to the end."""
    best = {}
    for variant in VARIANTS:
        tried = {rate: top1(out, Run(variant, "neutral", SEARCH_SEED, rate)) for rate in RATES}
        if None not in tried.values():
            best[variant] = max(tried, key=tried.get)
    return [
        Run(variant, start, seed, rate)
        for start in STARTS
        for seed in SEEDS
        for variant, rate in best.items()
        if start == "neutral" or variant != RELEASED_START
    ]


def top1(out: Path, run: Run) -> float | None:
    """Percent on the validation clips after the last epoch; None for a run that is not done."""
    accuracy = finished(out, run)
    return None if accuracy is None else accuracy["top1"]


def finished(out: Path, run: Run) -> dict | None:
    log, checkpoint = out / run.name / "log.csv", out / run.name / "last.safetensors"
    if not log.exists() or not checkpoint.exists():
        return None
    with log.open() as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file)]
    return read_card(checkpoint).accuracy if max(epochs, default=0) >= BUDGET.epochs else None


def train_all(out: Path, tdn: Path) -> None:
    """Train run after run until none is left that another process does not have in hand."""
    starts = {"neutral": out / "trunk.safetensors", "tdn": tdn}
    with held(out / "trunk.lock") as free:
        if free and not starts["neutral"].exists():
            train_trunk(TrunkRecipe(backbone=BUDGET.backbone), starts["neutral"], out / "pools")
    if not starts["neutral"].exists():
        raise SystemExit("error: another process is making the neutral trunk; start this one again when it is there")
    for make in (search_runs, lambda: reported_runs(out)):
        for run in make():
            with held(out / f"{run.name}.lock") as free:
                if free and finished(out, run) is None:
                    print(f"== {run.name}", flush=True)
                    train(run.recipe(starts), out / run.name, resume=True, command="python -m benchmarks.ablation")
                    # What only resuming needs is 30 times as large as what is reported.
                    for leftover in ("resume.pt", "resume-before.pt", "best.safetensors"):
                        (out / run.name / leftover).unlink(missing_ok=True)
                    shutil.rmtree(out / run.name / "tensorboard", ignore_errors=True)


class held:
    """A file that one living process owns: True inside if it is this one."""

    def __init__(self, path: Path):
        self.path, self.mine = path, False

    def __enter__(self) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not is_alive(int(self.path.read_text() or 0)):
            self.path.unlink()
        try:
            with self.path.open("x") as file:
                file.write(str(os.getpid()))
            self.mine = True
        except FileExistsError:
            pass
        return self.mine

    def __exit__(self, *error: object) -> None:
        if self.mine:
            self.path.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    return process > 0 and Path(f"/proc/{process}").exists()


def summary(out: Path) -> dict:
    """Mean over seeds and its 95% interval (Student's t), by start, variant and group."""
    results: dict[str, list[dict]] = {}
    for run in reported_runs(out):
        if (accuracy := finished(out, run)) is not None:
            results.setdefault(f"{run.start}/{run.variant}", []).append(
                by_group(accuracy["per_class"]) | {"rate": run.rate}
            )
    rows = []
    for key, runs in results.items():
        start, variant = key.split("/", 1)
        row = {"start": start, "variant": variant, "seeds": len(runs), "rate": runs[0]["rate"]}
        for group in (name for name in runs[0] if name != "rate"):
            scores = [run[group] for run in runs]
            mean = sum(scores) / len(scores)
            spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / max(1, len(scores) - 1))
            half = T_OF_THREE * spread / math.sqrt(len(scores)) if len(scores) == len(SEEDS) else None
            row[group] = {"mean": round(mean, 1), "half_interval": None if half is None else round(half, 1)}
        paper = FAMILY[VARIANTS[variant][0]]
        row["paper"] = paper.top1
        rows.append(row)
    searched = {
        variant: {f"{rate:g}": top1(out, Run(variant, "neutral", SEARCH_SEED, rate)) for rate in RATES}
        for variant in VARIANTS
    }
    return {
        "generator_version": VERSION,
        "clips_a_run": BUDGET.epochs * BUDGET.clips_per_epoch,
        "validation_clips": BUDGET.val_clips,
        "rows": rows,
        "search": searched,
        "command": "python -m benchmarks.ablation",
    }


def keep_logs(out: Path, target: Path) -> None:
    """One CSV with every epoch of every finished run."""
    with target.open("w", newline="") as file:
        writer = None
        for run in [*search_runs(), *reported_runs(out)]:
            if finished(out, run) is None:
                continue
            with (out / run.name / "log.csv").open() as log:
                for row in csv.DictReader(log):
                    row = {"start": run.start, "variant": run.variant, "seed": run.seed, "rate": run.rate, **row}
                    if writer is None:
                        writer = csv.DictWriter(file, row.keys())
                        writer.writeheader()
                    writer.writerow(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--tdn", type=Path, default=ROOT / "checkpoints" / "tdn_small_8f.safetensors")
    parser.add_argument("--report", action="store_true", help="print the table and write docs/, train nothing")
    arguments = parser.parse_args()
    if not arguments.report:
        train_all(arguments.out, arguments.tdn)
    found = summary(arguments.out)
    print("\n".join(report.ablation(found)))
    if arguments.report:
        report.save("benchmark", "ablation", found)
        keep_logs(arguments.out, report.DOCS / "benchmark-logs.csv")


if __name__ == "__main__":
    main()
