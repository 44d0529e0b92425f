"""Changes of clip and network change what they say and nothing else, and leave the network as it was."""

from dataclasses import dataclass

import pytest
import torch

from tdn.data.film import Showing
from tdn.explain import ForwardPass, parse_change
from tdn.explain.changes import FIXED, frames_shown
from tdn.explain.classes import target_classes
from tdn.explain.clip_changes import (
    blank,
    freeze_clip,
    freeze_where,
    freeze_windows,
    hold,
    reverse,
    reverse_inside,
    shuffle_inside,
    shuffle_segments,
)
from tdn.explain.inside import logits_of
from tdn.explain.network_changes import l_tdm_off, randomised, s_tdm_clip_mean, s_tdm_weight
from tdn.model.l_tdm import LongTermTDM
from tdn.networks import Network, Reads, Tap, as_network
from tests.conftest import network, random_clip, tiny

OURS = [change.name for change in FIXED if not change.refusal(as_network(network(tiny())))]


@dataclass
class Look:
    logits: torch.Tensor
    maps: dict[str, torch.Tensor]


@dataclass
class Both:
    """Before and after a change, of the same classes."""

    target: torch.Tensor
    before: Look
    after: Look


def looked(network: Network, clip: torch.Tensor, target=None, layers=None) -> tuple[Look, torch.Tensor]:
    taken = ForwardPass(network, network.arrange(clip), layers)
    classes = target_classes(target, taken.logits)
    return Look(taken.logits, taken.maps(classes.tolist())), classes


def compare(model, clip: torch.Tensor, name: str, target=None, layers=None) -> Both:
    value = as_network(model)
    before, classes = looked(value, clip, target, layers)
    after, _ = looked(*parse_change(name).apply(value, clip), classes, layers)
    return Both(classes, before, after)


def segments_shown(name: str, segments: int = 8) -> list[int]:
    return frames_shown(parse_change(name), as_network(network(tiny(num_segments=segments))))


def other_showing(name: str, showing: Showing = Showing()) -> Showing:  # noqa: B008
    return Showing(**parse_change(name).showing(showing))


@pytest.fixture
def model():
    return network(tiny())


@pytest.fixture
def clip(model):
    return random_clip(model.architecture, num_clips=2)


def differences(model, clip: torch.Tensor) -> torch.Tensor:
    """What S-TDM is given of a clip."""
    return model.s_tdm.stack(model.inputs(clip, None)[1])


def frames_of(clip: torch.Tensor) -> list[bytes]:
    return sorted(frame.numpy().tobytes() for frame in clip.flatten(0, 2))


def test_s_tdm_sees_nothing_in_frozen_windows(model, clip):
    frozen = freeze_windows(clip)
    assert not differences(model, frozen).any() and differences(model, clip).any()
    assert torch.equal(frozen[:, :, 2], clip[:, :, 2])


def test_a_frozen_clip_is_one_photograph(clip):
    frozen = freeze_clip(clip)
    assert torch.equal(frozen, clip[:, 4:5, 2:3].expand_as(clip))


def test_reversing_turns_every_difference_round_and_twice_is_nothing(model, clip):
    there = differences(model, clip).unflatten(0, (2, 8)).unflatten(2, (4, 3))
    back = differences(model, reverse(clip)).unflatten(0, (2, 8)).unflatten(2, (4, 3))
    assert torch.allclose(back, -there.flip(1, 2), atol=1e-6)
    assert torch.equal(reverse(reverse(clip)), clip)


def test_reversing_inside_windows_keeps_what_a_network_of_single_frames_reads(clip):
    centre = clip.shape[2] // 2
    assert torch.equal(reverse_inside(clip)[:, :, centre], clip[:, :, centre])
    assert torch.equal(reverse_inside(clip)[:, :, 0], clip[:, :, -1])


def test_shuffled_segments_keep_their_windows_whole(clip):
    shuffled = shuffle_segments(clip)
    assert not torch.equal(shuffled, clip)
    assert frames_of(shuffled[:1]) == frames_of(clip[:1])
    windows = {window.numpy().tobytes() for window in clip[0]}
    assert all(window.numpy().tobytes() in windows for window in shuffled[0])


