"""Faithfulness: masks that make no motion of their own, curves with the right ends, answers known by construction."""

import pytest
import torch

from tdn.explain.clip_changes import freeze_windows
from tdn.measure.faithfulness import (
    STEPS,
    area_under,
    blurred,
    deletion,
    freeze_inside_outside,
    insertion,
    model_randomisation,
    ranks,
    spearman,
)
from tests.conftest import network, random_clip, tiny


@pytest.fixture
def model():
    return network(tiny())


@pytest.fixture
def clip(model):
    return random_clip(model.architecture, num_clips=2)


def maps_of(seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 8, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_ranks_go_from_the_brightest_to_the_darkest_of_the_clip():
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 1, 2, 3] = 1
    found = ranks(maps, 4, 4)
    assert found[0, 1, 2, 3] == 0 and sorted(found.flatten().tolist()) == pytest.approx([i / 31 for i in range(32)])


def test_places_without_evidence_come_in_no_order_of_their_own():
    found = ranks(torch.zeros(1, 8, 4, 4) + torch.eye(4)[0, 0], 16, 16)
    assert found[0, :4].mean() == pytest.approx(0.5, abs=0.05)


def test_blurring_keeps_what_is_even_and_takes_detail_away(clip):
    assert torch.allclose(blurred(torch.full_like(clip, 0.7)), torch.full_like(clip, 0.7), atol=1e-5)
    assert blurred(clip).std() < 0.2 * clip.std()


def test_curves_start_and_end_at_the_whole_and_the_blurred_clip(model, clip):
    classes = [1, 4]
    with torch.inference_mode():
        whole, without = (model(shown)[[0, 1], classes] for shown in (clip, blurred(clip)))
    falling, rising = deletion(model, clip, classes, maps_of()), insertion(model, clip, classes, maps_of())
    assert torch.allclose(falling[0], whole, atol=1e-5) and torch.allclose(falling[-1], without, atol=1e-5)
    assert torch.allclose(rising[0], without, atol=1e-5) and torch.allclose(rising[-1], whole, atol=1e-5)


def test_one_mask_serves_all_frames_of_a_window(model, clip):
    seen = []
    handle = model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    deletion(model, clip, [0, 0], maps_of(), steps=(0.3,))
    handle.remove()
    changed = (seen[0] != clip).any(3)  # [N, T, L, H, W]
    assert changed.any() and all(torch.equal(changed[:, :, 0], changed[:, :, frame]) for frame in range(5))
    assert changed.float().mean() == pytest.approx(0.3, abs=0.01)


def test_the_area_of_a_straight_line_is_its_middle():
    assert area_under(torch.linspace(2, 6, len(STEPS))[:, None]).item() == pytest.approx(4)


def test_a_map_on_the_only_motion_there_is_beats_one_beside_it(model, clip):
    moving = torch.zeros(2, 8, 64, 64, dtype=torch.bool)
    moving[:, :, 8:24, 8:24] = True
    still = torch.where(moving[:, :, None, None], clip, freeze_windows(clip))
    on_it, beside = moving.float(), moving.flip(-1).float()
    found = freeze_inside_outside(model, still, [0, 0], on_it, share=1 / 16)
    assert freeze_inside_outside(model, still, [0, 0], beside, share=1 / 16).abs().max() < found.abs().max()


def test_nothing_is_lost_by_freezing_what_stands_still(model, clip):
    lost = freeze_inside_outside(model, freeze_windows(clip), [1, 2], maps_of())
    assert lost.abs().max() < 1e-5


def test_maps_of_random_networks_are_another_network_s(model, clip):
    found = model_randomisation(model, clip, [0, 0])
    assert set(found) == {"res2", "final"} and list(found["res2"]) == [6, 5, 4, 3, 2, 1]
    assert all(abs(value) < 0.98 for value in found["final"].values())
    assert model_randomisation(model, clip, [0, 0]) == found


def test_spearman_looks_at_order_alone():
    values = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert spearman(values, values.exp()) == pytest.approx(1) and spearman(values, -values) == pytest.approx(-1)
    assert spearman(values, torch.ones(4)) == 0
    # Worked by hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    assert spearman(torch.tensor([0.0, 5, 5, 9]), values) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


def test_the_network_is_left_in_its_mode(model, clip):
    deletion(model.train(), clip, [0, 0], maps_of(), steps=(0.5,))
    assert model.training
