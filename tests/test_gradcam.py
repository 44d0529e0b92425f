"""Raw maps: right against a slow, obvious version and the closed form; and nothing left behind."""

import numpy as np
import pytest
import torch

from tdn.explain import ForwardPass, grad_cam
from tdn.model import FAMILY
from tests.conftest import logits_and_maps, network, random_clip, tiny


def by_hand(model, clip, target, tap):
    """Grad-CAM in ten lines: full graph, hooks, plain loops over frames."""
    kept = {}
    handle = getattr(model, tap).register_forward_hook(lambda m, i, o: kept.update(a=o) or o.retain_grad())
    model.requires_grad_(True)
    model(clip)[0, target].backward()
    handle.remove()
    maps = []
    for activation, gradient in zip(kept["a"], kept["a"].grad, strict=True):
        weights = gradient.mean((1, 2))
        maps.append((weights[:, None, None] * activation).sum(0).clamp(min=0))
    return torch.stack(maps).detach()


@pytest.mark.parametrize("layer, tap", [("res2", "fuse2"), ("final", "res5")])
def test_maps_equal_a_grad_cam_written_by_hand(layer, tap):
    model = network(tiny()).double()
    clip = random_clip(model.architecture).double()
    ours = grad_cam(model, clip, target=2)[layer][0]
    assert torch.allclose(ours, by_hand(model, clip, 2, tap), atol=1e-12)


def test_both_layers_come_from_one_backward_pass_and_agree_with_one_at_a_time():
    model = network(tiny())
    clip = random_clip(model.architecture)
    together = grad_cam(model, clip, 1)
    for layer in ("res2", "final"):
        assert torch.allclose(together[layer], grad_cam(model, clip, 1, (layer,))[layer], atol=1e-7)


def test_the_final_map_is_the_closed_form_and_sums_to_the_logit():
    model = network(tiny()).double()
    clip = random_clip(model.architecture).double()
    taken = ForwardPass(model, clip)
    features = taken.activation("final")  # [1, C, T, h, w]
    evidence = torch.einsum("kc,ncthw->ntkhw", model.head.weight, features) / features[0, 0].numel()
    assert torch.allclose(evidence.sum((1, 3, 4)) + model.head.bias, taken.logits, atol=1e-10)
    for target in range(len(model.head.bias)):
        final = grad_cam(model, clip, target, ("final",))["final"]
        assert torch.allclose(final, evidence[:, :, target].relu(), atol=1e-10)


def test_each_clip_of_a_batch_has_its_own_target_and_its_own_map():
    model = network(tiny())
    clips = random_clip(model.architecture, num_clips=2)
    together = grad_cam(model, clips, [1, 4])["res2"]
    assert torch.allclose(together[1], grad_cam(model, clips[1:], 4)["res2"][0], atol=1e-6)


def test_no_target_means_the_top_class():
    model = network(tiny())
    clip = random_clip(model.architecture)
    logits, maps = logits_and_maps(model, clip)
    assert torch.equal(maps["res2"], grad_cam(model, clip, int(logits.argmax()))["res2"])


@pytest.mark.parametrize("target", [6, -1, [0, 1]])
def test_a_target_that_does_not_exist_is_refused(target):
    model = network(tiny())
    with pytest.raises(ValueError, match="target"):
        grad_cam(model, random_clip(model.architecture), target)


def test_a_layer_that_does_not_exist_is_refused():
    model = network(tiny())
    with pytest.raises(ValueError, match="layer 'res9'"):
        grad_cam(model, random_clip(model.architecture), 0, ("res9",))


def state(model):
    return (
        [module.training for module in model.modules()],
        [parameter.requires_grad for parameter in model.parameters()],
        [parameter.grad for parameter in model.parameters()],
        [len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules()],
        {name: value.clone() for name, value in model.state_dict().items()},
    )


@pytest.mark.parametrize("target", [0, 99])
def test_the_model_is_left_as_it_was_also_when_the_call_fails(target):
    model = network(tiny()).train()
    before = state(model)
    clip = random_clip(model.architecture)
    if target == 99:
        with pytest.raises(ValueError):
            grad_cam(model, clip, target)
    else:
        grad_cam(model, clip, target)
    after = state(model)
    assert before[:4] == after[:4]
    assert all(torch.equal(before[4][name], after[4][name]) for name in before[4])


def test_maps_do_not_depend_on_the_mode_the_model_was_in():
    model = network(tiny(), seed=1)
    clip = random_clip(model.architecture)
    quiet = grad_cam(model.eval(), clip, 0)["res2"]
    assert torch.equal(quiet, grad_cam(model.train(), clip, 0)["res2"])


def test_maps_are_raw_detached_and_not_negative():
    model = network(tiny())
    maps = grad_cam(model, random_clip(model.architecture), 0)
    assert all(not m.requires_grad and (m >= 0).all() for m in maps.values())
    assert maps["res2"].shape == (1, 8, 16, 16) and maps["final"].shape == (1, 8, 4, 4)
    twice = network(tiny())
    twice.head.weight.data *= 2
    doubled = grad_cam(twice, random_clip(model.architecture), 0)
    assert torch.allclose(doubled["final"], 2 * maps["final"], rtol=1e-4)


@pytest.mark.parametrize("name", sorted(FAMILY))
def test_every_row_of_the_family_has_its_two_maps(name):
    model = network(tiny(name))
    maps = grad_cam(model, random_clip(model.architecture), 0)
    segments = model.num_segments
    assert maps["res2"].shape == (1, segments, 16, 16) and maps["final"].shape == (1, segments, 4, 4)


@pytest.mark.parametrize("height, width", [(64, 64), (67, 101), (64, 65)])
def test_any_size_from_64_pixels_has_its_maps(height, width):
    model = network(tiny())
    clip = torch.randn(1, 8, 5, 3, height, width)
    assert grad_cam(model, clip, 0)["res2"].shape == (1, 8, -(-height // 4), -(-width // 4))


def test_tsn_maps_move_with_their_segments():
    model = network(tiny("tsn_resnet50_8f"))
    clip = random_clip(model.architecture)
    order = np.random.default_rng(0).permutation(8)
    straight, shuffled = (grad_cam(model, c, 0)["res2"][0] for c in (clip, clip[:, order]))
    assert torch.allclose(straight[order], shuffled, atol=1e-6)


def test_the_paper_s_library_weights_are_the_spatial_mean_of_the_gradient():
    from pytorch_grad_cam import GradCAM

    gradients = np.random.default_rng(0).normal(size=(4, 3, 5, 6)).astype(np.float32)
    weights = GradCAM(network(tiny()), []).get_cam_weights(None, None, None, gradients, gradients)
    assert np.allclose(weights, gradients.mean((2, 3)))
