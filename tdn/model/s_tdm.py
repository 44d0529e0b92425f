"""S-TDM, the short-term temporal difference module. TDN Sec. 3.2, Eq. 1 and 3, Figure 3a.

    F  <-  F + H(x_i),    H = Upsample(CNN(Downsample(D)))

D stacks the four RGB differences inside a window of five frames. In the released code the sum is weighted,
alpha F + beta H (0.5 and 0.5 at 8 segments, 0.75 and 0.25 otherwise), and official checkpoints depend on it.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

SInput = Literal["difference", "concatenation"]
SFusion = Literal["sum", "gate", "residual_gate", "channel_gate", "residual_channel_gate"]
Upsampling = Literal["nearest", "bilinear"]


def upsample(x: Tensor, like: Tensor, mode: Upsampling) -> Tensor:
    """Resize maps to the height and width of `like`."""
    # Nearest is the released behaviour (F.interpolate's default); the paper's text says bilinear for L-TDM.
    if mode == "nearest":
        return nnf.interpolate(x, like.shape[-2:])
    return nnf.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)


class ShortTermTDM(nn.Module):
    """The CNN on the differences of a window: half resolution in, one feature map for each fused stage out.

    `make_stem` makes its first stage for a number of input channels; `source` "concatenation" stacks the five frames
    instead of their four differences (Table 1(a); 15 channels is inferred from the published cost).
    Its stem and stages are its own, not shared with the RGB path, though both start from the same ImageNet weights.
    `projections` (channels of a stage, channels of what it is added to) are for stages of another width than the RGB
    path's: 1x1 convolutions and batch norms between the two (ours, for backbones that are thin in front).
    """

    def __init__(
        self,
        make_stem: Callable[[int], nn.Module],
        later_stages: list[nn.Module],
        source: SInput = "difference",
        window: int = 5,
        projections: list[tuple[int, int]] | None = None,
    ):
        super().__init__()
        self.source = source
        images = window - 1 if source == "difference" else window
        self.res1 = make_stem(3 * images)
        self.later = nn.ModuleDict({f"res{i}": module for i, module in enumerate(later_stages, start=2)})
        self.project = nn.ModuleDict(
            {f"res{i}": projection(*pair) for i, pair in enumerate(projections or [], start=1)}
        )

    def forward(self, half_windows: Tensor) -> list[Tensor]:  # [N*T, L, 3, H/2, W/2]
        features = [self.res1(self.stack(half_windows))]  # [N*T, C1, H/8, W/8]
        for module in self.later.values():
            features.append(module(features[-1]))
        if not self.project:
            return features
        return [project(feature) for project, feature in zip(self.project.values(), features, strict=True)]

    def stack(self, half_windows: Tensor) -> Tensor:
        """[N*T, L, 3, h, w] -> [N*T, 12, h, w]: x2 - x1, x3 - x2, x4 - x3, x5 - x4, each in RGB order."""
        if self.source == "concatenation":
            return half_windows.flatten(1, 2)
        return (half_windows[:, 1:] - half_windows[:, :-1]).flatten(1, 2)


def projection(in_channels: int, out_channels: int) -> nn.Sequential:
    """From S-TDM's own channels to those of the stage it is added to."""
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(in_channels, out_channels, 1, bias=False), bn=nn.BatchNorm2d(out_channels))
    )


class Fusion(nn.Module):
    """Bring H into F: the five rows of Table 1(b). F [N*T, C, H, W], H the same or smaller in height and width.

    sum                     alpha F + beta H          (released default)
    gate                    F * s(H)
    residual_gate           F + F * (s(H) - 1/2)
    channel_gate            F * s(W2 W1 GAP(H))
    residual_channel_gate   F + F * (s(W2 W1 GAP(H)) - 1/2)

    The paper does not spell out the gates; s = sigmoid, the -1/2 of the residual forms (as in L-TDM) and the
    reduction of 16 with batch norms (as in TEA's motion excitation) are our choice. H is a ReLU's output, so
    s(H) >= 1/2.
    """

    def __init__(
        self,
        channels: int,
        alpha: float,
        beta: float,
        form: SFusion = "sum",
        upsampling: Upsampling = "nearest",
    ):
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.form = form
        self.upsampling = upsampling
        if "channel" in form:
            squeezed = max(1, channels // 16)
            self.excite = nn.Sequential(
                nn.Conv2d(channels, squeezed, 1, bias=False),
                nn.BatchNorm2d(squeezed),
                nn.Conv2d(squeezed, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, features: Tensor, motion: Tensor) -> Tensor:
        if self.form == "sum":
            return self.alpha * features + self.beta * upsample(motion, features, self.upsampling)
        if "channel" in self.form:
            gate = torch.sigmoid(self.excite(motion.mean((2, 3), keepdim=True)))  # [N*T, C, 1, 1]
        else:
            gate = torch.sigmoid(upsample(motion, features, self.upsampling))
        return features + features * (gate - 0.5) if "residual" in self.form else features * gate


class Unfused(nn.Module):
    """A stage that S-TDM does not reach: F as it is, unscaled."""

    def forward(self, features: Tensor, motion: None = None) -> Tensor:
        return features
