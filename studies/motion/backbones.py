"""Which backbone, and which start, teach the pair most in the same time on a processor?

    python -m studies.motion.backbones [--real FOLDER] [--save]                   (resumable; start two for two cores)

TDN and T-Conv three times, half an hour of one core each: on the small ResNet from the trunk that
`studies.motion.distilled_trunk` makes (the first half of `studies.motion.shipped`) and fresh, and on MobileNetV2 from
ImageNet weights (runs of `studies.motion.ablation`, seed 1), which sees a third of the clips in the same time. All see
clips of version 2 at 80 pixels. Asked are 380 clips of version 2 and those of `val`, and with --real real clips, as
filmed and turned (`studies.motion.real_video`).
"""

import argparse
import csv
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from studies import report
from studies.motion.ablation import Run, finish
from studies.motion.cards import by_group
from studies.motion.real_video import answers, shares
from studies.motion.shipped import COMMAND as COMMAND_OF_SHIPPED
from studies.motion.shipped import DRAWN, drawn, train_into, unless_done
from studies.motion.splits import measured
from tdn.device import keep_freed_memory
from tdn.weights import load_model, read_card

WAYS = ("small ResNet, distilled", "small ResNet, fresh", "MobileNetV2, ImageNet")
NETWORKS = {"TDN": "tdn", "T-Conv": "tconv_baseline"}
RATE_OF_MOBILENET = 5e-4
COMMAND = "python -m studies.motion.backbones"


def run_of(network: str, way: str, shipped: Path, ablation: Path) -> tuple[Path, Callable[[], None]]:
    """The folder of a run, and what trains it."""
    if way == WAYS[0]:
        recipe, folder = drawn(NETWORKS[network], shipped)
        return folder, partial(train_into, recipe, folder, COMMAND_OF_SHIPPED)
    if way == WAYS[1]:
        recipe, folder = drawn(NETWORKS[network], shipped)
        recipe = replace(recipe, start_from=None, start_part="all", param_groups="released")
        folder = folder.with_name(f"{NETWORKS[network]}-fresh")
        return folder, partial(train_into, recipe, folder, COMMAND)
    run = Run(network, DRAWN.seed, RATE_OF_MOBILENET)
    return ablation / run.name, partial(finish, run, ablation / run.name)


def row(folder: Path, real: Path | None) -> dict:
    """What a finished run took, and what its network knows."""
    checkpoint = folder / "last.safetensors"
    with (folder / "log.csv").open(newline="") as file:
        epochs = list(csv.DictReader(file))
    val = measured(checkpoint, "val", None)
    found = {
        "draws": sum(int(epoch["clips"]) for epoch in epochs),
        "minutes": round(sum(float(epoch["seconds"]) for epoch in epochs) / 60),
        "megabytes": round(checkpoint.stat().st_size / 1e6, 1),
        "groups": by_group(read_card(checkpoint).accuracy["per_class"]),
        "val": {"all": val["top1"]} | {part: scores["top1"] for part, scores in val["parts"].items()},
    }
    if real is not None:
        found["real"] = shares([one for one in answers(load_model(checkpoint), real, None) if one["way"] == "whole"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shipped", type=Path, default=Path("runs/shipped"), help="folder of studies.motion.shipped")
    parser.add_argument(
        "--ablation", type=Path, default=Path("runs/ablation"), help="folder of studies.motion.ablation"
    )
    parser.add_argument("--real", type=Path, help="folder of the clips that studies/motion/real_video.csv lists")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*; trains nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # a process a core
    keep_freed_memory()
    found: dict[str, dict] = {}
    for way in WAYS:
        for network in NETWORKS:
            folder, trained = run_of(network, way, arguments.shipped, arguments.ablation)
            if not arguments.save and not (folder / "result.json").exists():
                unless_done(folder, trained)
            if (folder / "last.safetensors").exists() and not (folder / "resume.pt").exists():
                found[f"{network}, {way}"] = row(folder, arguments.real)
    print(report.table("backbones", found))
    if arguments.save:
        report.save("benchmark", "backbones", found)


if __name__ == "__main__":
    main()
