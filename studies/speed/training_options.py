"""What each option is worth to a training step: precision and memory layout, TDN-ResNet50, one clip at 112 pixels.

    python -m studies.speed.training_options [--save]

Processor seconds on one thread, medians of interleaved steps, beside the released arithmetic in float32.
"""

import argparse
import statistics

import torch

from studies import report
from studies.speed.measure import seconds
from studies.speed.networks import CLASS, clip, step
from studies.speed.plain import PlainTDN
from tdn.model import FAMILY, TDN

ROUNDS = 5


def measured() -> dict[str, float]:
    torch.set_num_threads(1)
    x, label = clip()[..., :112, :112].contiguous(), torch.tensor([CLASS])
    architecture = FAMILY["tdn_resnet50_8f"].architecture
    steps = {"plain, float32": step(PlainTDN(architecture.num_classes).train(), x, label, None)}
    for precision, dtype in (("float32", None), ("bfloat16", torch.bfloat16)):
        for layout in (torch.contiguous_format, torch.channels_last):
            name = f"ours, {precision}" + (", channels last" if layout is torch.channels_last else "")
            steps[name] = step(TDN(architecture).train().to(memory_format=layout), x, label, dtype)
    for one in steps.values():
        one()
    rounds = [{name: seconds(one) for name, one in steps.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(row[name] for row in rounds) for name in steps}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    found = measured()
    print(report.table("training", found))
    if arguments.save:
        report.save("performance", "training", found)


if __name__ == "__main__":
    main()
