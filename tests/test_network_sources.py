"""How networks are named: one syntax, and code that runs only where its owner sits."""

import pytest
import torch

from tdn.networks import open_network, resolved, short_name
from tdn.networks.source import Source, parse_source, state_of

BUILD = """
from beside import LABELS
from torch import nn
from tdn.networks import Network, Reads, Tap

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.head = nn.Conv3d(3, 4, 3, padding=1), nn.Linear(4, 2)
    def forward(self, clip):
        return self.head(self.features(clip).mean((2, 3, 4)))

def build():
    return Network(Small(), LABELS, Reads(4, 16), [Tap("features", "features")], exact_head="head")

def broken():
    return Small()(None)

def module():
    return Small()
"""


@pytest.mark.parametrize(
    ("named", "family", "name", "file", "short"),
    [
        ("checkpoints/tdn_small_8f.safetensors", "tdn", None, "", "tdn_small_8f"),
        ("owner/name", "tdn", None, "", "name"),
        ("torchvision:r2plus1d_18", "torchvision", "r2plus1d_18", "", "r2plus1d_18"),
        ("torchvision:r2plus1d_18=runs/mine.pth?frames=8", "torchvision", "r2plus1d_18", "runs/mine.pth", "mine"),
        ("hf:MCG-NJU/videomae-base", "hf", "MCG-NJU/videomae-base", "", "videomae-base"),
        ("a/TSM_x_segment8_e45.pth.tar?labels=n.txt", "segments", "a/TSM_x_segment8_e45.pth.tar", None, None),
        ("nets/mine.py:build", "module", "build", "nets/mine.py", "mine_build"),
    ],
)
def test_names_say_which_family_is_meant(named, family, name, file, short):
    source = parse_source(named)
    assert source.family == family and source.name == (name or named)
    assert source.file == (source.name if file is None else file)
    assert short_name(named) == (short or "TSM_x_segment8_e45")
    assert resolved("torchvision:r3d_18") == "torchvision:r3d_18"


def test_a_function_of_one_s_own_gives_a_network_and_may_import_what_lies_beside_it(tmp_path):
    (tmp_path / "mine.py").write_text(BUILD)
    (tmp_path / "beside.py").write_text("LABELS = ['up', 'down']\n")
    network = open_network(f"{tmp_path}/mine.py:build")
    assert network.labels == ["up", "down"] and not network.module.training
    with pytest.raises(ValueError, match=r"^mine.py:broken: TypeError: "):
        open_network(f"{tmp_path}/mine.py:broken")
    with pytest.raises(ValueError, match=r"mine.py:module: returned a Small; expected a tdn.networks.Network"):
        open_network(f"{tmp_path}/mine.py:module")
    with pytest.raises(ValueError, match=r"mine.py:other: it has no function other"):
        open_network(f"{tmp_path}/mine.py:other")
    with pytest.raises(FileNotFoundError, match=r"none.py: no such file of Python"):
        open_network(f"{tmp_path}/none.py:build")


def test_code_does_not_run_where_a_stranger_named_it(tmp_path):
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(ValueError, match="code is run on the command line and in Python only"):
        open_network(f"{tmp_path}/mine.py:build", run_code=False)
    assert not (tmp_path / "ran").exists()


def test_a_state_dict_is_found_in_what_others_saved_and_nothing_else_is_taken(tmp_path):
    weight = torch.ones(2)
    torch.save({"epoch": 1, "state_dict": {"module.fc.weight": weight, "module.count": 3}}, tmp_path / "a.pth")
    assert list(state_of(tmp_path / "a.pth")) == ["fc.weight"]
    torch.save([1, 2], tmp_path / "b.pth")
    with pytest.raises(ValueError, match=r"b.pth: no state dict inside"):
        state_of(tmp_path / "b.pth")
    (tmp_path / "c.pth").write_bytes(b"not weights")
    with pytest.raises(ValueError, match=r"c.pth: not a weights file that can be read safely"):
        state_of(tmp_path / "c.pth")


def test_labels_are_one_a_line_and_as_many_as_classes(tmp_path):
    (tmp_path / "names.txt").write_text("up\ndown\n\n")
    source = Source("segments", "x.pth", options={"labels": str(tmp_path / "names.txt")})
    assert source.labels(2) == ["up", "down"]
    with pytest.raises(ValueError, match=r"names.txt: 2 names for 3 classes; expected one a line"):
        source.labels(3)
    assert Source("segments", "x.pth").labels(2, ["a", "b", "c"]) == ["class 0", "class 1"]