def test_shuffling_inside_windows_leaves_the_centre_frames(clip):
    shuffled = shuffle_inside(clip)
    assert torch.equal(shuffled[:, :, 2], clip[:, :, 2]) and not torch.equal(shuffled, clip)
    for segment in range(8):
        assert frames_of(shuffled[:1, segment : segment + 1]) == frames_of(clip[:1, segment : segment + 1])


def test_a_blanked_region_makes_no_motion_of_its_own(model, clip):
    blanked = blank(clip, (0.25, 0.5, 0.75, 1.0))
    assert not blanked[..., 32:64, 16:48].any() and torch.equal(blanked[..., :32, :], clip[..., :32, :])
    assert not differences(model, blanked)[..., 16:32, 8:24].any()
    with pytest.raises(ValueError, match="0 to 1"):
        blank(clip, (0.5, 0, 0.2, 1))


def test_freezing_a_region_leaves_the_rest_moving(clip):
    where = torch.zeros(2, 8, 64, 64, dtype=torch.bool)
    where[:, :, :20] = True
    frozen = freeze_where(clip, where)
    assert torch.equal(frozen[..., 20:, :], clip[..., 20:, :])
    assert torch.equal(frozen[..., :20, :], freeze_windows(clip)[..., :20, :])


def test_full_weight_changes_no_bit_and_none_takes_the_differences_away(model, clip):
    with torch.inference_mode():
        as_trained = model(clip)
        value = as_network(model)
        assert torch.equal(logits_of(s_tdm_weight(value, 1.0), clip), as_trained)
        without = s_tdm_weight(value, 0.0)
        off = logits_of(without, clip)
        assert not torch.allclose(off, as_trained)
        assert torch.allclose(logits_of(without, freeze_windows(clip)), off)
        assert torch.equal(model(clip), as_trained)


def test_the_clip_mean_of_a_clip_that_is_the_same_throughout_is_itself(model, clip):
    same = clip[:, :1].expand_as(clip).contiguous()
    with torch.inference_mode():
        expected = model(same)
        other = s_tdm_clip_mean(as_network(model)).module
        assert torch.allclose(other(same), expected, atol=1e-5)
        assert not torch.allclose(other(clip), expected, atol=1e-5)


def test_without_gates_l_tdm_hands_its_features_on(model, clip):
    seen = []
    other = l_tdm_off(as_network(model)).module
    module = next(module for module in other.modules() if isinstance(module, LongTermTDM))
    module.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    other(clip)
    assert seen[0][0] is seen[0][1]


def test_randomising_from_above_keeps_what_lies_below(model):
    other = randomised(as_network(model), down_to=5).module
    assert torch.equal(other.res4[0].conv1.weight, model.res4[0].conv1.weight)
    assert torch.equal(other.s_tdm.res1.conv.weight, model.s_tdm.res1.conv.weight)
    assert not torch.equal(other.res5[0].conv1.weight, model.res5[0].conv1.weight)
    assert not torch.equal(other.head.weight, model.head.weight)
    own, drawn = model.state_dict(), randomised(as_network(model)).module.state_dict()
    weights = [name for name in own if name.endswith("conv1.weight")]
    assert weights and not any(torch.equal(own[name], drawn[name]) for name in weights)


@pytest.mark.parametrize("name", OURS)
def test_every_change_gives_both_looks_and_leaves_the_network_alone(model, clip, name):
    hooks = [len(module._forward_hooks) for module in model.modules()]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    change = compare(model.train(), clip, name, target=[1, 4])
    assert change.target.tolist() == [1, 4]
    assert change.before.maps["res2"].shape == change.after.maps["res2"].shape == (2, 8, 16, 16)
    assert not torch.equal(change.before.logits, change.after.logits)
    assert model.training and [len(module._forward_hooks) for module in model.modules()] == hooks
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_the_class_stays_that_of_the_look_before(model, clip):
    change = compare(model, clip, "freeze clip")
    assert change.target.tolist() == change.before.logits.argmax(1).tolist()


