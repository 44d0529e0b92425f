#!/usr/bin/env bash
# grad-cam 1.5.7 (torch 2.13.0) on a network that takes clips frames first, [N, T, C, H, W].
#
# Behaviour: GradCAM takes the last three sizes of the input for time, height and width. A network whose input is
# [N, T, C, H, W] (the video classifiers of Hugging Face transformers, and most recognisers that average frames) gets a
# map with as many "frames" as the picture has colours. Nothing is said.
#
# Seen: a clip of 16 frames gives a map of shape (1, 3, 112, 112); the same clip as [N, C, T, H, W] (1, 16, 112, 112).
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
"$folder/venv/bin/python" -W error::UserWarning - <<'PY'
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
    def __init__(self, frames_first):
        super().__init__()
        self.frames_first = frames_first
        self.features, self.head = nn.Conv3d(3, 4, (2, 16, 16), stride=(2, 16, 16)), nn.Linear(4, 2)

    def forward(self, clip):
        clip = clip.transpose(1, 2) if self.frames_first else clip
        return self.head(self.features(clip).mean((2, 3, 4)))


def shape(frames_first, clip):
    network = Network(frames_first).eval()
    return GradCAM(network, [network.features])(clip.requires_grad_(), [ClassifierOutputTarget(0)]).shape


frames_first = shape(True, torch.rand(1, 16, 3, 112, 112))
colours_first = shape(False, torch.rand(1, 3, 16, 112, 112))
print("16 frames, [N, T, C, H, W]: map", frames_first)
print("16 frames, [N, C, T, H, W]: map", colours_first)
assert frames_first == (1, 3, 112, 112) and colours_first == (1, 16, 112, 112), "the behaviour has changed"
PY
