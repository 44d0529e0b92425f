#!/usr/bin/env bash
# grad-cam 1.5.7 (torch 2.13.0): where a map of a video network [N, C, T, H, W] peaks.
#
# Behaviour: for a picture network the map is enlarged with the middles of its cells kept in place. For a video network
# (a 5-D activation) it is enlarged with the outermost cells pinned to the outermost pixels and frames instead. The peak
# moves by up to half a cell in space and time: with two time steps of 8 frames each, evidence of the first step peaks
# at frame 0, not in the middle of frames 0 to 7. The two enlargements of one library so disagree on the same cell.
#
# Seen: a lit cell covering rows and columns 16 to 31 of 112 (middle 23.5) and frames 0 to 7 of 16 (middle 3.5) peaks at
# row 23 for the picture network; at row 19, column 19, frame 0 for the video network.
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

import numpy as np
import torch
from torch import nn

if os.environ["DECLARE"] == "1":
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget


class Cells(nn.Module):
    """Averages over cells, then over all: the map of its only class is the lit cell itself."""

    def __init__(self, cells):
        super().__init__()
        self.cells, self.tap, self.head = cells, nn.Identity(), nn.Linear(3, 1, bias=False)
        nn.init.ones_(self.head.weight)

    def forward(self, x):
        return self.head(self.tap(self.cells(x)).flatten(2).mean(2))


def peak(network, x):
    cam = GradCAM(network.eval(), [network.tap])(x.requires_grad_(), [ClassifierOutputTarget(0)])[0]
    return [int(place) for place in np.unravel_index(cam.argmax(), cam.shape)]


picture = torch.zeros(1, 3, 112, 112)
picture[..., 16:32, 16:32] = 1
video = torch.zeros(1, 3, 16, 112, 112)
video[:, :, :8, 16:32, 16:32] = 1
of_picture = peak(Cells(nn.AvgPool2d(16)), picture)
of_video = peak(Cells(nn.AvgPool3d((8, 16, 16))), video)
print("lit: rows and columns 16-31 (middle 23.5), frames 0-7 (middle 3.5)")
print("peak of the picture network's map [row, column]:     ", of_picture)
print("peak of the video network's map [frame, row, column]:", of_video)
assert of_picture == [23, 23] and of_video == [0, 19, 19], "the behaviour has changed"
PY