def test_a_region_and_a_weight_are_named_with_their_numbers(model, clip):
    change = compare(model, clip, "blank 0.25,0.5,0.75,1")
    with torch.inference_mode():
        assert torch.allclose(change.after.logits, model(blank(clip, (0.25, 0.5, 0.75, 1))), atol=1e-5)
    weights = [compare(model, clip, name).after.logits for name in ("S-TDM at 0", "S-TDM off", "S-TDM at 1.0")]
    assert torch.equal(weights[0], weights[1])
    assert torch.allclose(weights[2], compare(model, clip, "S-TDM off").before.logits)


def test_maps_after_a_change_of_order_lie_over_the_frames_they_were_made_of():
    assert segments_shown("reverse") == [7, 6, 5, 4, 3, 2, 1, 0]
    assert segments_shown("freeze clip") == [4] * 8
    assert segments_shown("freeze windows") == segments_shown("S-TDM off") == list(range(8))
    assert sorted(segments_shown("shuffle segments", 8)) == list(range(8)) != segments_shown("shuffle segments")


def test_a_failed_comparison_leaves_no_hook(model, clip):
    with pytest.raises(ValueError):
        compare(model, clip, "S-TDM off", layers=["res9"])
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    "row, name", [("tconv_baseline_resnet50_8f", "S-TDM off"), ("tsn_resnet50_8f", "L-TDM gates off")]
)
def test_a_part_that_a_network_lacks_is_said(row, name):
    model = network(tiny(row))
    with pytest.raises(ValueError, match="this network has no"):
        compare(model, random_clip(model.architecture), name)


def test_an_unknown_change_is_refused_with_the_known_ones(model, clip):
    with pytest.raises(ValueError, match="freeze windows"):
        compare(model, clip, "melt")


def test_a_change_of_the_showing_is_named_with_its_number_and_keeps_the_rest():
    assert other_showing("repeat 7") == Showing(repeat=7)
    assert other_showing("first 33.5%", Showing(speed=2)) == Showing(speed=2, part=0.335)
    assert other_showing("speed .5", Showing(repeat=3)) == Showing(speed=0.5, repeat=3)
    assert parse_change("reverse").kind == "clip" and parse_change("S-TDM at 0.5").kind == "network"


@pytest.mark.parametrize("name", ["repeat 0", "repeat 17", "repeat 999999999", "first 0%", "first 101%", "speed 0"])
def test_a_showing_that_cannot_be_is_refused_by_its_name(name):
    with pytest.raises(ValueError, match=f"^change '{name}': .* expected .*, got"):
        other_showing(name)


@pytest.mark.parametrize("name", ["repeat 7", "first 50%", "speed 2"])
def test_a_change_of_the_showing_needs_the_video(model, clip, name):
    with pytest.raises(ValueError, match="read its clip again"):
        compare(model, clip, name)


def dense() -> Network:
    module = torch.nn.Sequential(torch.nn.Conv3d(3, 4, 1), torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten())
    return Network(module, list("abcd"), Reads(8, 32), [Tap("first", "0")])


def numbered(frames: int = 8) -> torch.Tensor:
    """A dense clip whose frames hold their numbers."""
    return torch.arange(frames).view(1, -1, 1, 1, 1, 1).expand(1, frames, 1, 3, 2, 2)


def test_holding_shows_the_middle_frame_of_each_run():
    assert hold(numbered(), 3)[0, :, 0, 0, 0, 0].tolist() == [1, 1, 1, 4, 4, 4, 7, 7]
    assert parse_change("hold 4").does(numbered())[0, :, 0, 0, 0, 0].tolist() == [2, 2, 2, 2, 6, 6, 6, 6]


def test_a_dense_clip_is_held_reversed_shuffled_and_repeated_but_has_no_windows():
    value = dense()
    offered = {change.name for change in FIXED if not change.refusal(value)}
    assert offered == {"freeze clip", "reverse", "shuffle frames", "random weights"}
    assert not any(parse_change(name).refusal(value) for name in ("hold 4", "repeat 7", "blank 0,0,1,0.5"))
    with pytest.raises(ValueError, match="freeze windows: it reads single frames, not windows of three or more"):
        parse_change("freeze windows").apply(value, numbered())
    with pytest.raises(ValueError, match="S-TDM off: this network has no S-TDM"):
        parse_change("S-TDM off").apply(value, numbered())


def test_segments_have_no_use_for_holding():
    assert "it reads segments, not one dense clip" in parse_change("hold 4").refusal(as_network(network(tiny())))
