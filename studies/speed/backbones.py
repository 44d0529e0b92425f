"""The small backbones on one core: a training step against the plain way, and the forward pass of the pair.

    python -m studies.speed.backbones [--rounds 5] [--batch 8] [--sizes 112 144]

Processor seconds, ways interleaved, medians over rounds, weights random. A training step is forward, backward and AdamW
on `batch` clips: ours in bfloat16 with channels last, plain in float32 with each temporal convolution a Conv1d over
permuted features, as the released code has it. The forward pass is that of the inference copy in float32, one clip.
"""

import argparse
import copy
import json
import statistics
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from studies.speed.measure import Case, interleaved, seconds
from studies.speed.plain import PlainShift
from tdn.model import FAMILY, TDN
from tdn.model.baselines import TemporalConv
from tdn.model.cost import multiply_adds, num_parameters
from tdn.model.inference import inference_copy

PAIRS = {
    "small ResNet": ("tdn_small_8f", "tconv_baseline_small_8f"),
    "MobileNetV2": ("tdn_mobilenetv2_8f", "tconv_baseline_mobilenetv2_8f"),
}
CLASSES = 19


def built(row: str) -> TDN:
    torch.manual_seed(0)
    return TDN(replace(FAMILY[row].architecture, num_classes=CLASSES))


def with_plain_convolutions(model: TDN) -> TDN:
    """The same network, its temporal convolutions the released way."""
    plain = copy.deepcopy(model)
    for module in list(plain.modules()):
        for name, child in module.named_children():
            if isinstance(child, TemporalConv):
                shift = PlainShift(len(child.weight), child.num_segments)
                shift.conv.weight.data.copy_(child.weight.data)
                setattr(module, name, shift)
    return plain


def training_step(model: TDN, clips: Tensor, labels: Tensor, dtype: torch.dtype | None) -> Callable[[], None]:
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            logits = model(clips)
        nnf.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    return step


def step_of(row: str, size: int, batch: int, rounds: int) -> dict:
    """Seconds of a step our way and the plain way, and the median of their ratio."""
    model = built(row)
    clips, labels = torch.randn(batch, 8, 5, 3, size, size), torch.arange(batch) % CLASSES
    plain = training_step(with_plain_convolutions(model), clips, labels, None)
    ours = training_step(model.to(memory_format=torch.channels_last), clips, labels, torch.bfloat16)
    ours_s, plain_s, ratio = interleaved(Case(ours, plain), rounds)
    return {
        "row": row,
        "size": size,
        "multiply_adds_g": round(multiply_adds(built(row).architecture, size) / 1e9, 2),
        "parameters_m": round(num_parameters(built(row).architecture) / 1e6, 2),
        "step_ours_s": round(ours_s, 3),
        "step_plain_s": round(plain_s, 3),
        "ratio": round(ratio, 2),
        "ours_clips_per_s": round(batch / ours_s, 1),
    }


def forwards(size: int, rounds: int) -> dict:
    """Median seconds of both networks' forward pass on one clip, by backbone, interleaved."""
    clip = torch.randn(1, 8, 5, 3, size, size)
    networks: dict[str, list[nn.Module]] = {
        backbone: [inference_copy(built(row)) for row in rows] for backbone, rows in PAIRS.items()
    }
    with torch.inference_mode():
        for pair in networks.values():
            for model in pair:
                model(clip)
        taken = {
            backbone: [sum(seconds(lambda net=net: net(clip)) for net in pair) for _ in range(rounds)]
            for backbone, pair in networks.items()
        }
    return {
        "size": size,
        **{f"{backbone}, pair_s": round(statistics.median(times), 3) for backbone, times in taken.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8, help="clips of a training step")
    parser.add_argument("--sizes", type=int, nargs="+", default=[112, 144])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for size in options.sizes:
        for row in (row for pair in PAIRS.values() for row in pair):
            print(json.dumps(step_of(row, size, options.batch, options.rounds)), flush=True)
        print(json.dumps(forwards(size, options.rounds)), flush=True)


if __name__ == "__main__":
    main()
