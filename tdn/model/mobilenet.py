"""MobileNetV2 as the 2-D backbone (Sandler et al., CVPR 2018), with one named slot, `temporal`, in its residual blocks.

Layers and numbers are those of torchvision's `mobilenet_v2`, cut into five stages where the resolution halves:
features 0 to 1, 2 to 3, 4 to 6, 7 to 13, and 14 to 18. Every operation is out of place.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from tdn.model.resnet import SlotMaker

# By stage: (channels at width 32, blocks, stride of the first block), paper Table 2.
GROUPS = {2: ((24, 2, 2),), 3: ((32, 3, 2),), 4: ((64, 4, 2), (96, 3, 1)), 5: ((160, 3, 2), (320, 1, 1))}
STAGE_1, LAST, EXPANSION = 16, 1280, 6
BLOCKS = tuple(sum(blocks for _, blocks, _ in groups) for groups in GROUPS.values())  # in Res2 to Res5


def scaled(channels: int, width: int) -> int:
    """Channels of a network whose first convolution has `width` of them, not 32: torchvision's `_make_divisible`."""
    wanted = channels * width / 32
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * wanted else nearest


def stage_channels(width: int) -> dict[int, int]:
    """Channels that each stage gives. The last convolution is never narrower than at width 32."""
    later = {number: scaled(groups[-1][0], width) for number, groups in GROUPS.items()}
    return {1: scaled(STAGE_1, width), **later, 5: scaled(LAST, max(32, width))}


class InvertedResidual(nn.Module):
    """1x1 to `expansion` times the channels, 3x3 depthwise, 1x1 back without ReLU; a residual where sizes agree.

    The slot sits on the block's input, on the convolutions' branch alone. Every block may have one, as in the released
    ResNet of TDN, whose blocks that change the resolution have one, too: with slots in residual blocks alone T-Conv
    stayed at chance (docs/benchmark.md).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        expansion: int = EXPANSION,
        make_temporal: SlotMaker | None = None,
    ):
        super().__init__()
        hidden = in_channels * expansion
        self.is_residual = stride == 1 and in_channels == out_channels
        self.temporal = make_temporal(in_channels) if make_temporal else nn.Identity()
        if expansion != 1:
            self.conv1, self.bn1 = nn.Conv2d(in_channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden)
        self.expands = expansion != 1
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride=stride, padding=1, groups=hidden, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3, self.bn3 = nn.Conv2d(hidden, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:  # [N*T, C, H, W]
        out = self.temporal(x)
        if self.expands:
            out = self.relu(self.bn1(self.conv1(out)))
        out = self.relu(self.bn2(self.depthwise(out)))
        out = self.bn3(self.conv3(out))
        return x + out if self.is_residual else out

    def depthwise(self, x: Tensor) -> Tensor:
        # Where it strides, its gradient on a CPU takes 4 to 17 times as long in bfloat16 as in float32 (torch 2.13).
        if self.training and self.conv2.stride == (2, 2) and x.device.type == "cpu" and x.dtype == torch.bfloat16:
            with torch.autocast("cpu", enabled=False):
                return self.conv2(x.float()).to(x.dtype)
        return self.conv2(x)


def first_stage(in_channels: int, width: int) -> nn.Sequential:
    """Res1: convolution 3x3 / 2 and the block without expansion, at half of the input's resolution."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, scaled(32, width), 3, stride=2, padding=1, bias=False),
            bn=nn.BatchNorm2d(scaled(32, width)),
            relu=nn.ReLU6(),
            block=InvertedResidual(scaled(32, width), scaled(STAGE_1, width), 1, expansion=1),
        )
    )


def later_stage(
    number: int,
    width: int,
    last_stride: int,
    make_temporal: SlotMaker | None = None,
    residual_only: bool = False,
) -> nn.Sequential:
    """Res2 to Res5; Res5 starts with `last_stride` and ends with the 1x1 convolution in front of the classifier.

    `residual_only` leaves the slots of blocks without a residual empty.
    """
    blocks: list[nn.Module] = []
    in_channels = stage_channels(width)[number - 1]
    for channels, count, stride in GROUPS[number]:
        for index in range(count):
            step = 1 if index else min(stride, last_stride) if number == 5 else stride
            out_channels = scaled(channels, width)
            is_left_out = residual_only and (step != 1 or in_channels != out_channels)
            filled = None if is_left_out else make_temporal
            blocks.append(InvertedResidual(in_channels, out_channels, step, EXPANSION, filled))
            in_channels = out_channels
    if number == 5:
        out_channels = stage_channels(width)[5]
        blocks.append(
            nn.Sequential(
                OrderedDict(
                    conv=nn.Conv2d(in_channels, out_channels, 1, bias=False),
                    bn=nn.BatchNorm2d(out_channels),
                    relu=nn.ReLU6(),
                )
            )
        )
    return nn.Sequential(*blocks)
