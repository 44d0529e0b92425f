#!/usr/bin/env bash
# PyTorch 2.13.0, CPU build (oneDNN), on an x86 processor that has bfloat16 instructions.
#
# Behaviour: a depthwise 3x3 convolution with stride 2 and its gradient take several times as long in bfloat16 as in
# float32, though with stride 1 they are faster. Of the two sizes below the smaller one suffers more. Such layers are in
# every MobileNet, so torch.autocast("cpu", torch.bfloat16) can make its training slower than it need be; computing them
# in float32 is the remedy. Nothing warns. On a processor without the instructions this script has nothing to show and
# says so.
#
# Seen (AMD EPYC with AVX512-BF16, one thread, 64 pictures, forward and gradient, bfloat16 against float32):
# 144 channels of 28 x 28: 8.0 times with stride 2, 0.5 with stride 1; 192 channels of 14 x 14: 12.9 times and 0.6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import statistics
import time

import torch
import torch.nn.functional as nnf

print("torch", torch.__version__)
if not torch.cpu._is_avx512_bf16_supported():
    raise SystemExit("this processor has no AVX512-BF16: nothing to see here")
torch.set_num_threads(1)
torch.manual_seed(0)


def step(channels, side, stride, dtype):
    """Seconds of one convolution and its gradient."""
    pictures = torch.randn(64, channels, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(channels, 1, 3, 3, dtype=dtype, requires_grad=True)
    began = time.perf_counter()
    out = nnf.conv2d(pictures.requires_grad_(), weight, stride=stride, padding=1, groups=channels)
    out.backward(torch.ones_like(out))
    return time.perf_counter() - began


def ratio(channels, side, stride):
    """Median of bfloat16 over that of float32, in turns."""
    seconds = {torch.bfloat16: [], torch.float32: []}
    for turn in range(10):
        for dtype, taken in seconds.items():
            taken.append(step(channels, side, stride, dtype))
    return statistics.median(seconds[torch.bfloat16]) / statistics.median(seconds[torch.float32])


factors = {}
for channels, side in ((144, 28), (192, 14)):
    for stride in (1, 2):
        factors[side, stride] = ratio(channels, side, stride)
        print(f"{channels} channels of {side} x {side}, stride {stride}: {factors[side, stride]:.1f} times float32")
if not all(factors[side, 2] > 2 and factors[side, 2] > 2 * factors[side, 1] for side in (28, 14)):
    raise SystemExit("the behaviour has changed")
PY
