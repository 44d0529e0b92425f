"""How time and memory grow with segments, resolution, batch and layers: TDN-ResNet50's maps as the page computes them.

    python -m studies.speed.scaling [--save]

Processor seconds on one thread, median of three; memory is the rise during one call in a process of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch

from studies import report
from studies.speed.measure import rise_mb, seconds
from tdn.explain import grad_cam
from tdn.model import FAMILY, TDN
from tdn.model.inference import inference_copy

LAYERS = ("res2", "final", "res3", "res4")


@dataclass(frozen=True)
class Point:
    segments: int = 8
    pixels: int = 224
    batch: int = 1
    layers: int = 2


SERIES = {
    "segments": [Point(segments=8), Point(segments=16), Point(segments=32)],
    "pixels": [Point(pixels=112), Point(pixels=160), Point(pixels=224), Point(pixels=320)],
    "batch": [Point(batch=1), Point(batch=2), Point(batch=4)],
    "layers": [Point(layers=count) for count in (1, 2, 3, 4)],
}


def work(point: Point) -> Callable[[], object]:
    """A call that explains one random batch."""
    architecture = replace(FAMILY["tdn_resnet50_8f"].architecture, num_segments=point.segments)
    fast = inference_copy(TDN(architecture))
    clip = torch.randn(point.batch, point.segments, 5, 3, point.pixels, point.pixels)
    return lambda: grad_cam(fast, clip, 0, LAYERS[: point.layers])


def measured(point: Point) -> dict:
    torch.set_num_threads(1)
    call = work(point)
    call()
    taken = statistics.median(seconds(call) for _ in range(3))
    program = [sys.executable, "-m", "studies.speed.scaling", "--peak", json.dumps(asdict(point))]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return {**asdict(point), "seconds": round(taken, 3), "mb": round(json.loads(done.stdout)["mb"], 1)}


def draw(found: dict[str, list[dict]]) -> None:
    """docs/scaling.png: a panel each for segments, pixels, batch and layers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.9), dpi=130, layout="constrained")
    for axes, (name, rows) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
        x = [row[name] for row in rows]
        axes.plot(x, [row["seconds"] for row in rows], marker="o", color="#1f5fa8")
        axes.set_ylim(bottom=0)
        axes.set_xticks(x)
        axes.set_xlabel(name)
        axes.set_ylabel("seconds, one thread", color="#1f5fa8")
        memory = axes.twinx()
        memory.plot(x, [row["mb"] for row in rows], marker="s", color="#c1440e")
        memory.set_ylim(bottom=0)
        memory.set_ylabel("MiB above idle", color="#c1440e")
    figure.suptitle("Maps of TDN-ResNet50: the others at 8 segments, 224 pixels, 1 clip, 2 layers", fontsize=9)
    figure.savefig(report.DOCS / "scaling.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/performance.* and docs/scaling.png")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        torch.set_num_threads(1)
        print(json.dumps({"mb": rise_mb(work(Point(**json.loads(arguments.peak))))}))
        return
    known: dict[Point, dict] = {}
    found = {}
    for name, points in SERIES.items():
        for point in points:
            if point not in known:
                known[point] = measured(point)
                print(json.dumps(known[point]), file=sys.stderr)
        found[name] = [known[point] for point in points]
    print(report.table("scaling", found))
    if arguments.save:
        report.save("performance", "scaling", found)
        draw(found)


if __name__ == "__main__":
    main()
