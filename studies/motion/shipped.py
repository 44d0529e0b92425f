"""Train the four demo networks anew, alike: one start, the same clips in the same order, as many draws.

    python -m studies.motion.shipped [--out runs/shipped]          (start two for two cores)

What ships today was trained otherwise (docs/benchmark.md). Runs can be interrupted and started again; the trunk starts
over.

First the trunk: what MobileNetV2 with ImageNet weights makes of single frames (`studies.motion.distilled_trunk`). From
it each of the four learns drawn clips (version 2, 80 pixels), then photographic and drawn ones (version 3, 112 and 144
pixels). No network stands on another's tensors. The files are OUT/NAME/last.safetensors, which
`studies.motion.calibrate` and then `studies.motion.again` take further.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from studies.motion.distilled_trunk import DistilRecipe, distil
from tdn.device import keep_freed_memory
from tdn.train.recipe import Recipe
from tdn.train.recipes import DEMO_TDN
from tdn.train.run import train

# The pair first.
NETWORKS = ("tdn", "tconv_baseline", "s_tdm", "l_tdm")
COMMAND = "python -m studies.motion.shipped"
DRAWN = replace(
    DEMO_TDN,
    name="shipped, drawn",
    epochs=36,
    t_conv_init="difference",
    start_part="trunk",
    param_groups="trunk_half",
    sizes=((1.0, 80),),
    render_size=80,
    val_clips=380,
    seed=1,
)
PHOTOGRAPHIC = replace(
    DRAWN,
    name="shipped, photographic",
    epochs=60,
    learning_rate=1e-3,
    start_part="all",
    param_groups="released",
    sizes=((0.6, 112), (1.0, 144)),
    render_size=112,
    clips_version=3,
    pool_clips=16000,
    pool_seed=11,
)


def model_of(network: str) -> str:
    return f"{network}_small_8f"


def drawn(network: str, out: Path) -> tuple[Recipe, Path]:
    """The first half of a network's training, and its folder."""
    return replace(DRAWN, model=model_of(network), start_from=str(out / "trunk.safetensors")), out / f"{network}-drawn"


def photographic(network: str, out: Path) -> tuple[Recipe, Path]:
    start = drawn(network, out)[1] / "last.safetensors"
    return replace(PHOTOGRAPHIC, model=model_of(network), start_from=str(start)), out / model_of(network)


def train_unless_done(recipe: Recipe, folder: Path, command: str) -> bool:
    """Train a run to its end, unless it is done; False where another process is at it.

    Raises ValueError where `folder` holds a finished run of other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"another process trains {folder.name}", flush=True)
        return False
    done, settings = folder / "done.json", json.dumps(asdict(recipe), indent=1) + "\n"
    with lock:
        if done.exists() and done.read_text() != settings:
            raise ValueError(f"{folder} holds a finished run of other settings: move it away or choose another --out")
        if not done.exists():
            print(f"== {folder.name}", flush=True)
            train(recipe, folder, resume=True, command=command)
            done.write_text(settings)
        # What only resuming needs is 30 times as large as the network.
        for leftover in ("resume.pt", "resume-before.pt"):
            (folder / leftover).unlink(missing_ok=True)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/shipped"), help="folder of the runs")
    out = parser.parse_args().out
    torch.set_num_threads(1)  # a process a core
    keep_freed_memory()
    trunk = out / "trunk.safetensors"
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{trunk}.lock"):  # a second process waits for it
        if not trunk.exists():
            distil(DistilRecipe(), trunk, out)
    for network in NETWORKS:
        # What another process is at, it goes on with.
        for recipe, folder in (drawn(network, out), photographic(network, out)):
            if not train_unless_done(recipe, folder, COMMAND):
                break


if __name__ == "__main__":
    main()
