"""torchvision's video networks: maps as by hand, cells where they are, pictures and weights as torchvision has them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tdn.data.transforms import normalise, to_view
from tdn.data.video import write_mp4
from tdn.explain import ForwardPass, Rule, explain, grad_cam
from tdn.networks import Network, Reads, open_network
from tdn.networks.torchvision import PUBLISHED, network_of, published_weights, reads_of

from torchvision.models import video  # isort: skip (after the operators it needs)

FIVE = list("abcde")


def seeded(build, **settings) -> nn.Module:
    torch.manual_seed(0)
    return build(**settings).double().eval()


def resnet(name: str = "r2plus1d_18", frames: int = 8) -> Network:
    module = seeded(getattr(video, name), weights=None, num_classes=5)
    return network_of(module, FIVE, Reads(frames, 32))


def mvit() -> Network:
    """Three blocks, of which the second halves the grid."""
    settings = [
        video.mvit.MSBlockConfig(2, 8, 8, [], [3, 3, 3], [], [1, 2, 2]),
        video.mvit.MSBlockConfig(2, 8, 16, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 1, 1]),
        video.mvit.MSBlockConfig(2, 16, 16, [], [3, 3, 3], [], [1, 1, 1]),
    ]
    module = seeded(
        video.MViT,
        spatial_size=(32, 32),
        temporal_size=8,
        block_setting=settings,
        residual_pool=False,
        residual_with_cls_embed=False,
        rel_pos_embed=False,
        proj_after_attn=False,
        num_classes=5,
    )
    return network_of(module, FIVE, Reads(8, 32))


def swin() -> Network:
    sizes = {"patch_size": [2, 4, 4], "embed_dim": 12, "depths": [1, 1], "num_heads": [2, 2], "window_size": [2, 4, 4]}
    return network_of(seeded(video.SwinTransformer3d, num_classes=5, **sizes), FIVE, Reads(8, 32))


def clip_for(network: Network) -> torch.Tensor:
    size = (1, 3, network.num_segments, network.reads.size, network.reads.size)
    return torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def by_hand(network: Network, layer: str, target: int, rearrange) -> torch.Tensor:
    """Grad-CAM with a hook on the module itself, in the whole graph; `rearrange` gives [N, C, T', h, w]."""
    kept = []

    def keep(module, inputs, output):
        kept.append(output[0] if isinstance(output, tuple) else output)
        kept[0].retain_grad()

    handle = network.module.get_submodule(layer).register_forward_hook(keep)
    network.module(clip_for(network))[0, target].backward()
    handle.remove()
    values, gradients = rearrange(kept[0].detach()), rearrange(kept[0].grad)
    return (gradients.mean((2, 3, 4), keepdim=True) * values).sum(1).relu()


@pytest.mark.parametrize(
    ("build", "layer", "rearrange"),
    [
        (resnet, "layer2", lambda values: values),
        (lambda: resnet("mc3_18", 4), "layer4", lambda values: values),
        (swin, "features.0", lambda values: values.permute(0, 4, 1, 2, 3)),
        (mvit, "blocks.0", lambda values: values[:, 1:].transpose(1, 2).unflatten(2, (4, 8, 8))),
        (mvit, "blocks.1", lambda values: values[:, 1:].transpose(1, 2).unflatten(2, (4, 4, 4))),
    ],
)
def test_maps_are_those_of_a_grad_cam_by_hand_and_the_network_stays_as_it_was(build, layer, rearrange):
    network = build()
    network.module.train()
    network.module.eval()
    before = network.fingerprint()
    found = grad_cam(network, clip_for(network), 2, [layer])[layer]
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in network.module.modules())
    assert all(p.grad is None and p.requires_grad for p in network.module.parameters())
    assert network.fingerprint() == before
    expected = by_hand(network, layer, 2, rearrange)
    assert found.max() > 0 and torch.allclose(found, expected, rtol=1e-6, atol=1e-6 * expected.max().item())


@pytest.mark.parametrize("build", [lambda: resnet("r3d_18", 4), swin])
def test_at_the_last_stage_the_cells_add_up_to_the_logit(build):
    network = build()
    taken = ForwardPass(network, clip_for(network), [network.last])
    cells = taken.maps([3], rule=Rule(signed=True))[network.last].sum()
    bias = network.module.get_submodule(network.exact_head).bias[3]
    assert torch.allclose(cells, taken.logits[0, 3] - bias, atol=1e-9)


def test_s3d_s_pooling_is_a_mean_for_two_maps_in_time_and_said_to_be_none_for_more():
    module = seeded(video.s3d, weights=None, num_classes=5).float()
    network = network_of(module, FIVE, Reads(16, 224))
    taken = ForwardPass(network, clip_for(network).float(), [network.last])
    assert taken.maps([1])[network.last].shape == (1, 2, 7, 7)  # no error: the head is exact
    assert network.knots(network.last, 2).tolist() == [2, 10]  # a pooling over pairs behind three halvings
    longer = network_of(module, FIVE, Reads(32, 224))
    assert longer.exact_head is None and "count half" in longer.note


