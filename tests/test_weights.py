"""Checkpoints: ours, official ones, ImageNet starts. A file that does not fit is refused by name, never half loaded."""

import json
import os
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import tdn.weights.torchvision_ops  # noqa: F401 (before torchvision)
from tdn.data.transforms import Preprocess
from tdn.model import FAMILY, RESNET50, RESNET101, TDN, TINY, Architecture
from tdn.model.variants import LegacyBackwardLTDM
from tdn.weights import (
    Card,
    CheckpointError,
    convert_official,
    export_official,
    load_model,
    read_card,
    save_checkpoint,
    start_from_imagenet,
    start_from_network,
)
from tdn.weights.official import official_name, segments_from_name
from tests.conftest import network, random_clip, tiny

WHOLE = Preprocess(view="whole", short_side=64, input_size=64, sampling="even", fps=None, max_frames=64)


def card(architecture: Architecture) -> Card:
    labels = [f"Moving thing {i}" for i in range(architecture.num_classes)]
    return Card(architecture, WHOLE, labels, trained_on="nothing", accuracy={"top1": 12.5})


@pytest.fixture
def saved(tmp_path):
    model = network(tiny())
    save_checkpoint(tmp_path / "one.safetensors", model, card(model.architecture))
    return model, tmp_path / "one.safetensors"


def rewritten(path, change_tensors=None, change_card=None):
    """The same file with other tensors or other metadata."""
    tensors, description = load_file(path), json.loads(read_card(path).to_json())
    if change_tensors:
        change_tensors(tensors)
    if change_card:
        change_card(description)
    save_file(tensors, path, metadata={"tdn": json.dumps(description)})
    return path


def test_a_checkpoint_loads_as_the_network_it_was(saved):
    model, path = saved
    again = load_model(path)
    clip = random_clip(model.architecture)
    assert torch.equal(model(clip), again(clip))
    assert again.labels[2] == "Moving thing 2" and again.preprocess == WHOLE and again.input_size == 64
    assert not again.training and not any(p.requires_grad for p in again.parameters())


def test_the_card_says_what_the_contract_asks_for(saved):
    written = json.loads(read_card(saved[1]).to_json())
    expected = "architecture num_segments alpha beta input_size preprocess labels trained_on command accuracy protocol"
    assert set(expected.split()) | {"version"} <= set(written)
    assert written["alpha"] == 0.5 and written["num_segments"] == 8


def test_half_precision_files_load_as_float32(tmp_path):
    model = network(tiny())
    save_checkpoint(tmp_path / "half.safetensors", model, card(model.architecture), dtype=torch.float16)
    again = load_model(tmp_path / "half.safetensors")
    assert next(again.parameters()).dtype == torch.float32
    assert torch.allclose(model.head.weight, again.head.weight, atol=1e-3)


def test_shards_load_together_and_a_missing_one_is_named(saved, tmp_path):
    model, path = saved
    tensors, text = load_file(path), read_card(path).to_json()
    names = sorted(tensors)
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        shard = tmp_path / f"big-{number:05d}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, shard, metadata={"tdn": text})
    clip = random_clip(model.architecture)
    assert torch.equal(load_model(tmp_path / "big-00002-of-00002.safetensors")(clip), model(clip))
    (tmp_path / "big-00001-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="big-00001-of-00002"):
        load_model(tmp_path / "big-00002-of-00002.safetensors")


def test_a_safetensors_file_without_our_metadata_is_refused_by_name(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"other\.safetensors: no 'tdn' metadata"):
        load_model(tmp_path / "other.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\xff" * 64])
