"""The copy for prediction is the same network: logits and maps in double precision, for every row of the family."""

import copy

import pytest
import torch

from tdn.model import FAMILY
from tdn.model.inference import inference_copy
from tests.conftest import logits_and_maps, network, random_clip, tiny


@pytest.mark.parametrize("name", [name for name in FAMILY if name.endswith("resnet50_8f")] + ["tdn_tiny_8f"])
def test_logits_and_maps_are_those_of_the_network(name):
    model = network(tiny(name)).double()
    clip = random_clip(model.architecture).double()
    logits, maps = logits_and_maps(model, clip)
    fast_logits, fast_maps = logits_and_maps(inference_copy(model), clip)
    assert (logits - fast_logits).abs().max() <= 1e-9 * logits.abs().max()
    for layer, expected in maps.items():
        assert (expected - fast_maps[layer]).abs().max() <= 1e-9 * expected.max()


def test_the_copy_of_a_legacy_network_is_that_network():
    legacy = network(tiny(legacy_backward=True)).double()
    clip = random_clip(legacy.architecture).double()
    assert torch.allclose(legacy(clip), inference_copy(legacy)(clip), rtol=0, atol=1e-12)


def test_no_batch_norm_is_left_and_the_original_stays_as_it_was():
    model = network(tiny()).train()
    before = copy.deepcopy(model.state_dict())
    fast = inference_copy(model)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fast.modules())
    assert not any(parameter.requires_grad for parameter in fast.parameters()) and not fast.training
    assert model.training and all(parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_it_keeps_what_loading_put_on_the_network():
    model = network(tiny())
    model.labels = ["a", "b"]
    assert inference_copy(model).labels == ["a", "b"]


def test_both_directions_in_one_pass_are_two_passes():
    model = network(tiny()).double()
    clip = random_clip(model.architecture).double()
    one_pass = model(clip)
    for module in model.modules():
        # Batch norms keep to their statistics; only the way of L-TDM through its response changes.
        if type(module).__name__ == "LongTermTDM":
            module.training = True
    assert (one_pass - model(clip)).abs().max() < 1e-12