def test_behind_mvit_s_last_block_there_is_no_place_to_look_at():
    with pytest.raises(ValueError, match=r"layer 'blocks\.2': only the class token goes on from here"):
        grad_cam(mvit(), clip_for(mvit()), 1, ["blocks.2"])


@pytest.mark.parametrize(
    ("build", "rows", "columns"),
    # MViT's patches overlap, and the middle of one lies at four times its number.
    [(mvit, slice(7, 10), slice(19, 22)), (swin, slice(8, 12), slice(20, 24))],
)
def test_a_patch_that_changes_moves_its_own_cell(build, rows, columns):
    network = build()
    if build is mvit:
        nn.init.uniform_(network.module.conv_proj.weight)  # no place of a patch outweighs another by chance
    layer = next(iter(network.taps))
    clip, other = clip_for(network), clip_for(network)
    other[0, :, 4, rows, columns] += 3  # frame 4: the third pair of frames; row 2, column 5 of patches of 4 pixels
    one, changed = (ForwardPass(network, given, [layer]).activation(layer) for given in (clip, other))
    moved = (changed - one).norm(dim=1)[0]
    assert moved.shape == (4, 8, 8) and moved.flatten().argmax() == (2 * 8 + 2) * 8 + 5


def test_a_cell_behind_a_stride_of_two_sees_most_of_the_frame_that_times_names():
    network = resnet("r3d_18", 16)
    clip = clip_for(network).requires_grad_()
    features = network.module.layer2(network.module.layer1(network.module.stem(clip)))
    for cell in (3, 4):  # away from both ends
        (gradient,) = torch.autograd.grad(features[:, :, cell].pow(2).sum(), clip, retain_graph=True)
        seen = gradient.pow(2).sum((0, 1, 3, 4))
        middle = float((seen * torch.arange(16)).sum() / seen.sum())
        assert abs(middle - network.knots("layer2", 8)[cell]) < 0.3  # an equal part's middle is half a frame later
    assert network.knots("layer4", 2).tolist() == [0, 8]


@pytest.mark.parametrize("name", ["r2plus1d_18", "s3d", "mvit_v2_s", "swin3d_t"])
def test_pictures_are_those_of_torchvision_s_own_preset(name):
    weights = published_weights(name).DEFAULT
    ramp = np.linspace(0, 255, 320 * 240).reshape(320, 240)
    frame = np.stack([ramp, ramp.T.reshape(320, 240), 255 - ramp], -1).astype(np.uint8)  # upright
    theirs = weights.transforms()(torch.from_numpy(frame).permute(2, 0, 1)[None])[:, 0]
    reads = reads_of(weights, 16, 15)
    ours = normalise(to_view(frame, reads.preprocess), reads.preprocess)
    one_level = 1 / 255 / min(reads.std)
    assert ours.shape == theirs.shape and (ours - theirs).abs().max() < 1.5 * one_level


def test_every_network_has_weights_labels_and_sizes_in_torchvision():
    for name in PUBLISHED:
        weights = published_weights(name)
        assert len(weights.DEFAULT.meta["categories"]) == 400
        assert reads_of(weights.DEFAULT, 16, 15).size == weights.DEFAULT.transforms().crop_size[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, nn.Module]:
    """torch's cache with a file under the name of the published one, of 400 classes."""
    home = tmp_path_factory.mktemp("torch")
    module = seeded(video.mc3_18, weights=None).float()
    nn.init.uniform_(module.fc.bias)
    (home / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(module.state_dict(), home / "hub" / "checkpoints" / "mc3_18-a90a0ba3.pth")
    return home, module


def test_published_weights_come_through_torchvision_s_own_loading(trained, monkeypatch):
    home, module = trained
    monkeypatch.setenv("TORCH_HOME", str(home))
    network = open_network("torchvision:mc3_18")
    assert torch.equal(network.module.fc.bias, module.fc.bias) and not network.module.training
    assert network.labels[0] == "abseiling" and network.reads.resize == (128, 171) and network.reads.fps == 15
    assert "Kinetics-400" in network.facts["trained_on"] and "BSD-3" in network.facts["licence"]


def test_a_file_of_one_s_own_loads_by_the_same_names(trained, tmp_path):
    _, module = trained
    wrapped = {f"module.{name}": value for name, value in module.state_dict().items()}
    for number in (0, 2):  # a head of five classes
        key = ("module.fc.weight", None, "module.fc.bias")[number]
        wrapped[key] = wrapped[key][:5]
    torch.save({"epoch": 3, "model": wrapped}, tmp_path / "mine.pth")
    (tmp_path / "names.txt").write_text("walk\nrun\njump\nsit\nstand\n")
    source = f"torchvision:mc3_18={tmp_path / 'mine.pth'}?frames=4&size=32&labels={tmp_path / 'names.txt'}"
    network = open_network(source)
    assert network.labels[:2] == ["walk", "run"] and torch.equal(network.module.fc.bias, module.fc.bias[:5])
    assert network.num_segments == 4 and network.reads.size == 32
    del wrapped["module.layer2.0.conv1.0.weight"]
    torch.save(wrapped, tmp_path / "half.pth")
    with pytest.raises(ValueError, match=r"half.pth: the weights are not those .* 1 missing \(layer2.0.conv1.0.weight"):
        open_network(f"torchvision:mc3_18={tmp_path / 'half.pth'}")


def test_weights_that_can_t_be_fetched_are_one_sentence_with_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", lambda *given, **named: (_ for _ in ()).throw(OSError("no route to host")))
    with pytest.raises(ValueError, match=r"can't be fetched \(no route to host\).*torchvision:mc3_18=FILE.pth"):
        open_network("torchvision:mc3_18")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("torchvision:resnet50", "torchvision:resnet50: expected one of r3d_18, mc3_18"),
        ("torchvision:r3d_18?wieghts=none", "r3d_18: no option 'wieghts'; expected one of weights"),
        ("torchvision:r3d_18?weights=best", "r3d_18: no weights 'best'; expected none or KINETICS400_V1"),
        ("torchvision:r3d_18?frames=0", "frames=0: expected a whole number of at least 1"),
        ("torchvision:r3d_18?none", "'none' is no option; expected name=value"),
        ("torchvision:mvit_v2_s?weights=none&frames=8", "mvit_v2_s: its positions are those of 16 frames"),
        ("torchvision:s3d?weights=none&frames=12", "s3d: it pools over 2 x 7 x 7 cells"),
        ("torchvision:swin3d_t?weights=none&size=100", "a size that is a multiple of 32"),
    ],
)
def test_a_source_that_makes_no_sense_is_one_sentence(source, message):
    with pytest.raises(ValueError) as error:
        open_network(source)
    assert message in str(error.value)


