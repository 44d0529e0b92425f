"""The methods: each equals the library's own class where that is defined, and keeps its identities."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tdn.explain import METHODS, ForwardPass, Rule, grad_cam
from tdn.explain.methods import library_class, principal_component, weigh
from tdn.networks import as_network
from tests.conftest import logits_and_maps, network, random_clip, tiny


@pytest.fixture
def model():
    return network(tiny()).double()


def clip_of(model, num_clips: int = 1) -> torch.Tensor:
    return random_clip(model.architecture, num_clips=num_clips).double()


@pytest.mark.parametrize("method", [name for name in METHODS if name != "eigencam"])
def test_frames_are_weighed_as_the_library_weighs_images(method, rng):
    activations = torch.from_numpy(rng.random((8, 6, 5, 7)).astype(np.float32))
    gradients = torch.from_numpy(rng.normal(size=(8, 6, 5, 7)).astype(np.float32))
    of_a_segment = 8 * gradients if method == "grad_cam_pp" else gradients
    library = library_class(method)(network(tiny()), []).get_cam_image(
        None, None, None, activations.numpy(), of_a_segment.numpy(), False
    )
    clip, slopes = (values.unflatten(0, (1, 8)).transpose(1, 2) for values in (activations, gradients))
    found = (
        weigh(clip, slopes, Rule(method, weights=None if method in ("hirescam", "layercam") else "frame"), 8)[0]
        .relu()
        .numpy()
    )
    assert found == pytest.approx(np.maximum(library, 0), abs=1e-5)


@pytest.mark.parametrize("method", ["grad_cam", "hirescam", "xgradcam"])
def test_three_methods_agree_with_the_closed_form_at_the_final_stage(model, method):
    clip = clip_of(model)
    rule = Rule(method, signed=True)
    taken = ForwardPass(model, clip)
    logits, features = taken.logits, taken.activation("final")[0]
    expected = torch.einsum("c,cthw->thw", model.head.weight[2], features) / features[0].numel()
    found = grad_cam(model, clip, 2, ["final"], rule)["final"][0]
    assert torch.allclose(found, expected, atol=1e-7)
    # Complete: the cells add up to the logit, but for its bias.
    assert found.sum() == pytest.approx((logits[0, 2] - model.head.bias[2]).item(), abs=1e-6)


def test_a_hand_made_gradient_at_the_final_stage_is_the_one_of_autograd(model):
    clip, rule = clip_of(model, 2), Rule("layercam")
    taken = ForwardPass(replace(as_network(model), exact_head=None), clip)
    expected = taken.maps([1, 4], ["final"], rule)["final"]
    assert torch.allclose(grad_cam(model, clip, [1, 4], ["final"], rule)["final"], expected, atol=1e-10)


@pytest.mark.parametrize("layer", ["res2", "final"])
def test_class_a_less_class_b_is_the_difference_of_their_signed_maps(model, layer):
    clip, rule = clip_of(model), Rule(signed=True)
    one, other = (grad_cam(model, clip, wanted, [layer], rule)[layer] for wanted in (0, 3))
    both = grad_cam(model, clip, 0, [layer], rule, versus=3)[layer]
    assert torch.allclose(both, one - other, atol=1e-9)


def test_one_weight_for_the_clip_is_the_mean_of_those_of_the_frames(model):
    clip = clip_of(model)
    taken = ForwardPass(model, clip, ["res3"])
    per_clip = taken.maps([1], rule=Rule(weights="clip"))["res3"][0]
    features = taken.activation("res3")[0].transpose(0, 1)
    again = ForwardPass(model, clip, ["res3"])
    (gradient,) = torch.autograd.grad(again._scores[0, 1], [again._taken["res3"]])
    weights = gradient.mean((0, 2, 3))
    assert torch.allclose(per_clip, torch.einsum("c,tchw->thw", weights, features), atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_maps_every_clip_of_a_batch_by_itself(model, method):
    clip, rule = clip_of(model, 2), Rule(method)
    together = grad_cam(model, clip, [0, 3], rule=rule)
    for index, wanted in enumerate((0, 3)):
        alone = grad_cam(model, clip[index : index + 1], wanted, rule=rule)
        for layer, values in alone.items():
            assert torch.allclose(together[layer][index], values[0], rtol=1e-4, atol=1e-5 * values.max().item())


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_untouched_by_every_method(method):
    model = network(tiny()).train()
    hooks = [len(module._forward_hooks) for module in model.modules()]
    grad_cam(model, random_clip(model.architecture), 1, rule=Rule(method))
    with pytest.raises(ValueError):
        grad_cam(model, random_clip(model.architecture), 99, rule=Rule(method))
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())
    assert [len(module._forward_hooks) for module in model.modules()] == hooks


def test_the_principal_component_is_the_library_s_up_to_sign(rng):
    from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection  # after tdn.explain, which mends its import

    activations = torch.from_numpy(rng.random((3, 5, 4, 6)))
    found = principal_component(activations)
    volume = activations.permute(1, 0, 2, 3)[None].numpy()
    library = get_2d_projection(volume)[0]
    assert np.abs(found.numpy()) == pytest.approx(np.abs(library), abs=1e-5)
    strength = activations.norm(dim=1)
    assert ((found - found.mean()) * (strength - strength.mean())).sum() > 0


def test_eigen_cam_knows_no_class(model):
    clip = clip_of(model)
    one, other = (grad_cam(model, clip, wanted, ["res4"], Rule("eigencam"))["res4"] for wanted in (0, 5))
    assert torch.equal(one, other)


@pytest.mark.parametrize("layer", as_network(network(tiny("tdn_s123_l45_resnet50_8f"))).taps)
def test_any_tap_of_the_network_has_maps(layer):
    model = network(tiny("tdn_s123_l45_resnet50_8f"))
    maps = grad_cam(model, random_clip(model.architecture), 0, [layer, "final"])
    assert maps[layer].shape[:2] == (1, 8) and maps[layer].isfinite().all()


def test_a_point_that_this_network_lacks_is_refused():
    model = network(tiny("tsn_resnet50_8f"))
    with pytest.raises(ValueError, match="layer 'diff1': TSN has rgb1, res1"):
        grad_cam(model, random_clip(model.architecture), 0, ["diff1"])


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"method": "scorecam"}, "expected one of grad_cam"),
        ({"weights": "video"}, "frame or clip"),
        ({"method": "layercam", "weights": "clip"}, "weighs no channels"),
        ({"method": "eigencam", "signed": True}, "no negative evidence"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Rule(**settings)


def test_a_rule_names_itself():
    assert str(Rule(weights="frame")) == "Grad-CAM, weights per frame, ReLU, logit before softmax"
    assert str(Rule("hirescam", signed=True)) == "HiResCAM, signed, logit before softmax"


def test_logits_do_not_depend_on_the_method(model):
    clip = clip_of(model)
    logits = [logits_and_maps(model, clip, 0, rule=Rule(method))[0] for method in METHODS]
    assert all(torch.equal(logits[0], other) for other in logits)
