"""One forward pass gives the signed maps of any class, and nothing of the network is touched."""

import pytest
import torch

from tdn.explain import ForwardPass, grad_cam
from tests.conftest import network, random_clip, tiny


def test_any_class_has_the_maps_of_a_first_analysis():
    model = network(tiny())
    clip = random_clip(model.architecture, num_clips=2)
    taken = ForwardPass(model, clip)
    for classes in ([0, 3], [5, 5]):
        expected, found = grad_cam(model, clip, classes), taken.maps(classes)
        for layer, values in expected.items():
            assert torch.allclose(found[layer].relu(), values, rtol=1e-4, atol=1e-6 * values.max().item())


def test_its_logits_are_those_of_the_network():
    model = network(tiny())
    clip = random_clip(model.architecture)
    assert torch.allclose(ForwardPass(model, clip).logits, model(clip), atol=1e-5)


def test_one_layer_may_be_asked_for_alone():
    model = network(tiny())
    clip = random_clip(model.architecture)
    assert list(ForwardPass(model, clip).maps([1], ["final"])) == ["final"]


def test_the_network_is_left_as_it_was():
    model = network(tiny()).train()
    ForwardPass(model, random_clip(model.architecture)).maps([1])
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_the_final_stage_needs_no_backward_pass(monkeypatch):
    model = network(tiny())
    taken = ForwardPass(model, random_clip(model.architecture))
    monkeypatch.setattr(torch.autograd, "grad", None)
    assert taken.maps([2], ["final"])["final"].shape[:2] == (1, 8)


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="expected one of"):
        ForwardPass(network(tiny()), random_clip(tiny()), ["res9"])
