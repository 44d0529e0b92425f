#!/usr/bin/env bash
# grad-cam 1.5.7 (torch 2.13.0): `aug_smooth=True` on a clip [N, C, T, H, W].
#
# Behaviour: the option averages the maps of mirrored and brighter copies. It mirrors the axis that in a picture runs
# from left to right, number 3; in a clip that one runs from top to bottom. Three of the six passes so show the network
# a clip that stands on its head, which no video was trained on, and none is mirrored.
#
# Seen: of 6 passes over a clip that is bright in its upper half, 3 are bright in their lower half; of 6 passes over a
# clip that is bright in its left half, none is bright in its right half. A picture [N, C, H, W] is mirrored as meant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  grad-cam==1.5.7 torch==2.13.0 torchvision==0.28.0 numpy==2.3.5
"$folder/venv/bin/pip" uninstall --quiet --yes opencv-python opencv-python-headless
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==4.13.0.92
# Beside a torch built for the CPU torchvision can't load its compiled operators: declare the two that importing needs.
DECLARE=0; "$folder/venv/bin/python" -c "import torchvision" 2>/dev/null || DECLARE=1
export DECLARE
"$folder/venv/bin/python" - <<'PY'
import os

import torch
from torch import nn

if os.environ["DECLARE"] == "1":
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget


class Network(nn.Module):
    """Remembers which half of what it is shown is the brighter: rows are axis -2, columns axis -1."""

    def __init__(self, convolution):
        super().__init__()
        self.features, self.head, self.halves = convolution, nn.Linear(4, 2), []

    def forward(self, x):
        upper, lower = (half.mean() for half in x.chunk(2, -2))
        left, right = (half.mean() for half in x.chunk(2, -1))
        self.halves.append((bool(lower > upper), bool(right > left)))
        return self.head(self.features(x).flatten(2).mean(2))


def turned(convolution, shape, axis):
    """How many of the passes stand on their head, and how many are mirrored, of a clip bright in its first half."""
    x = torch.zeros(shape)
    x.narrow(axis, 0, shape[axis] // 2).fill_(1)
    network = Network(convolution).eval()
    GradCAM(network, [network.features])(x.requires_grad_(), [ClassifierOutputTarget(0)], aug_smooth=True)
    return len(network.halves), sum(half[0] for half in network.halves), sum(half[1] for half in network.halves)


torch.manual_seed(0)
clip, picture = (1, 3, 4, 16, 16), (1, 3, 16, 16)
seen = {
    "clip, bright above": turned(nn.Conv3d(3, 4, 2), clip, -2),
    "clip, bright on the left": turned(nn.Conv3d(3, 4, 2), clip, -1),
    "picture, bright above": turned(nn.Conv2d(3, 4, 2), picture, -2),
    "picture, bright on the left": turned(nn.Conv2d(3, 4, 2), picture, -1),
}
for name, (passes, on_their_head, mirrored) in seen.items():
    print(f"{name}: {passes} passes, {on_their_head} upside down, {mirrored} mirrored")
assert list(seen.values()) == [(6, 3, 0), (6, 0, 0), (6, 0, 0), (6, 0, 3)], "the behaviour has changed"
PY
