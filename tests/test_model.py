"""What the network is, stated as properties: S-TDM, L-TDM, the slot, the whole."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from tdn.model import FAMILY, RESNET50, TDN, Architecture, released_fusion_weights, without_values
from tdn.model.baselines import MotionEnhanced, TemporalConv, TemporalShift, teinet
from tdn.model.cost import multiply_adds
from tdn.model.l_tdm import LongTermTDM
from tdn.model.resnet import stem
from tdn.model.s_tdm import Fusion, ShortTermTDM
from tdn.model.variants import AsPrintedLTDM, LegacyBackwardLTDM, OneDirectionLTDM
from tests.conftest import network, random_clip, tiny

ROWS = sorted(FAMILY)


def changed_segments(module: torch.nn.Module, segment: int, channels: int = 32, segments: int = 8) -> list[int]:
    """Segments of the output that move when one segment of the input does."""
    torch.manual_seed(1)
    for parameter in module.parameters():
        parameter.data = torch.randn_like(parameter)
    features = torch.randn(segments, channels, 6, 6)
    nudged = features.clone()
    nudged[segment] += 1.0
    with torch.no_grad():
        difference = (module.eval()(features) - module(nudged)).flatten(1).abs().amax(1)
    return [i for i, value in enumerate(difference.tolist()) if value > 1e-6]


def test_l_tdm_looks_only_at_adjacent_segments():
    assert changed_segments(LongTermTDM(32, 8, reduction=4), segment=3) == [2, 3, 4]


def test_l_tdm_in_one_direction_looks_only_at_the_next_segment():
    module = OneDirectionLTDM(32, 8, reduction=4)
    assert changed_segments(module, segment=3) == [2, 3]


@pytest.mark.parametrize("module", [TemporalConv(32, 8), TemporalShift(8)])
def test_t_conv_and_tsm_see_one_segment_each_way(module):
    assert changed_segments(module, segment=3) == [2, 3, 4]


def test_teinet_sees_from_the_segment_before_to_the_second_after():
    # Segment t reads t-1 to t+2, so a change at 3 is seen by 1 to 4.
    assert changed_segments(teinet(32, 8), segment=3) == [1, 2, 3, 4]


def test_motion_enhancement_leaves_the_last_segment_as_it_is():
    features = torch.randn(8, 32, 5, 5)
    assert torch.equal(MotionEnhanced(32, 8)(features)[-1], features[-1])


@pytest.mark.parametrize("row", ["tdn_resnet50_8f", "tconv_baseline_resnet50_8f", "teinet_resnet50_8f"])
def test_temporal_convolutions_start_as_the_architecture_says(row):
    model = TDN(tiny(row, t_conv_init="difference"))
    convolutions = [module for module in model.modules() if isinstance(module, TemporalConv)]
    assert convolutions and {module.init for module in convolutions} == {"difference"}


def test_t_conv_starts_as_a_shift():
    features = torch.randn(4, 16, 3, 3)
    out = TemporalConv(16, 4)(features)
    assert torch.allclose(out[:-1, :2], features[1:, :2])
    assert torch.allclose(out[1:, 2:4], features[:-1, 2:4])
    assert torch.allclose(out[:, 4:], features[:, 4:])


def test_t_conv_is_the_written_out_sum():
    module = TemporalConv(4, 3)
    module.weight.data = torch.randn(4, 1, 3)
    x = torch.randn(2 * 3, 4, 5, 6)
    clips = torch.nn.functional.pad(x.unflatten(0, (2, 3)), (0,) * 6 + (1, 1))  # [2, 5, 4, 5, 6]
    by_hand = sum(module.weight[:, 0, k, None, None] * clips[:, k : k + 3] for k in range(3))
    assert torch.allclose(module(x), by_hand.flatten(0, 1), atol=1e-6)


def test_the_l_tdm_factor_stays_between_a_half_and_one_and_a_half():
    torch.manual_seed(0)
    module = LongTermTDM(32, 8, reduction=4).eval()
    for parameter in module.parameters():
        parameter.data = 0.6 * torch.randn_like(parameter)
    factor = 1 + module.double().gate(torch.randn(8, 32, 9, 9).double())
    assert 0.5 < factor.min() < 0.6
    assert 1.4 < factor.max() < 1.5


def test_l_tdm_differences_are_next_minus_here_and_previous_minus_here():
    module = LongTermTDM(8, 3, reduction=2)
    u = torch.randn(3, 4, 5, 5)
    v = module.smooth(u)
    to_next, to_previous = module.differences(u)
    assert torch.allclose(to_next, torch.stack([v[1] - u[0], v[2] - u[1], torch.zeros_like(u[0])]))
    assert torch.allclose(to_previous, torch.stack([torch.zeros_like(u[0]), v[0] - u[1], v[1] - u[2]]))


def test_l_tdm_as_printed_has_the_sign_and_the_pair_of_the_equations():
    module = AsPrintedLTDM(8, 3, reduction=2)
    u = torch.randn(3, 4, 5, 5)
    v = module.smooth(u)
    to_next, to_previous = module.differences(u)
    assert torch.allclose(to_next[:2], u[:2] - v[1:])
    assert torch.allclose(to_previous[:2], u[1:] - v[:2])
    assert not to_next[2].any() and not to_previous[2].any()


def test_two_differences_from_the_released_l_tdm_are_refused():
    with pytest.raises(ValueError, match="one difference from the released form at a time"):
        tiny(l_tdm_operator="average", l_tdm_bidirectional=False)


def test_the_legacy_branch_changes_the_result_only_through_the_backward_gate():
    torch.manual_seed(0)
    now, then = LongTermTDM(32, 4, reduction=4).eval(), LegacyBackwardLTDM(32, 4, reduction=4).eval()
    then.load_state_dict(now.state_dict())
    features = torch.randn(4, 32, 6, 6)
    assert not torch.allclose(now(features), then(features), atol=1e-4)


def test_l_tdm_batch_norms_see_each_direction_as_a_batch_of_its_own():
    module = LongTermTDM(32, 8, reduction=4).train()
    module(torch.randn(8, 32, 6, 6))
    assert int(module.response.expand_bn.num_batches_tracked) == 2
    assert int(module.squeeze_bn.num_batches_tracked) == 1


def test_s_tdm_stacks_consecutive_differences_in_time_order():
    window = torch.randn(1, 5, 3, 4, 4)
    stacked = ShortTermTDM(partial(stem, width=8, bias=False), [])
    differences = stacked.stack(window)
    assert differences.shape == (1, 12, 4, 4)
    assert torch.equal(differences[0, 3:6], window[0, 2] - window[0, 1])


def test_s_tdm_answers_a_frozen_window_with_the_same_constant_whatever_it_shows():
    model = network(tiny())
    frozen = random_clip(model.architecture)[:, :, :1].expand(-1, -1, 5, -1, -1, -1)
    other = random_clip(model.architecture, seed=1)[:, :, :1].expand(-1, -1, 5, -1, -1, -1)
    heard = [model.s_tdm(model.inputs(clip, None)[1])[1] for clip in (frozen, other)]
    assert torch.allclose(heard[0], heard[1], atol=1e-6)


def test_reversing_a_window_changes_what_s_tdm_says():
    model = network(tiny())
    clip = random_clip(model.architecture)
    forwards, backwards = (model.s_tdm(model.inputs(c, None)[1])[0] for c in (clip, clip.flip(2)))
    assert not torch.allclose(forwards, backwards, atol=1e-3)


def test_fusion_is_the_weighted_sum_with_nearest_upsampling():
    features, motion = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 2, 2)
    fused = Fusion(2, alpha=0.75, beta=0.25)(features, motion)
    repeated = motion.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert torch.allclose(fused, 0.75 * features + 0.25 * repeated)


@pytest.mark.parametrize("segments, weights", [(8, (0.5, 0.5)), (16, (0.75, 0.25)), (40, (0.75, 0.25))])
def test_alpha_and_beta_follow_the_number_of_segments(segments, weights):
    assert released_fusion_weights(segments) == weights
    built = Architecture(RESNET50, 10, num_segments=segments)
    assert (built.alpha, built.beta) == weights


def test_half_windows_give_the_same_logits_as_the_whole_clip():
    model = network(tiny())
    clip = random_clip(model.architecture, num_clips=2)
    half = torch.nn.functional.avg_pool2d(clip.flatten(0, 2), 2).unflatten(0, clip.shape[:3])
    assert torch.allclose(model(clip), model(clip[:, :, 2:3], half), atol=1e-6)


def test_a_clip_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"clip: expected \[N, 8, 5, 3, H, W\], got \[1, 4, 5, 3, 64, 64\]"):
        network(tiny())(torch.zeros(1, 4, 5, 3, 64, 64))


@pytest.mark.parametrize("name", ROWS)
def test_a_batch_of_clips_equals_the_clips_one_by_one(name):
    model = network(tiny(name))
    clips = random_clip(model.architecture, num_clips=2)
    with torch.no_grad():
        together, apart = model(clips), torch.cat([model(clips[:1]), model(clips[1:])])
    assert torch.allclose(together, apart, atol=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_no_parameter_is_left_without_a_gradient(name):
    model = network(tiny(name)).train()
    model(random_clip(model.architecture, num_clips=2)).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("name", ROWS)
def test_shuffling_segments_changes_every_network_but_tsn(name):
    model = network(tiny(name))
    clip = random_clip(model.architecture)
    order = torch.randperm(clip.shape[1], generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        same = torch.allclose(model(clip), model(clip[:, order]), atol=1e-6)
    assert same == name.startswith("tsn_")


@pytest.mark.parametrize("name", [name for name in ROWS if FAMILY[name].multiply_adds])
def test_cost_agrees_with_the_paper_within_two_percent(name):
    row = FAMILY[name]
    assert multiply_adds(row.architecture, row.input_size) == pytest.approx(row.multiply_adds, rel=0.02)


@pytest.mark.parametrize(
    "name, giga", [("tdn_resnet50_8f", 35.64), ("tconv_baseline_resnet50_8f", 32.73), ("tdn_resnet101_8f", 65.84)]
)
def test_multiply_adds_are_exact(name, giga):
    assert multiply_adds(FAMILY[name].architecture, 224) / 1e9 == pytest.approx(giga, abs=0.005)


@pytest.mark.parametrize("name", ROWS)
def test_an_architecture_survives_json(name):
    import json

    architecture = FAMILY[name].architecture
    assert Architecture.from_dict(json.loads(json.dumps(architecture.to_dict()))) == architecture


def test_an_architecture_with_unknown_fields_is_refused():
    values = tiny().to_dict() | {"colour": "red"}
    with pytest.raises(ValueError, match="unknown fields"):
        Architecture.from_dict(values)


def test_double_precision_works():
    model = network(tiny()).double()
    assert model(random_clip(model.architecture).double()).dtype == torch.float64


def test_the_released_start_gives_bn_biases_and_classifier_their_values():
    model = TDN(replace(tiny(), dropout=0.5))
    assert not model.res3[0].conv1.bias.any()
    assert model.head.weight.std().item() == pytest.approx(0.001, rel=0.3)


def test_a_network_without_values_has_the_names_and_shapes_of_one_with_them():
    architecture = tiny("tdn_resnet50_8f")
    bare = without_values(architecture)
    wanted = {name: (value.shape, value.dtype) for name, value in TDN(architecture).state_dict().items()}
    assert {name: (value.shape, value.dtype) for name, value in bare.state_dict().items()} == wanted
    assert all(value.is_meta for value in [*bare.parameters(), *bare.buffers()])
