"""Checkpoints nobody should trust: each refused in one sentence; nothing it asks for is run, read or allocated."""

import json
import os
import pickle
import resource
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from tdn.data.transforms import Preprocess
from tdn.model import FAMILY
from tdn.weights import Card, CheckpointError, convert_official, load_model, read_card, save_checkpoint
from tdn.weights.limits import expect_affordable
from tests.conftest import network, tiny

WHOLE = Preprocess("whole", 64, 64, "even", max_frames=64)
GIBIBYTE = 2**30


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A sound checkpoint of six classes."""
    path = tmp_path_factory.mktemp("good") / "good.safetensors"
    architecture = tiny()
    save_checkpoint(path, network(architecture), Card(architecture, WHOLE, [f"class {i}" for i in range(6)]))
    return path


@pytest.fixture(scope="module")
def described(good) -> dict:
    return json.loads(read_card(good).to_json())


@pytest.fixture(autouse=True)
def little_memory():
    """No test here may take more than a gibibyte on top of what is taken already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + GIBIBYTE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def refused(load: Callable, path: Path, said: str, **options) -> None:
    """The error names the file, holds `said`, and is one short line."""
    with pytest.raises((CheckpointError, FileNotFoundError), match=said) as error:
        load(path, **options)
    sentence = str(error.value)
    assert sentence.startswith(path.name) and len(sentence) < 700 and "\n" not in sentence


def with_text(tmp_path: Path, good: Path, text: str | None) -> Path:
    """The good tensors with another description."""
    path = tmp_path / "bad.safetensors"
    save_file(load_file(good), path, metadata=None if text is None else {"tdn": text})
    return path


def changed(values: dict, place: str, value: object) -> dict:
    """A copy of nested dictionaries with `value` at "a.b.c"."""
    first, _, rest = place.partition(".")
    return {**values, first: changed(values[first], rest, value) if rest else value}


# -- the description


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("architecture.num_classes", 10**9, "num_classes: expected 1 to 10000"),
        ("architecture.num_classes", 10**400, "num_classes.*more than 20 digits"),
        ("architecture.num_classes", 7, "6 labels for 7 classes"),
        ("architecture.num_classes", True, "num_classes is True"),
        ("architecture.num_segments", 10**6, "num_segments: expected 1 to 64"),
        ("architecture.window", 10**6, "window: expected 1 to 16"),
        ("architecture.backbone.width", 10**7, "a width up to 256"),
        ("architecture.backbone.blocks", [10**9, 1, 1, 1], "64 blocks"),
        ("architecture.backbone.blocks", [1] * 10**5, "blocks is"),
        ("architecture.backbone.blocks", [0, 1, 1, 1], "at least one block"),
        ("architecture.backbone.block", "__import__('os')", "block is"),
        ("architecture.backbone", "resnet50", "backbone is"),
        ("architecture.l_tdm_stages", [3, 9], "stages of 2 to 5"),
        ("architecture.l_tdm_stages", "345", "l_tdm_stages is"),
        ("architecture.alpha", float("nan"), "alpha is nan"),
        ("architecture.dropout", "0.5", "dropout is"),
        ("architecture", [[]], "no object"),
        ("preprocess.input_size", 10**6, "input_size: expected 32 to 1024"),
        ("preprocess.fps", float("inf"), "fps: expected a number above 0"),
        ("preprocess.view", ["whole"], "view: expected"),
        ("preprocess", None, "preprocess: expected an object"),
        ("labels", "abcdef", "labels: expected a list"),
        ("labels", [f"class {i}" for i in range(100_000)], "characters, up to"),
        ("labels", ["up\nerror: down", *"abcde"], "label 0: expected one line"),
        ("labels", ["up\x1b[2J", *"abcde"], "label 0: expected one line"),
        ("labels", ["\ud800", *"abcde"], "label 0: expected one line"),
        ("labels", ["x" * 10_000, *"abcde"], "label 0: 10000 characters"),
        ("labels", [None, *"abcde"], "label 0: expected text"),
        ("num_segments", 16, "num_segments is 16 here and 8"),
        ("alpha", 0.75, "alpha is 0.75 here"),
        ("input_size", 224, "input_size is 224 here"),
        ("accuracy", [99.9], "accuracy: expected"),
        ("accuracy", {"top1": 1, "sure_above": "always"}, "accuracy: expected"),
        ("accuracy", {"per_class": [1, 2]}, "accuracy: expected"),
        ("trained_on", {"a": 1}, "trained_on: expected text"),
        ("command", "rm -rf /\nerror", "command: expected one line"),
        ("extra", "x" * 2_000_000, "characters"),
        ("extra", [], "extra: expected an object"),
    ],
)
def test_a_description_that_asks_for_too_much_or_makes_no_sense_is_refused(
    tmp_path, good, described, place, value, said
):
    refused(load_model, with_text(tmp_path, good, json.dumps(changed(described, place, value))), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no 'tdn' metadata"),
        ("", "not JSON"),
        ("network = TDN()", "not JSON"),
        ("null", "not a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"architecture":' * 5_000 + "1" + "}" * 5_000, "nested too deeply"),
        ("{}", "architecture, labels, preprocess missing"),
        ('{"labels": ' + "9" * 50_000 + "}", "can't be read"),
    ],
)
def test_metadata_that_is_no_description_is_refused(tmp_path, good, text, said):
    refused(load_model, with_text(tmp_path, good, text), said)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(["architecture", "preprocess", "labels", "accuracy", "architecture.backbone", "architecture.alpha"])
    | st.sampled_from(sorted(tiny().to_dict())).map("architecture.{}".format)
    | st.sampled_from(sorted(WHOLE.to_dict())).map("preprocess.{}".format),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)
