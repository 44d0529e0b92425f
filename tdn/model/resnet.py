"""The paper's 2-D backbone, and that of our small networks: a ResNet whose block has one named slot, `temporal`.

He et al., CVPR 2016; the stride sits in the 3x3 convolution, as in torchvision's weights and the released TDN
(`base_module.py:245`). Convolutions keep the bias of the released checkpoints although a batch norm follows.
Every operation is out of place, so that maps may be taken anywhere.
"""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

SlotMaker = Callable[[int], nn.Module]  # channels -> the temporal module of one block


def stem(in_channels: int, width: int, bias: bool, pool: bool = True) -> nn.Sequential:
    """Res1 of the paper: convolution 7x7 / 2, batch norm, ReLU, max-pool 3x3 / 2 (without `pool`: none)."""
    layers = OrderedDict(
        conv=nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=bias),
        bn=nn.BatchNorm2d(width),
        relu=nn.ReLU(),
    )
    if pool:
        layers["pool"] = nn.MaxPool2d(3, stride=2, padding=1)
    return nn.Sequential(layers)


def shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """The projection of a block that changes size, or nothing."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(in_channels, out_channels, 1, stride=stride), bn=nn.BatchNorm2d(out_channels))
    )


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a residual. The slot sits after the first ReLU, or on the block's input.

    `temporal_on_input` chooses; either way the slot runs on the residual branch alone, at the resolution of the
    block's input.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        make_temporal: SlotMaker | None = None,
        temporal_on_input: bool = False,
    ):
        super().__init__()
        out_channels = width * self.expansion
        self.temporal_on_input = temporal_on_input
        slot_channels = in_channels if temporal_on_input else width
        self.conv1, self.bn1 = nn.Conv2d(in_channels, width, 1), nn.BatchNorm2d(width)
        self.temporal = make_temporal(slot_channels) if make_temporal else nn.Identity()
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride=stride, padding=1), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, out_channels, 1), nn.BatchNorm2d(out_channels)
        self.shortcut = shortcut(in_channels, out_channels, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:  # [N*T, C, H, W]
        out = self.temporal(x) if self.temporal_on_input else x
        out = self.relu(self.bn1(self.conv1(out)))
        if not self.temporal_on_input:
            out = self.temporal(out)
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + self.shortcut(x))


class BasicBlock(nn.Module):
    """3x3, 3x3 with a residual, for the small backbones. The slot sits on the block's input.

    The first convolution carries the stride, so the input is the place that has the resolution a bottleneck's
    slot sees.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        make_temporal: SlotMaker | None = None,
        temporal_on_input: bool = True,
    ):
        super().__init__()
        self.temporal = make_temporal(in_channels) if make_temporal else nn.Identity()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.shortcut = shortcut(in_channels, width, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:  # [N*T, C, H, W]
        out = self.relu(self.bn1(self.conv1(self.temporal(x))))
        out = self.bn2(self.conv2(out))
        return self.relu(out + self.shortcut(x))


def stage(
    block: type[Bottleneck] | type[BasicBlock],
    in_channels: int,
    width: int,
    num_blocks: int,
    stride: int,
    make_temporal: SlotMaker | None = None,
    temporal_on_input: bool = False,
    every: int = 1,
) -> nn.Sequential:
    """Res2 to Res5: `num_blocks` residual blocks, the first with `stride`; every `every`-th has the slot filled."""
    blocks = []
    for index in range(num_blocks):
        filled = make_temporal if index % every == 0 else None
        blocks.append(block(in_channels, width, stride if index == 0 else 1, filled, temporal_on_input))
        in_channels = width * block.expansion
    return nn.Sequential(*blocks)
