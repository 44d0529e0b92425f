"""The plain network of the speed tests is the released one too: the golden outputs come out of it."""

import json

import numpy as np
import torch

from studies.speed.plain import PlainTDN
from tests.test_official_parity import NAME, REFERENCE, _formulas


def test_the_plain_network_gives_the_released_logits():
    keys = json.loads((REFERENCE / f"{NAME}.keys.json").read_text())
    make = _formulas().tensor_for
    state = {
        key: torch.from_numpy(np.asarray(make(key, tuple(shape))))
        for key, shape in keys.items()
        if "conv1_temp" not in key
    }
    model = PlainTDN(num_classes=174).eval()
    model.load_state_dict(state)
    clip = torch.from_numpy(_formulas().clip_for(NAME, 8, 224))
    with torch.inference_mode():
        logits = model(clip)
    assert np.abs(logits.numpy() - np.load(REFERENCE / f"{NAME}.npz")["logits"]).max() < 1e-6