def test_any_value_in_a_description_is_taken_or_refused_in_one_sentence(place, value):
    architecture = tiny()
    card = Card(architecture, WHOLE, [f"class {i}" for i in range(6)])
    try:
        Card.from_json(json.dumps(changed(json.loads(card.to_json()), place, value)))
    except ValueError as error:
        assert "\n" not in str(error) and len(str(error)) < 500


def test_a_label_that_looks_like_html_is_only_text(tmp_path, good, described):
    labels = ["<img src=x onerror=alert(1)>", "${1+1} {{x}}", *"abcd"]
    assert load_model(with_text(tmp_path, good, json.dumps({**described, "labels": labels}))).labels == labels


@pytest.mark.parametrize("name", ["tdn_resnet101_16f", "tsm_resnet50_40f"])
def test_every_network_of_the_paper_is_within_the_limits_for_strangers(name):
    row = FAMILY[name]
    expect_affordable(row.architecture, Preprocess.official())


@pytest.mark.parametrize(("changes", "size"), [({"num_segments": 64}, 224), ({}, 1024)])
def test_a_network_too_costly_for_a_page_is_refused_before_it_is_made(changes, size):
    architecture = replace(FAMILY["tdn_resnet101_16f"].architecture, **changes)
    with pytest.raises(ValueError, match="taken"):
        expect_affordable(architecture, Preprocess("whole", size, size, "even"))


# -- the file


def raw(path: Path, header: bytes, data: bytes = b"", length: int | None = None) -> Path:
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return path


@pytest.mark.parametrize(
    ("header", "length", "said"),
    [
        (b"{}", 2**62, "a header of"),
        (b" " * 5_000_000, None, "a header of 5,000,000 bytes"),
        (b'{"x":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}', None, "is it complete"),
        (b'{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}', None, "is it complete"),
        (b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551615,3]}}', None, "is it complete"),
        (b'{"__metadata__":{"tdn":7}}', None, "is it complete"),
        (b"[" * 100_000, None, "is it complete"),
        (b"\xff\xfe\n\x1b[2J", None, "is it complete"),
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, header, length, said):
    refused(load_model, raw(tmp_path / "bomb.safetensors", header, length=length), said)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path, good, share):
    content = good.read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(content[: int(share * len(content))])
    refused(load_model, tmp_path / "cut.safetensors", "is it complete")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_bytes_overwritten_anywhere_in_the_header_never_crash(good, tmp_path_factory, data):
    content = bytearray(good.read_bytes())
    header = int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 8 + header))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("mutated") / "mutated.safetensors"
    path.write_bytes(content)
    try:
        load_model(path)
    except CheckpointError as error:
        assert "\n" not in str(error)


def test_a_description_of_another_network_than_the_tensors_is_refused_by_shape(tmp_path, good, described):
    wider = changed(described, "architecture.backbone.width", 256)
    refused(load_model, with_text(tmp_path, good, json.dumps(wider)), "its description asks for")


def test_a_gigantic_network_is_refused_from_its_description_alone(tmp_path, good, described):
    blocks = changed(described, "architecture.backbone.blocks", [1, 1, 1, 61])
    text = json.dumps(
        changed(changed(blocks, "architecture.backbone.width", 256), "architecture.backbone.block", "basic")
    )
    refused(load_model, with_text(tmp_path, good, text), "million parameters")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_one_value_that_is_no_number_is_refused_naming_its_tensor(tmp_path, good, described, value):
    tensors = load_file(good)
    tensors["res4.0.conv1.weight"][0, 0, 0, 0] = value
    save_file(tensors, tmp_path / "nan.safetensors", metadata={"tdn": json.dumps(described)})
    refused(load_model, tmp_path / "nan.safetensors", r"res4\.0\.conv1\.weight holds values that are not finite")


def test_whole_numbers_in_place_of_weights_are_refused(tmp_path, good, described):
    tensors = load_file(good)
    tensors["head.weight"] = tensors["head.weight"].to(torch.int8)
    save_file(tensors, tmp_path / "int.safetensors", metadata={"tdn": json.dumps(described)})
    refused(load_model, tmp_path / "int.safetensors", "head.weight holds I8, another kind of number")


# -- names and shards


