"""Every row of the paper's tables, from its name through training to its two maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tdn.data.clip import clip_from_frames
from tdn.explain import grad_cam
from tdn.model import FAMILY, MOBILENET, RESNET101, TINY
from tdn.motion import synthetic_clip
from tdn.train.recipes import SMOKE
from tdn.train.run import train
from tdn.weights import load_model

FEW = replace(SMOKE, epochs=2, clips_per_epoch=4, pool_clips=4, val_clips=2, batch_size=2, backbone=TINY.name)
# The other ResNet-101 rows and those of MobileNetV2 differ from their ResNet-50 twins in the backbone alone, which the
# small one replaces; tests/test_mobilenet.py trains on MobileNetV2.
TRAINED_ROWS = [name for name, row in FAMILY.items() if row.architecture.backbone not in (RESNET101, MOBILENET)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("family")


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return synthetic_clip("Moving something up", seed=0)[0]


@pytest.mark.parametrize("name", TRAINED_ROWS)
def test_a_row_trains_by_name_and_shows_its_maps(name, runs, frames, undrawn):
    model = load_model(train(replace(FEW, model=name), runs / name))
    clip = clip_from_frames(frames, model)
    maps = grad_cam(model, clip.tensor)
    segments = FAMILY[name].architecture.num_segments
    assert clip.tensor.shape[1:3] == (segments, FAMILY[name].architecture.window)
    assert maps["res2"].shape == (1, segments, 16, 16) and maps["final"].shape == (1, segments, 4, 4)


def test_names_of_rows_say_their_backbone_and_segments():
    for name, row in FAMILY.items():
        backbone, segments = name.rsplit("_", 2)[1:]
        assert segments == f"{row.architecture.num_segments}f"
        assert row.architecture.backbone.name.startswith(backbone) or backbone in ("small", "tiny")
