"""Checkpoints as other people's tools save them are read, or say what they are; no code of theirs runs."""

import argparse
import pathlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tdn.model import RESNET50, TDN, Architecture
from tdn.weights import CheckpointError, convert_official
from tdn.weights.foreign import Inert, chosen_set, read_safely, weight_sets, what_it_is
from tdn.weights.official import official_name
from tdn.words import first_line, one_line


@pytest.fixture(scope="module")
def released() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    with torch.no_grad():
        state = TDN(Architecture(RESNET50, 3)).state_dict()
    return {official_name(name): value.clone() for name, value in state.items()}


def prefixed(state: dict, prefix: str) -> dict:
    return {prefix + name: value for name, value in state.items()}


def averaged(state: dict) -> dict:
    """As torch.optim.swa_utils.AveragedModel has it."""
    return {"n_averaged": torch.tensor(3), **prefixed(state, "module.")}


WRAPPED = {
    "torch.compile": lambda s: {"state_dict": prefixed(s, "_orig_mod.")},
    "compiled and parallel": lambda s: {"state_dict": prefixed(s, "module._orig_mod.")},
    "Lightning model": lambda s: {
        "epoch": 3,
        "state_dict": {**prefixed(s, "model."), "criterion.weight": torch.ones(3)},
    },
    "Lightning net": lambda s: {"state_dict": prefixed(s, "net."), "hyper_parameters": {"rate": 0.1}},
    "model": lambda s: {
        "model": s,
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": []},
    },
    "model_state_dict": lambda s: {"model_state_dict": prefixed(s, "module."), "loss": 0.2},
    "a list": lambda s: [{"epoch": 1}, s],
    "averaged": averaged,
    "numpy and argparse": lambda s: {
        "state_dict": s,
        "best_prec1": np.float64(41.5),
        "history": np.arange(3.0),
        "when": np.int64(3),
        "args": argparse.Namespace(lr=0.1, root=pathlib.PurePosixPath("x")),
    },
}


@pytest.mark.parametrize("wrap", WRAPPED)
def test_weights_are_found_in_what_others_put_around_them(tmp_path, released, wrap):
    torch.save(WRAPPED[wrap](released), tmp_path / "theirs.pth")
    (found,) = weight_sets(read_safely(tmp_path / "theirs.pth")).values()
    assert found.keys() == released.keys()
    assert all(torch.equal(found[name], released[name]) for name in released)


def test_a_wrapped_file_becomes_the_network_it_was(tmp_path, released):
    torch.save(WRAPPED["numpy and argparse"](prefixed(released, "_orig_mod.")), tmp_path / "theirs.ckpt")
    model = convert_official(tmp_path / "theirs.ckpt", num_segments=8)
    assert torch.equal(model.head.weight, released["new_fc.weight"])


def test_the_same_names_in_a_safetensors_file_are_read(tmp_path, released):
    save_file(prefixed(released, "module."), tmp_path / "theirs.safetensors")
    assert torch.equal(convert_official(tmp_path / "theirs.safetensors", 8).head.bias, released["new_fc.bias"])


PAIRS = {
    "two entries": (lambda s, e: {"model": s, "model_ema": prefixed(e, "module.")}, ["model", "model_ema"]),
    "two prefixes": (
        lambda s, e: {"state_dict": {**prefixed(s, "online."), **prefixed(e, "ema_model.module.")}},
        ["state_dict.online", "state_dict.ema_model.module"],
    ),
    "with and without": (lambda s, e: {**s, **prefixed(e, "module.")}, ["the file itself", "module"]),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_of_two_sets_of_weights_one_has_to_be_named(tmp_path, released, pair):
    wrap, names = PAIRS[pair]
    other = {name: value + 1 if value.is_floating_point() else value for name, value in released.items()}
    torch.save(wrap(released, other), tmp_path / "pair.pth")
    with pytest.raises(CheckpointError, match=f"pair.pth: holds 2 sets of weights, under {' and '.join(names)}; say"):
        convert_official(tmp_path / "pair.pth", 8)
    sets = weight_sets(read_safely(tmp_path / "pair.pth"))
    assert torch.equal(chosen_set(sets, names[1], "pair.pth")["new_fc.bias"], other["new_fc.bias"])
    with pytest.raises(CheckpointError, match="no weights under 'elsewhere'"):
        chosen_set(sets, "elsewhere", "pair.pth")


def test_what_no_network_needs_is_named_and_not_left_out(tmp_path, released):
    torch.save(
        {"state_dict": {**prefixed(released, "model."), "model2.extra.weight": torch.ones(2)}}, tmp_path / "x.pth"
    )
    with pytest.raises(CheckpointError, match=r"1 unexpected \(model2\.extra\.weight\)"):
        convert_official(tmp_path / "x.pth", 8)


@pytest.mark.parametrize(
    "content, said",
    [
        ({"epoch": 3}, "no state dict inside"),
        ({"state_dict": {"layer1.0.conv1.weight": torch.ones(2)}}, "a ResNet as torchvision saves it"),
        ({"res2.0.conv1.weight": torch.ones(2)}, "a network of this project without its description"),
        ({"encoder.weight": torch.ones(2)}, "its tensors are called encoder.weight"),
        (Inert(), "a whole object of Inert"),
    ],
)
def test_a_file_of_something_else_says_what_it_is(content, said):
    assert not weight_sets(content)
    assert said in what_it_is(content)


class Network(torch.nn.Module):
    pass


def test_a_whole_pickled_network_is_named_by_its_class(tmp_path):
    torch.save(Network(), tmp_path / "whole.pth")
    with pytest.raises(
        CheckpointError, match=r"it holds an object of tests\.test_foreign_weights\.Network; |Network\)"
    ):
        convert_official(tmp_path / "whole.pth", 8)


class Runs:
    def __init__(self, path: pathlib.Path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.write_text, (self.path, "written")


def test_nothing_that_a_file_names_is_called(tmp_path, released):
    torch.save({"state_dict": released, "args": Runs(tmp_path / "victim")}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match="can be read safely"):
        convert_official(tmp_path / "evil.pth", 8)
    assert not (tmp_path / "victim").exists()
    torch.save(
        {"a": np.float64(3), "b": argparse.Namespace(c=1)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False
    )
    read = read_safely(tmp_path / "old.pth")
    assert all(isinstance(value, Inert) for value in read.values())


def test_words_of_others_are_one_line_cut_between_words():
    assert one_line("Weights only load failed.\n  In \x1b[1mfile\x1b[0m \x1b]8;;http://x\x07y\x1b]8;;\x07") == (
        "Weights only load failed. In file y"
    )
    assert one_line("one two three four", 13) == "one two ..."
    assert one_line("one two", 7) == "one two" and one_line("abcdefgh", 6) == "abc ..."
    assert first_line(ValueError("\n\nfirst line\nsecond")) == "first line" and first_line(KeyError()) == "KeyError"


def test_sentences_on_broken_files_have_whole_words_and_no_codes(tmp_path):
    (tmp_path / "noise.pth").write_bytes(b"\x80\x02" + b"x" * 50)
    with pytest.raises(CheckpointError, match=r"safely \(\w") as refused:
        convert_official(tmp_path / "noise.pth", 8)
    assert "\x1b" not in str(refused.value) and "\n" not in str(refused.value)
    assert "we changed the default" not in str(refused.value)
