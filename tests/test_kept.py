"""A kept pass gives the maps of any class, without another forward pass."""

import pytest
import torch

from tdn.explain.gradcam import explain_logits, grad_cam
from tdn.explain.kept import KeptPass
from tests.conftest import network, random_clip, tiny


def test_any_class_has_the_maps_of_a_first_analysis():
    model = network(tiny())
    clip = random_clip(model.architecture, num_clips=2)
    kept = KeptPass(model, clip)
    for classes in ([0, 3], [5, 5]):
        expected, found = grad_cam(model, clip, classes), kept.maps(classes)
        for layer, values in expected.items():
            assert torch.allclose(found[layer], values, rtol=1e-4, atol=1e-6 * values.max().item())


def test_its_logits_are_those_of_the_network():
    model = network(tiny())
    clip = random_clip(model.architecture)
    assert torch.allclose(KeptPass(model, clip).logits, explain_logits(model, clip)[0])


def test_one_layer_may_be_asked_for_alone():
    model = network(tiny())
    clip = random_clip(model.architecture)
    assert list(KeptPass(model, clip).maps([1], ["final"])) == ["final"]


def test_the_network_is_left_as_it_was():
    model = network(tiny()).train()
    KeptPass(model, random_clip(model.architecture)).maps([1])
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())
    assert not any(tap._forward_hooks for tap in model.taps.children())


def test_the_final_stage_needs_no_backward_pass(monkeypatch):
    model = network(tiny())
    kept = KeptPass(model, random_clip(model.architecture))
    monkeypatch.setattr(torch.autograd, "grad", None)
    assert kept.maps([2], ["final"])["final"].shape[:2] == (1, 8)


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="expected one of"):
        KeptPass(network(tiny()), random_clip(tiny()), ["res9"])
