"""Released files of TSM and TSN, made here with their names: loaded tensor by tensor, equal to a network by hand."""

import pytest
import torch
from torch import nn

from tdn.explain import ForwardPass, Rule, grad_cam
from tdn.networks import open_network

from torchvision.models import ResNet  # isort: skip (after the operators it needs)
from torchvision.models.resnet import BasicBlock  # isort: skip


class Shift(nn.Module):
    """The released wrapper of a convolution: an eighth of the channels from the next segment, one from the last.

    Source: TSM ops/temporal_shift.py `TemporalShift.shift`.
    """

    def __init__(self, net: nn.Module, segments: int):
        super().__init__()
        self.net, self.segments = net, segments

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = features.unflatten(0, (-1, self.segments))
        moved, fold = torch.zeros_like(x), x.shape[2] // 8
        moved[:, :-1, :fold] = x[:, 1:, :fold]
        moved[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
        moved[:, :, 2 * fold :] = x[:, :, 2 * fold :]
        return self.net(moved.flatten(0, 1))


class Released(nn.Module):
    """A released TSM (or TSN, without shift) on the smallest ResNet, under the names of its files."""

    def __init__(self, shift: bool, segments: int, classes: int = 6):
        super().__init__()
        self.segments = segments
        self.base_model = ResNet(BasicBlock, [1, 1, 1, 1])
        self.base_model.fc = nn.Identity()
        self.new_fc = nn.Linear(512, classes)
        if shift:
            for number in (1, 2, 3, 4):
                block = self.base_model.get_submodule(f"layer{number}")[0]
                block.conv1 = Shift(block.conv1, segments)

    def forward(self, clip: torch.Tensor) -> torch.Tensor:  # [N, T, 3, H, W]
        scores = self.new_fc(self.base_model(clip.flatten(0, 1)))
        return scores.unflatten(0, (-1, self.segments)).mean(1)


def released(shift: bool = True, segments: int = 8) -> Released:
    torch.manual_seed(0)
    module = Released(shift, segments).eval()
    for name, value in module.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(std=0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    return module


def saved(path, module: nn.Module, leave: str = "", **more) -> str:
    """As the released `main.py` saves it."""
    state = {f"module.{name}": value for name, value in module.state_dict().items() if name != leave} | more
    torch.save({"epoch": 45, "arch": "resnet18", "state_dict": state, "best_prec1": 45.6}, path)
    return str(path)


@pytest.mark.parametrize(
    ("file", "shift", "segments"),
    [
        ("TSM_something_RGB_resnet18_shift8_blockres_avg_segment8_e45.pth", True, 8),
        ("TSM_something_RGB_resnet18_shift8_blockres_avg_segment16_e45.pth.tar", True, 16),
        ("TSM_kinetics_RGB_resnet18_avg_segment5_e50.pth", False, 8),  # TSN: trained with 5, tested with 8
    ],
)
def test_a_released_file_gives_the_released_network_and_its_maps(tmp_path, file, shift, segments):
    module = released(shift, segments)
    network = open_network(saved(tmp_path / file, module))
    assert network.title == ("TSM" if shift else "TSN") and network.num_segments == segments
    clip = torch.randn(1, segments, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    taken = ForwardPass(network, network.arrange(clip), ["final"])
    assert torch.allclose(taken.logits, module(clip[:, :, 0]), atol=1e-5)
    cells = taken.maps([2], rule=Rule(signed=True))["final"]
    assert torch.allclose(cells.sum(), taken.logits[0, 2] - module.new_fc.bias[2], atol=1e-5)
    kept = []

    def keep(layer, inputs, output):
        output.retain_grad()
        kept.append(output)

    module.base_model.layer1.register_forward_hook(keep)
    module(clip[:, :, 0])[0, 2].backward()
    by_hand = (kept[0].grad.mean((2, 3), keepdim=True) * kept[0]).sum(1).relu().detach()
    assert torch.allclose(grad_cam(network, clip, 2, ["res2"])["res2"][0], by_hand, atol=1e-6 * by_hand.max())


def test_the_shift_is_on_the_residual_branch_alone(tmp_path):
    network = open_network(saved(tmp_path / "TSM_shift8_blockres_segment8.pth", released()))
    clip = torch.randn(1, 8, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    other = clip.clone()
    other[:, 4] += 1
    one, changed = (ForwardPass(network, given, ["res2"]).activation("res2") for given in (clip, other))
    moved = (changed - one).abs().sum((0, 1, 3, 4)) > 1e-6
    assert moved.tolist() == [False, False, False, True, True, True, False, False]


def test_a_dense_file_reads_eight_frames_of_sixty_four(tmp_path):
    path = saved(tmp_path / "TSM_kinetics_RGB_resnet18_shift8_blockres_avg_segment8_e100_dense.pth", released())
    dense = open_network(path)
    assert (dense.reads.rule, dense.reads.stride, dense.reads.resize) == ("dense", 8, 256)
    assert open_network(f"{path}?sampling=segments").reads.rule == "windows"
    # The score is a mean over segments all the same, and maps are weighed frame by frame.
    clip = torch.randn(1, 8, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    found = [grad_cam(one, clip, 2, ["res2"])["res2"] for one in (dense, open_network(f"{path}?sampling=segments"))]
    assert torch.equal(*found)


def test_a_file_on_mobilenetv2_loads_by_its_names(tmp_path):
    from tdn.model import FAMILY, TDN
    from tdn.model.family import replace
    from tdn.networks.segments import released_name

    mobile = FAMILY["tsm_mobilenetv2_8f"].architecture
    torch.manual_seed(0)
    ours = TDN(replace(mobile, num_classes=6, window=1, backbone=replace(mobile.backbone, last_stride=2))).eval()
    shifts = {name for name, one in ours.named_modules() if type(one).__name__ == "TemporalShift"}
    state = {released_name(name, shifts, inverted=True): value for name, value in ours.state_dict().items()}
    # Names of archs/mobilenet_v2.py: a first convolution, a block that keeps its size, one that doesn't, and the last.
    for name in ("features.0.0", "features.1.conv.3", "features.2.conv.0", "features.3.conv.0.net", "features.18.0"):
        assert f"base_model.{name}.weight" in state
    torch.save({"state_dict": state}, tmp_path / "TSM_kinetics_RGB_mobilenetv2_shift8_blockres_avg_segment8_e100.pth")
    network = open_network(next(tmp_path.iterdir()))
    clip = torch.randn(1, 8, 1, 3, 32, 32)
    assert torch.equal(network.module(clip), ours(clip))


@pytest.mark.parametrize(
    ("file", "leave", "more", "message"),
    [
        ("TSM_shift8_blockres.pth", "", {}, "can't tell its number of segments; write TSM_shift8_blockres.pth?segm"),
        ("segment8.pth", "new_fc.bias", {}, "1 missing (new_fc.bias)"),
        ("segment8.pth", "", {"module.base_model.layer2.0.nl.g.0.weight": torch.ones(1)}, "non-local blocks"),
        ("segment8.pth", "", {"module.base_model.layer1_bak.0.conv1.weight": torch.ones(1)}, "python -m tdn convert"),
        (
            "segment8.pth",
            "",
            {"module.base_model.extra.weight": torch.ones(1)},
            "1 unexpected (base_model.extra.weight",
        ),
        ("segment8.pth", "", {"module.base_model.conv1.weight": torch.ones(64, 10, 7, 7)}, "it reads optical flow"),
        (
            "segment8.pth",
            "new_fc.weight",
            {"module.base_model.conv1.weight": torch.ones(1)},
            "no network of TSM or TSN",
        ),
    ],
)
def test_a_file_that_is_something_else_is_one_sentence(tmp_path, file, leave, more, message):
    with pytest.raises(ValueError) as error:
        open_network(saved(tmp_path / file, released(), leave, **more))
    assert message in str(error.value)
