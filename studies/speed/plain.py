"""The released network, written the plain way: every module called as its code calls it, for timing and for parity.

From the description of the released code (github.com/MCG-NJU/TDN at a7c7e9b, ops/tdn_net.py and ops/base_module.py)
with its names of tensors, so that official weights and those of `tdn convert ... .pth.tar` load as they are. Nothing
is shared with tdn.model: it is the other side of every comparison.
"""

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn


class PlainMSE(nn.Module):
    """L-TDM; `forward` calls the response once a direction."""

    def __init__(self, channels: int, num_segments: int):
        super().__init__()
        squeezed = channels // 16
        self.num_segments = num_segments
        self.conv1 = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(squeezed)
        self.conv2 = nn.Conv2d(squeezed, squeezed, 3, padding=1, groups=squeezed, bias=False)
        self.conv3 = nn.Conv2d(squeezed, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.conv3_smallscale2 = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
        self.bn3_smallscale2 = nn.BatchNorm2d(squeezed)
        self.conv3_smallscale4 = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
        self.bn3_smallscale4 = nn.BatchNorm2d(squeezed)

    def forward(self, x: Tensor) -> Tensor:  # [N*T, C, H, W]
        bottleneck = self.bn1(self.conv1(x))
        here = bottleneck.view(-1, self.num_segments, *bottleneck.shape[1:])
        moved = self.conv2(bottleneck).view_as(here)
        to_next = nnf.pad(moved[:, 1:] - here[:, :-1], (0, 0, 0, 0, 0, 0, 0, 1)).flatten(0, 1)
        to_previous = nnf.pad(moved[:, :-1] - here[:, 1:], (0, 0, 0, 0, 0, 0, 1, 0)).flatten(0, 1)
        gate = 0.5 * self.gate(to_next) + 0.5 * self.gate(to_previous)
        return x + x * gate

    def gate(self, difference: Tensor) -> Tensor:
        half = self.bn3_smallscale2(self.conv3_smallscale2(nnf.avg_pool2d(difference, 2, 2)))
        half = nnf.interpolate(half, difference.shape[-2:])
        full = self.bn3_smallscale4(self.conv3_smallscale4(difference))
        mean = 1.0 / 3.0 * difference + 1.0 / 3.0 * half + 1.0 / 3.0 * full
        return torch.sigmoid(self.bn3(self.conv3(mean))) - 0.5


class PlainShift(nn.Module):
    """The temporal convolution as a Conv1d: every pixel becomes a row."""

    def __init__(self, channels: int, num_segments: int):
        super().__init__()
        self.num_segments = num_segments
        self.conv = nn.Conv1d(channels, channels, 3, padding=1, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [N*T, C, H, W]
        _, channels, height, width = x.shape
        rows = x.view(-1, self.num_segments, channels, height, width).permute(0, 3, 4, 2, 1).contiguous()
        rows = self.conv(rows.view(-1, channels, self.num_segments))
        rows = rows.view(-1, height, width, channels, self.num_segments)
        return rows.permute(0, 4, 3, 1, 2).contiguous().view_as(x)


class PlainBottleneck(nn.Module):
    """ResNet's bottleneck with biases; with `num_segments` L-TDM (TDN only) and the shift after the first ReLU."""

    def __init__(self, in_channels: int, planes: int, stride: int, num_segments: int | None, l_tdm: bool):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(in_channels, planes, 1), nn.BatchNorm2d(planes)
        self.mse = PlainMSE(planes, num_segments) if num_segments and l_tdm else None
        self.shift = PlainShift(planes, num_segments) if num_segments else None
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, stride=stride, padding=1), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1), nn.BatchNorm2d(4 * planes)
        self.downsample = None
        if stride != 1 or in_channels != 4 * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, 4 * planes, 1, stride=stride), nn.BatchNorm2d(4 * planes)
            )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        if self.mse is not None:
            out = self.mse(out)
        if self.shift is not None:
            out = self.shift(out)
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class PlainBase(nn.Module):
    """Two stems, two first stages, fusion by alpha and beta; without `s_tdm` and `l_tdm` the T-Conv baseline."""

    def __init__(self, num_segments: int, s_tdm: bool = True, l_tdm: bool = True):
        super().__init__()
        self.alpha, self.beta = (0.5, 0.5) if num_segments == 8 else (0.75, 0.25)
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        self.layer1_bak = plain_layer(64, 64, 3, 1)
        self.s_tdm = s_tdm
        if s_tdm:
            self.conv1_5 = nn.Sequential(
                nn.Conv2d(12, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU()
            )
            self.maxpool_diff, self.avg_diff = nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, 2)
            self.resnext_layer1 = plain_layer(64, 64, 3, 1)
        self.layer2_bak = plain_layer(256, 128, 4, 2, num_segments, l_tdm)
        self.layer3_bak = plain_layer(512, 256, 6, 2, num_segments, l_tdm)
        self.layer4_bak = plain_layer(1024, 512, 3, 2, num_segments, l_tdm)
        # Where a map at Res2 is taken; the released code has an expression there.
        self.res2 = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:  # [N*T, 15, H, W] -> [N*T, 2048]
        x1, x2, x3, x4, x5 = x[:, 0:3], x[:, 3:6], x[:, 6:9], x[:, 9:12], x[:, 12:15]
        f = self.maxpool(self.relu(self.bn1(self.conv1(x3))))
        if not self.s_tdm:
            f = self.res2(self.layer1_bak(f))
        else:
            difference = self.avg_diff(torch.cat([x2 - x1, x3 - x2, x4 - x3, x5 - x4], 1))
            s = self.maxpool_diff(self.conv1_5(difference))
            f = self.alpha * f + self.beta * nnf.interpolate(s, f.shape[2:])
            f = self.layer1_bak(f)
            f = self.res2(self.alpha * f + self.beta * nnf.interpolate(self.resnext_layer1(s), f.shape[2:]))
        f = self.layer4_bak(self.layer3_bak(self.layer2_bak(f)))
        return nnf.adaptive_avg_pool2d(f, 1).flatten(1)


class PlainTDN(nn.Module):
    """Clip [N, T*15, H, W] or [N, T, 5, 3, H, W] -> logits [N, K]."""

    def __init__(self, num_classes: int, num_segments: int = 8, s_tdm: bool = True, l_tdm: bool = True):
        super().__init__()
        self.num_segments = num_segments
        self.base_model = PlainBase(num_segments, s_tdm, l_tdm)
        self.new_fc = nn.Linear(2048, num_classes)

    def forward(self, clip: Tensor) -> Tensor:
        frames = clip.reshape(-1, 15, *clip.shape[-2:])
        scores = self.new_fc(self.base_model(frames))
        return scores.view(-1, self.num_segments, scores.shape[1]).mean(1)


def plain_layer(
    in_channels: int, planes: int, blocks: int, stride: int, num_segments: int | None = None, l_tdm: bool = False
) -> nn.Sequential:
    channels = [in_channels, *[4 * planes] * (blocks - 1)]
    return nn.Sequential(
        *(
            PlainBottleneck(count, planes, stride if number == 0 else 1, num_segments, l_tdm)
            for number, count in enumerate(channels)
        )
    )
