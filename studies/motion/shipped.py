"""Train the four networks that ship, alike: one start, the same clips in the same order, as many draws.

    python -m studies.motion.shipped [--out runs/shipped]          (resumable; start two for two cores)

First the trunk: what MobileNetV2 with ImageNet weights makes of single frames (`studies.motion.distilled_trunk`). From
it each of the four learns drawn clips (version 2, 80 pixels), then photographic and drawn ones (version 3, 112 and 144
pixels). No network stands on another's tensors. The files are OUT/NAME/last.safetensors, which
`studies.motion.calibrate` and then `studies.motion.again` take further.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
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


def unless_done(folder: Path, work: Callable[[], object]) -> bool:
    """Do it, unless it is done or another process is at it; whether it is done now."""
    done = folder / "done"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            if not done.exists():
                print(f"== {folder.name}", flush=True)
                work()
                done.touch()
    except Timeout:
        return False
    return True


def train_into(recipe: Recipe, folder: Path, command: str) -> None:
    """A run to its end, less what only resuming needs."""
    train(recipe, folder, resume=True, command=command)
    for leftover in ("resume.pt", "resume-before.pt"):
        (folder / leftover).unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/shipped"), help="folder of the runs")
    out = parser.parse_args().out
    torch.set_num_threads(1)  # a process a core
    keep_freed_memory()
    trunk = out / "trunk.safetensors"
    if not unless_done(out / "trunk", partial(distil, DistilRecipe(), trunk, out)):
        parser.error(f"another process makes {trunk}; start this one when it is there")
    for network in NETWORKS:
        # What the other process is at, it goes on with.
        for recipe, folder in (drawn(network, out), photographic(network, out)):
            if not unless_done(folder, partial(train_into, recipe, folder, COMMAND)):
                break


if __name__ == "__main__":
    main()
