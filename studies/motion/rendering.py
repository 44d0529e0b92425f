"""How fast clips are rendered, and in how much memory: version 3 beside version 2, drawn and of photos.

    python -m studies.motion.rendering [--clips N] [--json] [--save]

Each kind renders in a process of its own, packed as for training (8 windows of 5 frames at 112 pixels). Seconds are the
processor's, so that other programs do not count; clips a second of two cores are twice those of one. Memory is the
resident size of the process after a fifth of the clips and at the end: the same where nothing piles up. Clips of the
photos that `python -m tdn assets fetch` prepared are left out where it was never run.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil

from studies import report
from tdn.motion.photos import fetched_photos
from tdn.motion.pool import render_packed
from tdn.motion.splits import SPLITS, material_of

KINDS = {
    "version 2, drawn": ("val-v2", ""),
    "version 3, drawn": ("val", "drawn"),
    "version 3, photographic": ("val", "photographic"),
    "training clips, all kinds": ("train", ""),
}


def rendered(split: str, part: str, clips: int) -> dict:
    """Clips a processor second of one core, and MB in use after a fifth of them and at the end."""
    numbers = (index for index in range(10 * clips) if SPLITS[split].part_of(index) == part)
    render_packed(split, 1, next(numbers), 112, 8, 5)  # banks and photos are read
    began, memory = time.process_time(), []
    for count in range(clips):
        render_packed(split, 1, next(numbers), 112, 8, 5)
        if count in (clips // 5, clips - 1):
            memory.append(psutil.Process().memory_info().rss / 1e6)
    one_core = clips / (time.process_time() - began)
    return {
        "clips": clips,
        "photos": material_of(split, 0).checksum if split in ("train", "val") and part != "drawn" else "none",
        "one_core": round(one_core, 1),
        "two_cores": round(2 * one_core, 1),
        "mb_early": round(memory[0]),
        "mb_end": round(memory[-1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    found = {}
    for kind, (split, part) in KINDS.items():
        if split == "train" and fetched_photos() is None:
            print(f"{kind}: left out, python -m tdn assets fetch was never run", file=sys.stderr)
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            found[kind] = process.submit(rendered, split, part, arguments.clips).result()
    print(json.dumps(found, indent=1) if arguments.json else report.table("rendering", found))
    if arguments.save:
        report.save("benchmark", "rendering", found)


if __name__ == "__main__":
    main()
