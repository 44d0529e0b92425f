"""Maps of networks the project has never seen: dense clips, tokens, tuples, layers that write over their input."""

import pytest
import torch
from torch import nn

from tdn.explain import ForwardPass, Rule, grad_cam
from tdn.networks import Network, Reads, Tap

LABELS = list("abcd")


class Convolutions(nn.Module):
    """Two 3-D convolutions, the second of stride 2, each with a ReLU that writes over its input, and a mean."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(3, 5, 3, padding=1)
        self.second = nn.Conv3d(5, 7, 3, stride=2, padding=1)
        self.relu1, self.relu2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)
        self.head = nn.Linear(7, len(LABELS))

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        features = self.relu2(self.second(self.relu1(self.first(clip))))
        return self.head(features.mean((2, 3, 4)))


class Block(nn.Module):
    """Attention over tokens with a residual; gives a tuple, as the libraries' blocks do."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, 1, batch_first=True)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, tuple]:
        normed = self.norm(tokens)
        return tokens + self.attention(normed, normed, normed, need_weights=False)[0], ()


class Tokens(nn.Module):
    """Patches of 8 x 8 pixels frame by frame, a class token in front, two blocks; the class token is read."""

    def __init__(self, channels: int = 8):
        super().__init__()
        self.patches = nn.Conv3d(3, channels, (1, 8, 8), stride=(1, 8, 8))
        self.first = nn.Parameter(torch.randn(1, 1, channels))
        self.block1, self.block2 = Block(channels), Block(channels)
        self.head = nn.Linear(channels, len(LABELS))

    def forward(self, clip: torch.Tensor) -> dict[str, torch.Tensor]:
        patches = self.patches(clip.transpose(1, 2)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.first.expand(len(clip), -1, -1), patches], 1)
        tokens = self.block2(self.block1(tokens)[0])[0]
        return {"logits": self.head(tokens[:, 0])}


def convolutions(**settings) -> Network:
    torch.manual_seed(0)
    taps = [Tap("early", "first"), Tap("relu", "relu1"), Tap("late", "relu2")]
    return Network(Convolutions().double(), LABELS, Reads(6, 32), taps, **{"exact_head": "head"} | settings)


def tokens(*layers: str) -> Network:
    torch.manual_seed(0)
    where = {"grid": (4, 4, 6), "class_tokens": 1, "layout": "N(THW)C"}
    taps = [Tap(name, name, **where) for name in layers or ("block1", "block2")]
    return Network(Tokens().double(), LABELS, Reads(4, 32, layout="NTCHW"), taps)


def inputs(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


CLIP, FRAMES = inputs(2, 3, 6, 10, 12), inputs(1, 4, 3, 32, 48)


def by_hand(network: Network, clip: torch.Tensor, target: int) -> torch.Tensor:
    """Grad-CAM after the first convolution: the whole graph, no hook, weights over time and place."""
    module = network.module
    features = module.first(clip)
    features.retain_grad()
    later = module.second(features.relu()).relu()
    module.head(later.mean((2, 3, 4)))[:, target].sum().backward()
    weights = features.grad.mean((2, 3, 4), keepdim=True)
    return (weights * features).sum(1).relu().detach()


def test_a_dense_network_has_the_maps_of_a_grad_cam_written_by_hand():
    network = convolutions()
    found = grad_cam(network, CLIP, 2)
    assert found["early"].shape == (2, 6, 10, 12) and found["late"].shape == (2, 3, 5, 6)
    assert torch.allclose(found["early"], by_hand(network, CLIP, 2), atol=1e-12)


def test_what_is_taken_before_a_relu_that_writes_over_it_is_what_was_there():
    taken = ForwardPass(convolutions(), CLIP, ["early", "relu"])
    assert (taken.activation("early") < 0).any()
    assert torch.equal(taken.activation("early").relu(), taken.activation("relu"))


def test_an_exact_head_gives_the_maps_of_autograd_and_adds_up_to_the_logit():
    network = convolutions()
    exact = ForwardPass(network, CLIP).maps([1, 3], ["late"])["late"]
    plain = ForwardPass(convolutions(exact_head=None), CLIP).maps([1, 3], ["late"])["late"]
    assert torch.allclose(exact, plain, atol=1e-12)
    logits = network.module(CLIP)[[0, 1], [1, 3]] - network.module.head.bias[[1, 3]]
    assert torch.allclose(exact.sum((1, 2, 3)), logits, atol=1e-12)


def test_a_head_that_does_not_read_the_mean_is_found_out():
    torch.manual_seed(0)
    taps = [Tap("early", "first"), Tap("late", "second")]  # before the ReLU, whose mean is another
    network = Network(Convolutions().double(), LABELS, Reads(6, 32), taps, exact_head="head")
    with pytest.raises(ValueError, match="'head' does not read the mean over 'late'"):
        grad_cam(network, CLIP, 0)


def test_a_map_of_tokens_shows_the_one_patch_that_was_changed():
    network = tokens()
    other = FRAMES.clone()
    other[0, 2, :, 8:16, 24:32] += 1  # frame 2, row 1, column 3
    one, changed = (ForwardPass(network, frames, ["block1"]) for frames in (FRAMES, other))
    # Attention carries a little of it everywhere; the residual carries it to its own token.
    moved = (changed.activation("block1") - one.activation("block1")).norm(dim=1)[0]
    assert moved.shape == (4, 4, 6) and moved.flatten().argmax() == 2 * 24 + 1 * 6 + 3
    assert grad_cam(network, FRAMES, 1, ["block1"])["block1"].shape == (1, 4, 4, 6)


def test_behind_the_last_attention_no_place_has_a_gradient_and_that_is_said():
    with pytest.raises(ValueError, match="layer 'block2': only the class token goes on from here"):
        grad_cam(tokens(), FRAMES, 1, ["block2"])


def test_a_layer_the_score_does_not_need_or_the_pass_comes_through_twice_is_refused():
    class Twice(Convolutions):
        def forward(self, clip: torch.Tensor) -> torch.Tensor:
            self.second(self.relu1(self.first(clip)))
            return super().forward(clip).detach()

    network = Network(Twice().double(), LABELS, Reads(6, 32), [Tap("early", "first"), Tap("late", "relu2")])
    with pytest.raises(ValueError, match="'early': the forward pass comes through it more than once"):
        grad_cam(network, CLIP, 0, ["early"])
    with pytest.raises(ValueError, match="'late': the score does not depend on it"):
        grad_cam(network, CLIP, 0, ["late"])


def test_every_method_has_maps_of_a_network_of_others_and_leaves_it_alone():
    for network, clip, layer in ((convolutions(), CLIP, "early"), (tokens(), FRAMES, "block1")):
        network.module.train()
        for method in ("grad_cam", "hirescam", "layercam", "grad_cam_pp", "xgradcam", "eigencam"):
            found = grad_cam(network, clip, 1, [layer], Rule(method))[layer]
            assert found.isfinite().all() and (found >= 0).all()
        assert all(module.training for module in network.module.modules())
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.module.modules())
        assert all(p.requires_grad and p.grad is None for p in network.module.parameters())


def test_clips_of_another_length_are_refused_by_the_network_s_own_layout():
    with pytest.raises(ValueError, match=r"clip: expected \[N, 3, 6, H, W\], got \[2, 3, 5, 10, 12\]"):
        grad_cam(convolutions(), CLIP[:, :, :5])
    with pytest.raises(ValueError, match=r"clip: expected \[N, 4, 3, H, W\]"):
        grad_cam(tokens(), FRAMES.transpose(1, 2))
