"""The paper's ablation on procedural motion, from the paper's own start: ImageNet weights, the same for every network.

    python -m studies.motion.ablation                 train what is missing (resumable; start two for two cores)
    python -m studies.motion.ablation --report        the table so far: docs/benchmark.* and ablation_runs.json

Eight networks on MobileNetV2, with the same clips, order, augmentation, schedule and draws. Of three learning rates the
best goes on, found by short runs on other clips than the reported ones. Seeds 1 to 3 at that rate are reported: on
clips like the learnt ones (version 2, drawn), on those of today (version 3), on noise in motion, and on the same frames
in two orders.

Results of finished runs stand in ablation_runs.json beside this file and are not made again. Those of other training
clips or of another budget do not count.
"""

import argparse
import json
import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from studies import report
from studies.motion.cards import by_group
from studies.motion.splits import measured
from tdn.device import keep_freed_memory
from tdn.model import FAMILY
from tdn.motion.splits import split_title
from tdn.train.recipe import Recipe
from tdn.train.recipes import DEMO_MOBILE_TDN
from tdn.train.run import train
from tdn.weights import read_card

HERE = Path(__file__).resolve().parent
KEPT = HERE / "ablation_runs.json"
# The page brings its own copy of the rows.
LAB_NUMBERS = HERE.parents[1] / "app" / "lab" / "ablation.json"
# Row of the table: network of the family, and the row of the paper that it stands for.
NETWORKS = {
    "TDN": ("tdn_mobilenetv2_8f", "tdn_resnet50_8f"),
    "S-TDM only": ("s_tdm_mobilenetv2_8f", "s_tdm_resnet50_8f"),
    "L-TDM only": ("l_tdm_mobilenetv2_8f", "l_tdm_resnet50_8f"),
    "concat / average for difference": ("tdn_concat_average_mobilenetv2_8f", "tdn_concat_average_resnet50_8f"),
    "T-Conv": ("tconv_baseline_mobilenetv2_8f", "tconv_baseline_resnet50_8f"),
    "TSM": ("tsm_mobilenetv2_8f", "tsm_resnet50_8f"),
    "TEINet": ("teinet_mobilenetv2_8f", "teinet_resnet50_8f"),
    "TSN": ("tsn_mobilenetv2_8f", "tsn_resnet50_8f"),
}
RATES = (2.5e-4, 5e-4, 1e-3)
SEARCH_SEED, SEEDS = 0, (1, 2, 3)
# Student's t for a 95% interval of three seeds.
T_OF_THREE = 4.303
# Top-1 in percent that chance does not reach: of 380 clips and 19 classes, three deviations above 5.3.
LEARNT = 8.7
CLIPS = "train-v2"
SPLITS = ("val", "appearance-free", "minimal-pairs")
# 24,000 draws a run, of version 2: in 42 of 100 clips of version 3 something is shown again and again, which turns the
# direction from segment to segment round, and after 12,000 draws of it T-Conv had not begun to learn.
BUDGET = replace(
    DEMO_MOBILE_TDN,
    name="ablation",
    clips_version=2,
    epochs=12,
    clips_per_epoch=2000,
    sizes=((1.0, 80),),
    render_size=80,
    val_clips=380,
    ema_decay=0.99,
)
# 6,000 draws, of clips and judged on clips that no reported run sees.
SEARCH = {"epochs": 2, "clips_per_epoch": 3000, "pool_clips": 3000, "pool_seed": 1}


@dataclass(frozen=True)
class Run:
    network: str
    seed: int
    rate: float

    @property
    def name(self) -> str:
        return f"{NETWORKS[self.network][0]}-rate{self.rate:g}-seed{self.seed}"

    @property
    def recipe(self) -> Recipe:
        recipe = replace(BUDGET, model=NETWORKS[self.network][0], learning_rate=self.rate, seed=self.seed)
        return replace(recipe, **SEARCH) if self.seed == SEARCH_SEED else recipe

    @property
    def learnt_from(self) -> str:
        """What a result must say of itself to count today."""
        recipe = self.recipe
        draws = recipe.epochs * recipe.clips_per_epoch
        return f"{draws} draws of {split_title(CLIPS)} at {recipe.input_size} pixels"


def searched(results: dict[str, dict], network: str) -> dict[float, float | None]:
    """Top-1 in percent after the search by rate; None where that run is not done."""
    found = {rate: results.get(Run(network, SEARCH_SEED, rate).name) for rate in RATES}
    return {rate: None if one is None else one["accuracy"]["top1"] for rate, one in found.items()}


def best_rate(tried: dict[float, float]) -> float:
    """The rate that goes on: the best of the search, or the middle one where none has left chance (5.3%) in it."""
    best = max(tried, key=tried.get)
    return best if tried[best] >= LEARNT else RATES[1]