@pytest.fixture
def shards(tmp_path, good, described) -> list[Path]:
    tensors = load_file(good)
    names, paths = sorted(tensors), []
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        paths.append(tmp_path / f"net-{number:05d}-of-00002.safetensors")
        save_file({name: tensors[name] for name in part}, paths[-1], metadata={"tdn": json.dumps(described)})
    return paths


def test_shards_of_different_checkpoints_are_refused(shards, described):
    other = json.dumps({**described, "trained_on": "something else"})
    save_file(load_file(shards[1]), shards[1], metadata={"tdn": other})
    with pytest.raises(CheckpointError, match=r"net-00002-of-00002.*belongs to another checkpoint"):
        load_model(shards[0])


def test_a_tensor_in_two_shards_is_refused(shards, described):
    both = {**load_file(shards[0]), **load_file(shards[1])}
    save_file(both, shards[1], metadata={"tdn": json.dumps(described)})
    with pytest.raises(CheckpointError, match="stands in another shard too"):
        load_model(shards[0])


@pytest.mark.parametrize("name", ["net-00001-of-00000", "net-00003-of-00002"])
def test_a_shard_number_that_can_not_be_is_refused(shards, name):
    path = shards[0].rename(shards[0].with_name(f"{name}.safetensors"))
    refused(load_model, path, "there is no shard")


def test_a_missing_shard_of_very_many_is_named_at_once(shards):
    path = shards[0].rename(shards[0].with_name("net-00001-of-99999.safetensors"))
    with pytest.raises(FileNotFoundError, match="net-00002-of-99999"):
        load_model(path)


def test_a_folder_a_device_and_a_loop_of_links_are_no_checkpoints(tmp_path):
    (tmp_path / "folder.safetensors").mkdir()
    refused(load_model, tmp_path / "folder.safetensors", "a folder")
    (tmp_path / "loop.safetensors").symlink_to(tmp_path / "loop.safetensors")
    refused(load_model, tmp_path / "loop.safetensors", "no such checkpoint file")
    (tmp_path / "zero.safetensors").symlink_to("/dev/zero")
    refused(load_model, tmp_path / "zero.safetensors", "no such checkpoint file")
    os.mkfifo(tmp_path / "pipe.safetensors")
    refused(load_model, tmp_path / "pipe.safetensors", "no such checkpoint file")


# -- official files, which are pickles


class Writes:
    """Writes a file when it is unpickled the ordinary way."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "written")


@pytest.mark.parametrize("form", ["pickle", "zip"])
def test_a_pickle_that_would_write_a_file_does_not(tmp_path, form):
    victim, path = tmp_path / "victim", tmp_path / "evil.pth"
    content = {"state_dict": {"new_fc.weight": Writes(victim)}}
    if form == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path)
    refused(convert_official, path, "can be read safely", num_segments=8)
    assert not victim.exists()
    pickle.loads(pickle.dumps(Writes(victim)))
    assert victim.exists()  # it would have


def repacked(path: Path, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """A .pth with other bytes in its entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))
    return path


def test_a_zip_bomb_is_refused_unread(tmp_path):
    torch.save({"new_fc.weight": torch.zeros(4)}, tmp_path / "bomb.pth")
    path = repacked(
        tmp_path / "bomb.pth",
        lambda name, content: bytes(2**26) if name.endswith("data/0") else content,
        zipfile.ZIP_DEFLATED,
    )
    assert path.stat().st_size < 2**18
    refused(convert_official, path, "a compressed archive", num_segments=8)


def test_a_tensor_that_claims_more_than_its_bytes_is_refused(tmp_path):
    torch.save({"new_fc.weight": torch.zeros(4)}, tmp_path / "bomb.pth")
    wide = b"\x8a\x06" + (10**12).to_bytes(6, "little")  # where the pickle says 4
    path = repacked(tmp_path / "bomb.pth", lambda name, content: content.replace(b"K\x04", wide))
    refused(convert_official, path, "can be read safely", num_segments=8)


def test_a_classifier_of_a_billion_classes_made_of_one_number_is_refused(tmp_path):
    torch.save({"new_fc.weight": torch.zeros(1, 1).expand(10**9, 2048)}, tmp_path / "wide.pth")
    refused(convert_official, tmp_path / "wide.pth", "a classifier of 1000000000 classes", num_segments=8)


def test_tensors_without_memory_of_their_own_are_no_weights(tmp_path):
    for number, tensor in enumerate((torch.zeros(9, 9, device="meta"), torch.eye(3).to_sparse())):
        torch.save({"new_fc.weight": tensor}, tmp_path / f"{number}.pth")
        refused(convert_official, tmp_path / f"{number}.pth", "no state dict|can be read safely", num_segments=8)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x02]q\x00" * 50, b"not a pickle", b"\x00" * 999]
)
def test_a_file_that_is_no_pickle_is_refused(tmp_path, content):
    (tmp_path / "noise.pth").write_bytes(content)
    refused(convert_official, tmp_path / "noise.pth", "can be read safely|a broken archive", num_segments=8)
