#!/usr/bin/env bash
# PyTorch 2.13.0, CPU build, on an x86 processor with AVX2 but without AVX512-BF16 or AMX.
#
# Behaviour: torch.autocast("cpu", dtype=torch.bfloat16) is taken without a word, and training gets slower instead of
# faster, since the arithmetic is emulated: convolution by convolution the values are widened and narrowed again. The
# same script is about twice as fast as float32 on a processor with the instructions, so a recipe tuned there runs for
# days elsewhere. On a processor that has them this script has nothing to show and says so.
#
# Seen (AMD EPYC, AVX2, one thread): a training step of a small depthwise network took 10.8 times as long in bfloat16
# as in float32, with no warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import statistics
import time
import warnings

import torch
from torch import nn

print("torch", torch.__version__)
if torch.cpu._is_avx512_bf16_supported() or not torch.cpu._is_avx2_supported():
    raise SystemExit("this processor has bfloat16 instructions, or is no x86 with AVX2: nothing to see here")
torch.set_num_threads(1)
torch.manual_seed(0)


def block(channels):
    depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    return nn.Sequential(depthwise, nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU())


network = nn.Sequential(nn.Conv2d(3, 64, 3, 2, 1), *(block(64) for _ in range(4)), nn.AdaptiveAvgPool2d(1), nn.Flatten())
network = network.to(memory_format=torch.channels_last)
pictures = torch.randn(16, 3, 112, 112).contiguous(memory_format=torch.channels_last)


def step(bfloat16):
    start = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        loss = network(pictures).float().square().mean()
    loss.backward()
    return time.perf_counter() - start


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    step(False), step(True)
    times = [(step(False), step(True)) for _ in range(5)]
ratio = statistics.median(slow / fast for fast, slow in times)
print(f"bfloat16 over float32: {ratio:.1f}; warnings: {len(said)}")
assert ratio > 1.5 and not said, "no longer slower, or it says so now"
PY
