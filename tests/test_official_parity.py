"""The released network, weight by weight: golden logits and maps (tests/data/reference) must come out of ours."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tdn.model import RESNET50, TDN, Architecture
from tdn.weights import convert_official
from tests.conftest import logits_and_maps

REFERENCE = Path(__file__).parent / "data" / "reference"
NAME = "resnet50_8f_174c_224"


def _formulas():
    spec = importlib.util.spec_from_file_location("reference_weights", REFERENCE / "weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def official_state() -> dict[str, torch.Tensor]:
    keys = json.loads((REFERENCE / f"{NAME}.keys.json").read_text())
    make = _formulas().tensor_for
    return {key: torch.from_numpy(np.asarray(make(key, tuple(shape)))) for key, shape in keys.items()}


@pytest.fixture(scope="module")
def ours(official_state, tmp_path_factory) -> TDN:
    path = tmp_path_factory.mktemp("official") / "released_8f.pth"
    torch.save({"state_dict": official_state}, path)
    return convert_official(path, num_segments=8)


@pytest.fixture(scope="module")
def clip() -> torch.Tensor:
    return torch.from_numpy(_formulas().clip_for(NAME, 8, 224)).reshape(1, 8, 5, 3, 224, 224)


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    return dict(np.load(REFERENCE / f"{NAME}.npz"))


def test_logits_are_those_of_the_released_network(ours, clip, golden):
    with torch.no_grad():
        logits = ours(clip)
    assert np.abs(logits.numpy() - golden["logits"]).max() < 1e-6


def test_maps_are_those_of_the_released_network_in_double_precision(ours, clip, golden):
    logits, maps = logits_and_maps(ours.double(), clip.double())
    ours.float()
    assert int(logits.argmax()) == int(golden["cam_class"])
    for layer, name in (("res2", "cam_res2"), ("final", "cam_res5")):
        deviation = np.abs(maps[layer][0].numpy() - golden[name]).max() / golden[name].max()
        assert deviation < 1e-6, layer


def test_every_released_tensor_has_its_place(official_state):
    model = TDN(Architecture(RESNET50, 174))
    dead = [key for key in official_state if "conv1_temp" in key]
    assert len(model.state_dict()) == len(official_state) - len(dead) == 787