def test_random_weights_are_the_same_every_time():
    one, other = (open_network("torchvision:mc3_18?weights=none&frames=4&size=32&classes=6") for _ in range(2))
    assert one.fingerprint() == other.fingerprint() and len(one.labels) == 6 and "random" in one.title


@pytest.mark.parametrize(
    ("name", "clip", "said"),
    [
        ("s3d", (12, 224), "kernel size"),  # its meta says 14 frames at least; 13 are enough
        ("s3d", (13, 208), "kernel size"),
        ("mvit_v2_s", (16, 256), "size"),
        ("mvit_v2_s", (8, 224), "size"),
    ],
)
def test_what_is_refused_by_name_is_what_the_module_can_t_take(name, clip, said):
    """torchvision 0.28.0, models/video/{s3d,mvit}.py: it fails deep inside, in words of its own."""
    frames, size = clip
    with torch.device("meta"):
        module = getattr(video, name)(weights=None).eval()
        with torch.no_grad(), pytest.raises(RuntimeError, match=said):
            module(torch.empty(1, 3, frames, size, size))
        if name == "s3d":
            assert module.features(torch.empty(1, 3, 13, 209, 209)).shape[2:] == (2, 7, 7)
            assert module.features(torch.empty(1, 3, 16, 240, 240)).shape[2:] == (2, 7, 7)


def test_swin_fills_up_what_does_not_fit_without_a_word():
    """torchvision 0.28.0, models/video/swin_transformer.py `PatchEmbed3d`: zeros to the right, below and behind."""
    module = swin().module
    clip = torch.rand(1, 3, 7, 30, 30, dtype=torch.float64)
    filled = torch.zeros(1, 3, 8, 32, 32, dtype=torch.float64)
    filled[:, :, :7, :30, :30] = clip
    assert torch.equal(module.patch_embed(clip), module.patch_embed(filled))


@pytest.mark.parametrize(
    "source", ["swin3d_t?weights=none&frames=4&size=32&classes=3", "r3d_18?weights=none&frames=4&size=32"]
)
def test_a_network_by_name_explains_a_video_it_reads_itself(source, tmp_path):
    film = np.random.default_rng(0).integers(0, 255, (12, 60, 44, 3), np.uint8)
    write_mp4(tmp_path / "film.mp4", film)
    network = open_network(f"torchvision:{source}")
    clip = network.clip(tmp_path / "film.mp4")
    assert network.read(tmp_path / "film.mp4").shape == (1, 3, 4, 32, 32)
    seen = explain(network, clip)
    for layer, maps in seen.signed.items():
        about = seen.layers[layer]
        spoken_for = [frame for cell in about.frames for frame in cell]
        assert len(maps) == len(about.frames) == len(about.knots)
        assert spoken_for == clip.frames.ravel().tolist()  # every frame that was read, once, in order
    exact = seen.signed[network.last].sum() + network.module.get_submodule(network.exact_head).bias[seen.target].item()
    assert exact == pytest.approx(seen.logits[seen.target], abs=1e-4)