def test_a_file_that_is_no_safetensors_is_refused(tmp_path, content):
    (tmp_path / "bad.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"bad\.safetensors"):
        load_model(tmp_path / "bad.safetensors")


def test_missing_and_unexpected_tensors_are_named_and_nothing_is_loaded(saved):
    _, path = saved
    with pytest.raises(CheckpointError, match=r"1 missing \(head.bias\)"):
        load_model(rewritten(path, lambda t: t.pop("head.bias")))
    with pytest.raises(CheckpointError, match=r"1 unexpected \(stranger\)"):
        load_model(rewritten(path, lambda t: t.update(stranger=torch.zeros(1))))


def test_a_tensor_of_another_shape_is_refused_before_it_is_read(saved):
    with pytest.raises(CheckpointError, match=r"head.weight has shape \[7, 64\]"):
        load_model(rewritten(saved[1], lambda t: t.update({"head.weight": torch.zeros(7, 64)})))


def test_weights_that_are_not_numbers_are_refused(saved):
    with pytest.raises(CheckpointError, match="not finite"):
        load_model(rewritten(saved[1], lambda t: t["head.bias"].fill_(float("nan"))))


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda c: c.pop("labels"), "labels"),
        (lambda c: c.update(labels=["only one"]), "1 labels for 6 classes"),
        (lambda c: c["architecture"].update(wings=2), "unknown fields"),
        (lambda c: c["preprocess"].update(view="upside_down"), "upside_down"),
    ],
)
def test_a_garbled_description_is_refused_with_the_reason(saved, change, said):
    with pytest.raises(CheckpointError, match=said):
        load_model(rewritten(saved[1], change_card=change))


def test_saving_leaves_no_half_written_file_behind(saved):
    assert [p.name for p in saved[1].parent.iterdir()] == ["one.safetensors"]


# -- official files


def official_tensors(architecture: Architecture, prefix: str = "") -> dict[str, torch.Tensor]:
    """What the released code would hold for one of our networks, its dead entries included."""
    model = network(architecture)
    state = {prefix + official_name(name): value.clone() for name, value in model.state_dict().items()}
    state[f"{prefix}base_model.conv1_temp.weight"] = torch.zeros(64, 3, 7, 7)
    state[f"{prefix}base_model.conv1_temp.bias"] = torch.zeros(64)
    return state


@pytest.fixture(scope="module")
def released() -> dict[str, torch.Tensor]:
    return official_tensors(Architecture(RESNET50, 9))


def write(tmp_path, state, name="released.pth"):
    torch.save(state, tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("wrap", ["plain", "module", "module twice", "trainer", "no counters", "base_model.fc"])
def test_every_form_an_official_file_takes_is_read(tmp_path, released, wrap):
    state = dict(released)
    if wrap.startswith("module"):
        state = {"module." * (1 + wrap.endswith("twice")) + name: value for name, value in state.items()}
    if wrap == "no counters":
        state = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    if wrap == "base_model.fc":
        state = {name.replace("new_fc.", "base_model.fc."): value for name, value in state.items()}
    content = {"epoch": 3, "arch": "resnet50", "state_dict": state, "best_prec1": 1.5} if wrap == "trainer" else state
    model = convert_official(write(tmp_path, content), num_segments=8)
    assert model.architecture == Architecture(RESNET50, 9)
    assert torch.equal(model.res5[2].conv3.weight, released["base_model.layer4_bak.2.conv3.weight"])
    assert model.labels[3] == "class 3"


@pytest.mark.long
def test_resnet101_is_recognised(tmp_path):
    state = official_tensors(Architecture(RESNET101, 4))
    assert convert_official(write(tmp_path, state), num_segments=16).architecture.backbone == RESNET101


def test_the_number_of_segments_is_asked_for_when_the_name_does_not_tell(tmp_path, released):
    with pytest.raises(CheckpointError, match="--num-segments"):
        convert_official(write(tmp_path, released))
    model = convert_official(write(tmp_path, released, "tdn_something_segment16_e60.pth"))
    assert (model.num_segments, model.architecture.alpha) == (16, 0.75)


@pytest.mark.parametrize(
    "name, segments",
    [
        ("tdn_8f.pth", 8),
        ("x_segment16.pth.tar", 16),
        ("TDN_K400_segment8_R50.pth", 8),
        ("v18.pth", None),
        ("best_epoch_16.pth.tar", None),
        ("tdn_r50_8.pth", None),
        ("epoch_16_segment8.pth", 8),
        ("tdn_16frames_e8.pth", 16),
        ("seg8_and_16f.pth", None),
        ("a.pth", None),
    ],
)
def test_segments_are_read_from_names_that_say_them(name, segments):
    assert segments_from_name(name) == segments


def test_an_official_file_with_missing_or_unexpected_tensors_is_refused(tmp_path, released):
    broken = {name: value for name, value in released.items() if "resnext_layer1" not in name}
    with pytest.raises(CheckpointError, match=r"\d+ missing .*resnext_layer1.*nothing was loaded"):
        convert_official(write(tmp_path, broken), num_segments=8)
    with pytest.raises(CheckpointError, match=r"1 unexpected \(base_model.surprise\)"):
        convert_official(write(tmp_path, {**released, "base_model.surprise": torch.zeros(2)}), num_segments=8)


def test_official_weights_that_are_not_numbers_are_refused(tmp_path, released):
    state = {**released, "base_model.conv1.bias": torch.full((64,), float("inf"))}
    with pytest.raises(CheckpointError, match=r"res1\.conv\.bias holds values that are not finite"):
        convert_official(write(tmp_path, state), num_segments=8)


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no state dict of a TDN inside; its tensors are"):
        convert_official(write(tmp_path, {"layer.weight": torch.zeros(3, 3)}), num_segments=8)


class Vandal:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path):
    victim = tmp_path / "made_by_the_pickle"
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"state_dict": Vandal(victim)}, protocol=2))
    with pytest.raises(CheckpointError, match=r"evil\.pth"):
        convert_official(tmp_path / "evil.pth", num_segments=8)
    assert not victim.exists()


