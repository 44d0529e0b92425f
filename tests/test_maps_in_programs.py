"""Maps asked for as programs ask: from threads, in every mode of PyTorch, of wrapped and low-precision networks."""

import threading
from functools import partial

import numpy as np
import pytest
import torch

from tdn.explain import METHODS, Rule, grad_cam
from tdn.explain.inside import channel_means, gate_sizes
from tdn.explain.network_changes import random_weights
from tdn.networks import as_network
from tdn.networks.twin import twin_of
from tests.conftest import network, random_clip, tiny
from tests.test_changes import compare

MODES = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": partial(torch.autocast, "cpu", torch.bfloat16),
}


@pytest.fixture(scope="module")
def model():
    return network(tiny())


@pytest.fixture(scope="module")
def clip(model):
    return random_clip(model.architecture)


def same(one: dict, other: dict) -> bool:
    return all(torch.allclose(one[key].float(), other[key].float(), rtol=1e-4, atol=1e-6) for key in one | other)


def asked_at_once(questions: list, times: int = 4) -> list[list]:
    """What each question gives, asked `times` times in a thread of its own."""
    answers: list[list] = [[] for _ in questions]
    start = threading.Barrier(len(questions))

    def ask(place: int) -> None:
        start.wait()
        for _ in range(times):
            try:
                answers[place].append(questions[place]())
            except Exception as error:
                answers[place].append(error)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def expect_as_alone(questions: list, take=lambda answer: answer) -> None:
    alone = [take(question()) for question in questions]
    for expected, found in zip(alone, asked_at_once(questions), strict=True):
        assert all(not isinstance(one, Exception) and same(take(one), expected) for one in found), found


@pytest.mark.parametrize("method", METHODS)
def test_threads_on_one_network_get_the_maps_of_their_own_clips(method):
    model = network(tiny()).train()  # every call has to put it into eval mode for itself alone
    clips = [random_clip(model.architecture, seed=seed) for seed in (0, 1)]
    expect_as_alone([partial(grad_cam, model, clip, 2, rule=Rule(method)) for clip in clips])
    assert model.training and all(parameter.requires_grad for parameter in model.parameters())


def test_changes_in_one_thread_are_not_seen_in_another(model, clip):
    names = ("S-TDM off", "L-TDM gates off", "S-TDM at its clip mean", "reverse", "random classifier")
    questions = [partial(compare, model, clip, name, 1) for name in names]
    expect_as_alone(questions, lambda change: {"before": change.before.logits, "after": change.after.logits})


def test_looks_inside_from_threads_are_those_of_their_clips(model):
    clips = [random_clip(model.architecture, seed=seed) for seed in (0, 1)]
    expect_as_alone([partial(channel_means, model, clip, ("diff1", "res2")) for clip in clips], lambda found: found[1])
    expect_as_alone([partial(gate_sizes, model, clip) for clip in clips], lambda found: found[1])


def test_fresh_weights_are_those_of_their_seed_in_every_thread(model):
    expect_as_alone(
        [partial(random_weights, as_network(model), seed) for seed in (0, 1)], lambda other: other.module.state_dict()
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["grad_cam", "eigencam"])
def test_maps_are_the_same_in_every_mode(model, clip, mode, method):
    expected = grad_cam(model, clip, 1, rule=Rule(method))
    with MODES[mode]():
        found = grad_cam(model, clip + 0, 1, rule=Rule(method))
        assert torch.is_autocast_enabled("cpu") == (mode == "autocast")
    assert same(found, expected)


def test_a_network_made_in_inference_mode_has_maps(clip):
    with torch.inference_mode():
        made_there = network(tiny())
    assert same(grad_cam(made_there, clip, 1), grad_cam(network(tiny()), clip, 1))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("method", METHODS)
def test_a_network_in_half_precision_has_its_maps_in_it(clip, dtype, method):
    rule = Rule(method)
    expected = grad_cam(network(tiny()), clip, 1, ["res4", "final"], rule)
    found = grad_cam(network(tiny()).to(dtype), clip, 1, ["res4", "final"], rule)
    for layer, values in found.items():
        assert values.dtype == dtype
        ours, theirs = values.float().flatten(), expected[layer].flatten()
        assert torch.cosine_similarity(ours, theirs, dim=0) > 0.98, layer


def test_the_class_may_be_any_whole_number_that_argmax_gives(model, clip):
    expected = grad_cam(model, clip, 3)
    one = torch.tensor(3)
    for target in (one, one[None], one[None, None], np.int64(3), np.array(3), np.array([3]), [one], [np.uint8(3)]):
        assert same(grad_cam(model, clip, target), expected)
    assert same(grad_cam(model, clip, model(clip).argmax(1)), grad_cam(model, clip))


@pytest.mark.parametrize("target", [2.0, torch.tensor(2.0), np.array([1.5]), "up", True, torch.tensor([True]), [None]])
def test_what_is_no_whole_number_is_no_class(model, clip, target):
    with pytest.raises(ValueError, match="expected a class index"):
        grad_cam(model, clip, target)


def test_wrapped_networks_have_the_maps_of_what_is_in_them(model, clip):
    expected = grad_cam(model, clip, 1)
    assert same(grad_cam(torch.nn.DataParallel(model), clip, 1), expected)
    assert same(grad_cam(torch.compile(model), clip, 1), expected)
    off = compare(model, clip, "S-TDM off", 1).after.maps
    assert same(compare(torch.nn.DataParallel(model), clip, "S-TDM off", 1).after.maps, off)


def test_a_network_that_compiles_itself_is_run_as_written(clip):
    compiled = network(tiny())
    compiled._compiled_call_impl = None.__class__  # as `compiled.compile()` sets it: called in the place of `forward`
    assert same(grad_cam(compiled, clip, 1), grad_cam(network(tiny()), clip, 1))


def test_another_network_and_raw_pixels_are_refused_in_a_sentence(model, clip):
    with pytest.raises(ValueError, match="a Linear: expected a network as"):
        grad_cam(torch.nn.Linear(2, 2), clip)
    with pytest.raises(ValueError, match="expected normalised values"):
        grad_cam(model, clip.to(torch.uint8))


def test_a_twin_shares_its_tensors_and_nothing_else(model):
    twin = twin_of(model.requires_grad_(True))
    assert twin.head is not model.head and twin.head.weight.data_ptr() == model.head.weight.data_ptr()
    assert not any(parameter.requires_grad for parameter in twin.parameters())
    twin.fuse2.register_forward_hook(lambda *passed: None)
    assert not model.fuse2._forward_hooks
    assert all(parameter.requires_grad for parameter in model.parameters())
