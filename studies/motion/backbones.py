"""Which backbone, and which start, teach the pair most in the same time on a processor?

    python -m studies.motion.backbones REAL [--save]                                      (start two for two cores)

TDN and T-Conv three times, on clips of version 2 at 80 pixels, 20 to 30 minutes of one core each: on the small ResNet
from the trunk that `studies.motion.distilled_trunk` makes once, in 13 minutes (the first half of
`studies.motion.shipped`), and fresh; and on MobileNetV2 from ImageNet weights, which sees a third of the clips in the
same time (seed 1 of `studies.motion.ablation`, which trains them). Asked are 380 clips of version 2, those of `val`,
and the real clips in REAL, as filmed and turned (`studies.motion.real_video`).
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import torch

from studies import report
from studies.motion.ablation import Run
from studies.motion.cards import by_group
from studies.motion.real_video import answers, shares
from studies.motion.shipped import COMMAND as COMMAND_OF_SHIPPED
from studies.motion.shipped import DRAWN, drawn, train_unless_done
from studies.motion.splits import measured
from tdn.device import keep_freed_memory
from tdn.train.recipe import Recipe
from tdn.weights import load_model, read_card

WAYS = ("small ResNet, distilled", "small ResNet, fresh", "MobileNetV2, ImageNet")
NETWORKS = {"TDN": "tdn", "T-Conv": "tconv_baseline"}
RATE_OF_MOBILENET = 5e-4
COMMAND = "python -m studies.motion.backbones"


def run_of(network: str, way: str, shipped: Path, ablation: Path) -> tuple[Path, Recipe | None]:
    """The folder of a run, and what trains it; None for those of the ablation."""
    if way == WAYS[2]:
        return ablation / Run(network, DRAWN.seed, RATE_OF_MOBILENET).name, None
    recipe, folder = drawn(NETWORKS[network], shipped)
    if way == WAYS[0]:
        return folder, recipe
    return folder.with_name(f"{NETWORKS[network]}-fresh"), replace(
        recipe, start_from=None, start_part="all", param_groups="released"
    )


def row(folder: Path, real: Path) -> dict:
    """What a finished run took, and what its network knows."""
    checkpoint = folder / "last.safetensors"
    with (folder / "log.csv").open(newline="") as file:
        epochs = list(csv.DictReader(file))
    val = measured(checkpoint, "val", None)
    shown = [one for one in answers(load_model(checkpoint), real, None) if one["way"] == "whole"]
    return {
        "draws": sum(int(epoch["clips"]) for epoch in epochs),
        "minutes": round(sum(float(epoch["seconds"]) for epoch in epochs) / 60),
        "megabytes": round(checkpoint.stat().st_size / 1e6, 1),
        "groups": by_group(read_card(checkpoint).accuracy["per_class"]),
        "val": {"all": val["top1"]} | {part: scores["top1"] for part, scores in val["parts"].items()},
        "real": shares(shown),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shipped", type=Path, default=Path("runs/shipped"), help="folder of studies.motion.shipped")
    parser.add_argument(
        "--ablation", type=Path, default=Path("runs/ablation"), help="folder of studies.motion.ablation"
    )
    parser.add_argument("real", type=Path, help="folder of the clips that studies/motion/real_video.csv lists")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*; trains nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # a process a core
    keep_freed_memory()
    found: dict[str, dict] = {}
    for way in WAYS:
        for network in NETWORKS:
            folder, recipe = run_of(network, way, arguments.shipped, arguments.ablation)
            if recipe is not None and not arguments.save:
                train_unless_done(recipe, folder, COMMAND_OF_SHIPPED if way == WAYS[0] else COMMAND)
            if (folder / ("result.json" if recipe is None else "done.json")).exists():
                found[f"{network}, {way}"] = row(folder, arguments.real)
    print(report.table("backbones", found))
    if arguments.save:
        report.save("benchmark", "backbones", found)


if __name__ == "__main__":
    main()
