"""A network as a value: what it reads, where its taps are, and that an order of axes said wrongly is caught."""

import numpy as np
import pytest
import torch
from torch import nn

from tdn.data import read_clip, synthetic_clip
from tdn.data.sampling import dense_frames
from tdn.data.video import write_mp4
from tdn.explain.scale import in_time
from tdn.networks import Network, Reads, Tap, as_network, open_network
from tdn.weights.shipped import shipped_pair
from tests.conftest import network, random_clip, tiny

ORDERS = {"NCTHW": "nctij", "NTCHW": "ntcij", "NTHWC": "ntijc"}


def volume(time: int = 3) -> torch.Tensor:
    return torch.randn(2, 5, time, 4, 6, generator=torch.Generator().manual_seed(0))  # [N, C, T', h, w]


@pytest.mark.parametrize("layout", ORDERS)
def test_a_tap_turns_every_order_of_axes_into_the_one_volume(layout):
    stored = torch.einsum(f"nctij->{ORDERS[layout]}", volume())
    assert torch.equal(Tap("a", "a", layout).volume(stored), volume())


def test_segments_one_after_the_other_are_time():
    stored = volume().transpose(1, 2).flatten(0, 1)
    assert torch.equal(Tap("a", "a", "(NT)CHW", segments=3).volume(stored), volume())


@pytest.mark.parametrize("layout, order", [("N(THW)C", "ntijc"), ("N(HWT)C", "nijtc")])
def test_tokens_are_put_where_they_stand_behind_class_tokens(layout, order):
    tokens = torch.einsum(f"nctij->{order}", volume()).flatten(1, 3)
    stored = torch.cat([torch.full((2, 2, 5), 9.0), tokens], 1)
    tap = Tap("a", "a", layout, grid=(3, 4, 6), class_tokens=2)
    assert torch.equal(tap.volume(stored), volume())
    with pytest.raises(ValueError, match="3 x 4 x 6 tokens and 2 class tokens, got 73"):
        tap.volume(stored[:, :-1])


def test_a_dense_clip_is_the_middle_of_the_video_and_a_short_one_is_spread():
    assert dense_frames(100, 4, 10).tolist() == [34, 44, 54, 64]
    assert dense_frames(8, 4, 10).tolist() == [1, 3, 5, 7]
    assert dense_frames(2, 4).tolist() == [0, 0, 1, 1]


def test_maps_of_a_coarser_time_speak_for_equal_parts_of_the_clip():
    module = nn.Sequential(nn.Conv3d(3, 4, 1), nn.Flatten())
    value = Network(module, ["a"], Reads(16, 32), [Tap("first", "0")])
    assert value.knots("first", 2).tolist() == [3.5, 11.5]
    assert value.spans(2) == [range(0, 8), range(8, 16)]
    assert value.spans(16)[3] == range(3, 4)


def test_maps_whose_times_are_known_speak_for_the_windows_that_are_nearest():
    module = nn.Sequential(nn.Conv3d(3, 4, 1), nn.Flatten())
    value = Network(module, ["a"], Reads(16, 32), [Tap("first", "0", times=(0.0, 8.0))])
    assert value.spans(2, "first") == [range(0, 4), range(4, 16)]
    maps = in_time(np.array([1.0, 3.0])[:, None, None], 16, value.knots("first", 2))
    assert maps[:, 0, 0].tolist() == [1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75] + [3] * 8


def test_the_clip_goes_to_the_module_in_the_layout_it_takes():
    clip = torch.randn(1, 4, 1, 3, 8, 8)
    assert torch.equal(Reads(4, 32).arrange(clip), clip[:, :, 0].transpose(1, 2))
    assert torch.equal(Reads(4, 32, layout="NTCHW").arrange(clip), clip[:, :, 0])
    with pytest.raises(ValueError, match=r"clip: expected \[N, 8, 1, 3, H, W\]"):
        Reads(8, 32).arrange(clip)


@pytest.mark.parametrize(
    "taps, head, message",
    [
        ([], None, "at least one"),
        ([Tap("a", "9")], None, "tap 'a': the network has no module '9'"),
        ([Tap("a", "0"), Tap("a", "1")], None, "a name of its own"),
        ([Tap("a", "0")], "7", "no linear layer '7'"),
    ],
)
def test_a_network_that_is_not_as_said_is_refused(taps, head, message):
    with pytest.raises(ValueError, match=message):
        Network(nn.Sequential(nn.Conv3d(3, 4, 1), nn.ReLU()), ["a"], Reads(4, 32), taps, exact_head=head)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"frames": 0}, "frames: expected a whole number"),
        ({"layout": "NHWTC"}, "layout 'NHWTC'"),
        ({"window": 5}, "window 5"),
        ({"std": (1, 0, 1)}, "std"),
        ({"resize": 20}, "short_side"),
    ],
)
def test_a_way_to_read_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Reads(**{"frames": 4, "size": 32} | settings)


def test_scores_are_found_in_what_libraries_return():
    value = Network(nn.Sequential(nn.Conv3d(3, 4, 1)), ["a", "b"], Reads(4, 32), [Tap("a", "0")])
    logits = torch.zeros(1, 2)
    for output in (logits, (logits, None), {"logits": logits}, type("Output", (), {"logits": logits})()):
        assert value.scores(output) is logits
    with pytest.raises(ValueError, match=r"expected logits \[N, 2\], a label each, got \[1, 3\]"):
        value.scores(torch.zeros(1, 3))


def test_a_tdn_in_memory_is_a_network_and_any_other_module_is_not():
    model = network(tiny())
    value = as_network(torch.nn.DataParallel(model))
    assert value.module is model and list(value.taps)[-1] == value.last == "final"
    assert set(value.parts) == {"S-TDM", "L-TDM"}
    assert not as_network(network(tiny("tsn_resnet50_8f"))).parts
    clip = random_clip(model.architecture)
    assert value.arrange(clip) is clip and value.scores(value.module(clip)).shape == (1, 6)
    with pytest.raises(ValueError, match="a Linear: expected a network as"):
        as_network(nn.Linear(2, 2))


def test_a_checkpoint_of_ours_opens_and_reads_as_before(tmp_path):
    value = open_network(shipped_pair()[0])
    frames, _ = synthetic_clip("Moving something up", 1)
    write_mp4(tmp_path / "up.mp4", frames, fps=12)
    inputs = value.read(tmp_path / "up.mp4")
    assert torch.equal(inputs, read_clip(tmp_path / "up.mp4", value.module))
    assert np.isfinite(value.module(inputs).numpy()).all() and value.labels == value.module.labels