def all_runs(results: dict[str, dict]) -> list[Run]:
    """The search, then the reported runs of networks whose search is over, one seed after the other."""
    runs = [Run(network, SEARCH_SEED, rate) for network in NETWORKS for rate in RATES]
    for seed in SEEDS:
        for network in NETWORKS:
            tried = searched(results, network)
            if None not in tried.values():
                runs.append(Run(network, seed, best_rate(tried)))
    return runs


def results_of(out: Path) -> dict[str, dict]:
    """What finished runs of today's clips and budget came to, by name: kept in the repository, or in this folder."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    local = {path.parent.name: json.loads(path.read_text()) for path in out.glob("*/result.json")}
    today = {Run("TDN", seed, RATES[0]).learnt_from for seed in (SEARCH_SEED, SEEDS[0])}
    # An old run in the folder does not hide the one that is kept.
    return {name: one for name, one in [*kept.items(), *local.items()] if one["learnt_from"] in today}


def train_all(out: Path) -> None:
    """Train run after run until none is left that another process does not have in hand."""
    out.mkdir(parents=True, exist_ok=True)
    looked_at: set[Run] = set()
    # A search that ends makes new runs known.
    while waiting := [run for run in all_runs(results_of(out)) if run not in looked_at]:
        run = waiting[0]
        looked_at.add(run)
        try:
            with FileLock(out / f"{run.name}.lock", timeout=0):
                if run.name not in results_of(out):
                    print(f"== {run.name}", flush=True)
                    finish(run, out / run.name)
        except Timeout:  # another process trains it
            continue


def finish(run: Run, folder: Path) -> None:
    """Train one run to its end, ask it what the table shows, and leave `result.json`."""
    train(run.recipe, folder, resume=True, command="python -m studies.motion.ablation")
    checkpoint = folder / "last.safetensors"
    result = {"learnt_from": run.learnt_from, "accuracy": read_card(checkpoint).accuracy}
    if run.seed != SEARCH_SEED:
        result["splits"] = {split: measured(checkpoint, split, None) for split in SPLITS}
    (folder / "result.partial").write_text(json.dumps(result))
    (folder / "result.partial").replace(folder / "result.json")
    # What only resuming needs is 30 times as large as what is reported.
    for leftover in ("resume.pt", "resume-before.pt", "best.safetensors"):
        (folder / leftover).unlink(missing_ok=True)
    shutil.rmtree(folder / "tensorboard", ignore_errors=True)


def summary(results: dict[str, dict]) -> dict:
    """Mean over seeds and its 95% interval (Student's t) by network, and the search."""
    rows = []
    reported = [run for run in all_runs(results) if run.seed != SEARCH_SEED and run.name in results]
    for network, (_, of_paper) in NETWORKS.items():
        runs = [run for run in reported if run.network == network]
        scores = [scores_of(results[run.name]) for run in runs]
        if scores:
            row = {"network": network, "seeds": len(runs), "rate": runs[0].rate, "paper": FAMILY[of_paper].top1}
            rows.append(row | {name: mean_and_interval([one[name] for one in scores]) for name in scores[0]})
    return {
        "clips": split_title(CLIPS),
        "draws": BUDGET.epochs * BUDGET.clips_per_epoch,
        "draws_of_search": SEARCH["epochs"] * SEARCH["clips_per_epoch"],
        "validation_clips": BUDGET.val_clips,
        "rows": rows,
        "search": {
            network: {f"{rate:g}": top1 for rate, top1 in searched(results, network).items()} for network in NETWORKS
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


def scores_of(result: dict) -> dict[str, float]:
    """Percent right of all ordinary clips and of each group, and of each split."""
    of_splits = {split: found["top1"] for split, found in result["splits"].items()}
    of_pairs = result["splits"]["minimal-pairs"]
    pairs = {"pairs, both right": of_pairs["both_right"]}
    pairs |= {f"pairs, {kind}": part["both_right"] for kind, part in of_pairs["parts"].items()}
    return by_group(result["accuracy"]["per_class"]) | of_splits | pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--report", action="store_true", help="print the table and write docs/, train nothing")
    arguments = parser.parse_args()
    if not arguments.report:
        torch.set_num_threads(1)  # a process a core
        keep_freed_memory()
        train_all(arguments.out)
    results = results_of(arguments.out)
    found = summary(results)
    print(report.table("ablation", found))
    if arguments.report:
        KEPT.write_text(json.dumps(dict(sorted(results.items())), indent=0) + "\n")
        LAB_NUMBERS.write_text(json.dumps({"rows": found["rows"]}, indent=1) + "\n")
        report.save("benchmark", "ablation", found)


if __name__ == "__main__":
    main()
