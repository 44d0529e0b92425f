"""L-TDM, the long-term temporal difference module. TDN Sec. 3.3, Eq. 2 and 4-6, Figure 3b.

Here is the released form. The rows of Table 1, the code before March 2021 and the equations as printed are subclasses
in `tdn.model.variants`.
"""

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.model.s_tdm import Upsampling, upsample
from tdn.shapes import fold, unfold


class LongTermTDM(nn.Module):
    """Gate each segment by its motion relative to both neighbours. TDN Sec. 3.3, Eq. 4-6.

        F_i  <-  F_i + F_i * 1/2 [M(F_i, F_{i+1}) + M(F_i, F_{i-1})]

    In the released code the gate M is sigmoid(.) - 0.5, so a zero response leaves F_i unchanged, and Eq. 4 has the
    sign Conv(F_{i+1}) - F_i. The official weights need both; tests/test_official_parity.py holds us to it.

    Segments at either end have no neighbour on one side: the difference there is zero, the gate need not be.
    Shapes below are for C channels squeezed by `reduction` to C/r.
    """

    def __init__(self, channels: int, num_segments: int, reduction: int = 16, upsampling: Upsampling = "nearest"):
        super().__init__()
        squeezed = max(1, channels // reduction)
        self.num_segments = num_segments
        self.squeeze = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.squeeze_bn = nn.BatchNorm2d(squeezed)
        self.smooth = nn.Conv2d(squeezed, squeezed, 3, padding=1, groups=squeezed, bias=False)  # Conv of Eq. 4
        self.response = self.make_response(squeezed, channels, upsampling)

    def make_response(self, squeezed: int, channels: int, upsampling: Upsampling) -> nn.Module:
        return MotionResponse(squeezed, channels, upsampling)

    def forward(self, features: Tensor) -> Tensor:  # [N*T, C, H, W]
        return self.gated(features, self.gate(features))

    def gated(self, features: Tensor, gate: Tensor) -> Tensor:
        return features + features * gate

    def gate(self, features: Tensor) -> Tensor:
        """What F is multiplied by: [N*T, C, H, W]."""
        to_next, to_previous = self.differences(self.squeeze_bn(self.squeeze(features)))
        if self.training:
            # One call a direction, next segment first: batch norms see the directions as two batches, as in training
            # of the released weights.
            forward, backward = self.squash(self.response(to_next)), self.squash(self.response(to_previous))
        else:
            forward, backward = self.squash(self.response(torch.cat([to_next, to_previous]))).chunk(2)
        return 0.5 * (forward + backward)

    def differences(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned differences of Eq. 4 to the next and to the previous segment, each [N*T, C/r, H, W]."""
        here, smoothed = self.here_and_smoothed(squeezed)
        to_next = last_zero(smoothed[:, 1:] - here[:, :-1])
        to_previous = first_zero(smoothed[:, :-1] - here[:, 1:])
        return fold(to_next), fold(to_previous)

    def here_and_smoothed(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        """The features, and Conv of Eq. 4 of them, by segment: each [N, T, C/r, H, W]."""
        return unfold(squeezed, self.num_segments), unfold(self.smooth(squeezed), self.num_segments)

    def squash(self, response: Tensor) -> Tensor:
        return torch.sigmoid(response) - 0.5


class MotionResponse(nn.Module):
    """Eq. 5 before its sigmoid: three scales of a difference, expanded to the channels of the features.

    The identity, a 3x3 convolution, and a 3x3 convolution at half resolution; the convolutions are full (not
    depthwise) and serve both directions. Eq. 5 sums the three, the released code takes their mean.
    """

    branch_weight = 1 / 3

    def __init__(self, squeezed: int, channels: int, upsampling: Upsampling):
        super().__init__()
        self.upsampling = upsampling
        self.half_scale = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
        self.half_scale_bn = nn.BatchNorm2d(squeezed)
        self.full_scale = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
        self.full_scale_bn = nn.BatchNorm2d(squeezed)
        self.expand = nn.Conv2d(squeezed, channels, 1, bias=False)
        self.expand_bn = nn.BatchNorm2d(channels)

    def forward(self, difference: Tensor) -> Tensor:  # [N*T, C/r, H, W]
        half = self.half_scale_bn(self.half_scale(nnf.avg_pool2d(difference, 2)))
        full = self.full_branch(difference)
        scales = difference + upsample(half, difference, self.upsampling) + full
        return self.expand_bn(self.expand(self.branch_weight * scales))  # [N*T, C, H, W]

    def full_branch(self, difference: Tensor) -> Tensor:
        return self.full_scale_bn(self.full_scale(difference))


def last_zero(x: Tensor) -> Tensor:
    """[N, T-1, C, H, W] -> [N, T, C, H, W] with zeros for the last segment."""
    return nnf.pad(x, (0, 0, 0, 0, 0, 0, 0, 1))


def first_zero(x: Tensor) -> Tensor:
    """[N, T-1, C, H, W] -> [N, T, C, H, W] with zeros for the first segment."""
    return nnf.pad(x, (0, 0, 0, 0, 0, 0, 1, 0))