def test_export_and_import_give_the_same_network(tmp_path, released):
    model = convert_official(write(tmp_path, released), num_segments=8)
    export_official(model, tmp_path / "back.pth.tar")
    content = torch.load(tmp_path / "back.pth.tar", weights_only=True)
    assert set(content["state_dict"]) == {f"module.{name}" for name in released}
    again = convert_official(tmp_path / "back.pth.tar", num_segments=8)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))


def test_only_networks_the_released_code_can_hold_are_exported(tmp_path):
    with pytest.raises(ValueError, match="official layout"):
        export_official(network(tiny()), tmp_path / "x.pth.tar")


def test_the_legacy_switch_reaches_the_network(tmp_path, released):
    model = convert_official(write(tmp_path, released), num_segments=8, legacy_backward=True)
    assert isinstance(model.res3[0].temporal.l_tdm, LegacyBackwardLTDM)


# -- starts


def imagenet_like(backbone_row: str) -> dict[str, torch.Tensor]:
    """Random tensors in torchvision's ResNet file format, its classifier included."""
    from torchvision.models import resnet50, resnet101

    torch.manual_seed(0)
    return (resnet50 if backbone_row == "resnet50" else resnet101)(weights=None).state_dict()


@pytest.fixture(scope="module")
def imagenet() -> dict[str, torch.Tensor]:
    return imagenet_like("resnet50")


@pytest.mark.parametrize(
    "name", ["tdn_resnet50_8f", "tsm_resnet50_8f", "tdn_s123_l45_resnet50_8f", "teinet_resnet50_8f"]
)
def test_imagenet_weights_start_any_network_of_the_family(imagenet, name):
    model = TDN(replace(FAMILY[name].architecture, num_classes=3))
    model.res4[0].conv1.bias.data.fill_(1.0)
    started = start_from_imagenet(model, imagenet)
    assert torch.equal(model.res4[5].conv2.weight, imagenet["layer3.5.conv2.weight"])
    assert torch.equal(model.res2[0].shortcut.conv.weight, imagenet["layer1.0.downsample.0.weight"])
    assert not model.res4[0].conv1.bias.any()
    assert all(".temporal." in n or "head" in n or "s_tdm.res1.bn" in n or "excite" in n for n in started.fresh)
    if model.s_tdm is not None:
        mean = imagenet["conv1.weight"].mean(1)
        assert torch.allclose(model.s_tdm.res1.conv.weight[:, 7], mean)
        assert torch.equal(model.s_tdm.later["res2"][1].conv1.weight, imagenet["layer1.1.conv1.weight"])


def test_imagenet_weights_of_another_depth_are_refused(imagenet):
    model = TDN(Architecture(RESNET101, 3))
    with pytest.raises(CheckpointError, match="missing"):
        start_from_imagenet(model, imagenet)


def test_a_trained_network_starts_a_variant_where_names_and_shapes_agree():
    trained = network(tiny())
    variant = TDN(tiny("tconv_baseline_resnet50_8f", num_classes=4))
    started = start_from_network(variant, trained)
    assert torch.equal(variant.res4[0].conv1.weight, trained.res4[0].conv1.weight)
    assert torch.equal(variant.res4[0].temporal.t_conv.weight, trained.res4[0].temporal.t_conv.weight)
    assert sorted(started.fresh) == ["head.bias", "head.weight"]


def test_the_smallest_backbone_is_what_tests_think_it_is():
    assert tiny().backbone == TINY
