"""A graph for maps keeps a fraction of what PyTorch's would, and has the same gradients."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.explain import ForwardPass
from tdn.explain.forward_pass import gradients_as_usual, recorded
from tdn.explain.lean_graph import lean_graph
from tdn.model.inference import inference_copy
from tdn.networks import Network, Tap, as_network
from tests.conftest import network, random_clip, tiny


def kept_bytes(run: Callable[[], object], model: nn.Module) -> int:
    """What a graph keeps for the way back, weights left out; every tensor counts once."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = run()  # alive until all is counted, so that no address comes twice
    size = sum(storage.nbytes() for address, storage in kept.items() if address not in weights)
    del result
    return size


def plain_pass(model: nn.Module, clip: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The same pass over the modules as PyTorch runs them."""
    value = as_network(model)
    module, taken, _ = recorded(value, value.layers)
    with gradients_as_usual(clip.device):
        return module(clip), taken


@pytest.mark.parametrize("name", ["tdn_tiny_8f", "tconv_baseline_small_8f", "tdn_mobilenetv2_8f"])
def test_a_pass_for_maps_keeps_a_fifth_of_what_the_plain_modules_keep(name):
    model = inference_copy(network(tiny(name)))
    clip = random_clip(model.architecture)
    ours = kept_bytes(lambda: ForwardPass(model, clip), model)
    assert ours < 0.2 * kept_bytes(lambda: plain_pass(model, clip), model)


@pytest.mark.parametrize("name", ["tdn_tiny_8f", "tconv_baseline_small_8f", "tdn_mobilenetv2_8f"])
def test_gradients_are_those_of_the_plain_modules(name):
    model = inference_copy(network(tiny(name))).double()
    clip = random_clip(model.architecture).double()
    scores, taken = plain_pass(model, clip)
    expected = torch.autograd.grad(scores[0, 1], taken["res2"])[0]
    lean = ForwardPass(model, clip)
    found = torch.autograd.grad(lean._scores[0, 1], lean._taken["res2"])[0]
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("how", [(1, 0, 1), (2, 1, 1), (3, 0, 2), (1, 2, 2)], ids=str)
@pytest.mark.parametrize("kernel", [1, 3])
def test_any_convolution_has_pytorch_s_gradient(dimensions, how, kernel, groups):
    convolve = {1: nnf.conv1d, 2: nnf.conv2d, 3: nnf.conv3d}[dimensions]
    x = torch.randn(2, 4, *[10, 9, 8][:dimensions], dtype=torch.double, requires_grad=True)
    weight = torch.randn(6, 4 // groups, *[kernel] * dimensions, dtype=torch.double)
    expected = convolve(x, weight, None, *how, groups)
    with lean_graph(nn.Identity(), []):
        found = convolve(x, weight, None, *how, groups)
    back = torch.randn_like(expected)
    assert torch.allclose(*(torch.autograd.grad(one, x, back)[0] for one in (expected, found)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("clip_off", [nnf.relu, torch.relu, Tensor.relu, nnf.relu6, nnf.hardtanh])
def test_what_is_cut_off_has_no_gradient(clip_off):
    x = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 6.0, 7.0], requires_grad=True)
    with lean_graph(nn.Identity(), []):
        found = clip_off(x)
    assert torch.equal(found, clip_off(x))
    assert torch.equal(*(torch.autograd.grad(one.sum(), x)[0] for one in (clip_off(x), found)))


def test_weights_that_want_a_gradient_have_it():
    x, weight = torch.randn(1, 2, 4, 4, requires_grad=True), torch.randn(2, 2, 1, 1, requires_grad=True)
    with lean_graph(nn.Identity(), []):
        nnf.conv2d(x, weight).sum().backward()
    assert x.grad is not None and weight.grad is not None


def test_maps_may_be_taken_inside_a_module_that_is_repeated_elsewhere():
    model = network(tiny())
    inside = next(name for name, _ in model.named_modules() if name.endswith("l_tdm.squeeze"))
    known = as_network(model)
    tap = Tap("inside", inside, "(NT)CHW", segments=8)
    given = Network(model, known.labels, known.reads, [tap, known.taps["final"]])
    assert given.layers == ("inside", "final")
    assert ForwardPass(given, random_clip(model.architecture)).maps([0])["inside"].any()
