"""L-TDM, the long-term temporal difference module. TDN Sec. 3.3, Eq. 2 and 4-6, Figure 3b."""

from typing import Literal

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.model.s_tdm import Upsampling, upsample
from tdn.shapes import fold, unfold

LForm = Literal["gate", "addition", "channel_gate"]
LOperator = Literal["difference", "average"]


class LongTermTDM(nn.Module):
    """Gate each segment by its motion relative to both neighbours. TDN Sec. 3.3, Eq. 4-6.

        F_i  <-  F_i + F_i * 1/2 [M(F_i, F_{i+1}) + M(F_i, F_{i-1})]

    In the released code the gate M is sigmoid(.) - 0.5, so a zero response leaves F_i unchanged, and Eq. 4 has the
    sign Conv(F_{i+1}) - F_i. The official weights need both; tests/test_official_parity.py holds us to it.

    Rows of Table 1: `operator` "average" (a), 1/2 (Conv(F_{i+1}) + F_i); `form` "addition" (c), F + G without
    sigmoid or product; `form` "channel_gate" (c), TEA's motion excitation in both directions; `multi_scale` False
    (c), the identity branch only (our reading); `bidirectional` False (c), the gate to the next segment alone.
    `legacy_backward` repeats the slip of the code before 2021-03-05 (TDN#6), for checkpoints trained with it.
    `as_printed` follows the equations instead: Eq. 4's sign, Eq. 5's sum and plain sigmoid, Eq. 6's pair
    M(F_i, F_{i+1}), M(F_{i+1}, F_i) at i.

    Segments at either end have no neighbour on one side: the difference there is zero, the gate need not be.
    """

    def __init__(
        self,
        channels: int,
        num_segments: int,
        reduction: int = 16,
        form: LForm = "gate",
        operator: LOperator = "difference",
        multi_scale: bool = True,
        bidirectional: bool = True,
        legacy_backward: bool = False,
        as_printed: bool = False,
        upsampling: Upsampling = "nearest",
    ):
        super().__init__()
        squeezed = max(1, channels // reduction)
        self.num_segments = num_segments
        self.form = form
        self.operator = operator
        self.bidirectional = bidirectional
        self.legacy_backward = legacy_backward
        self.as_printed = as_printed
        self.squeeze = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.squeeze_bn = nn.BatchNorm2d(squeezed)
        self.smooth = nn.Conv2d(squeezed, squeezed, 3, padding=1, groups=squeezed, bias=False)  # Conv of Eq. 4
        self.response = MotionResponse(
            squeezed,
            channels,
            pooled=form == "channel_gate",
            multi_scale=multi_scale and form != "channel_gate",
            # Eq. 5 sums its three branches; the released code takes their mean.
            branch_weight=1.0 if as_printed or not multi_scale or form == "channel_gate" else 1 / 3,
            upsampling=upsampling,
        )

    def forward(self, features: Tensor) -> Tensor:  # [N*T, C, H, W]
        gate = self.gate(features)
        return features + gate if self.form == "addition" else features + features * gate

    def gate(self, features: Tensor) -> Tensor:
        """What multiplies (form "addition": is added to) F: [N*T, C, H, W], or [N*T, C, 1, 1] by channel."""
        to_next, to_previous = self.differences(self.squeeze_bn(self.squeeze(features)))
        # In training one call a direction, next segment first: batch norms see the directions as two batches, as in
        # training of the released weights.
        if not self.bidirectional:
            return self.squash(self.response(to_next))
        if not self.training and not self.legacy_backward:
            both = self.squash(self.response(torch.cat([to_next, to_previous])))
            forward, backward = both.chunk(2)
            return 0.5 * (forward + backward)
        if self.legacy_backward:
            full_next = self.response.full_branch(to_next)
            forward = self.response(to_next, full_next)
            backward = self.response(to_previous, self.response.full_branch(full_next))
        else:
            forward, backward = self.response(to_next), self.response(to_previous)
        return 0.5 * (self.squash(forward) + self.squash(backward))

    def differences(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned differences of Eq. 4 to the next and to the previous segment, each [N*T, C/16, H, W]."""
        here = unfold(squeezed, self.num_segments)  # [N, T, C/16, H, W]
        smoothed = unfold(self.smooth(squeezed), self.num_segments)
        if self.as_printed:
            # The two terms of Eq. 6 belong to the pair (i, i+1); the last segment has no partner.
            to_next = last_zero(here[:, :-1] - smoothed[:, 1:])
            to_previous = last_zero(here[:, 1:] - smoothed[:, :-1])
            return fold(to_next), fold(to_previous)
        if self.operator == "average":
            to_next = last_zero(0.5 * (smoothed[:, 1:] + here[:, :-1]))
            to_previous = first_zero(0.5 * (smoothed[:, :-1] + here[:, 1:]))
        else:
            to_next = last_zero(smoothed[:, 1:] - here[:, :-1])
            to_previous = first_zero(smoothed[:, :-1] - here[:, 1:])
        return fold(to_next), fold(to_previous)

    def squash(self, response: Tensor) -> Tensor:
        if self.form == "addition":
            return response
        return torch.sigmoid(response) - (0.0 if self.as_printed else 0.5)


class MotionResponse(nn.Module):
    """Eq. 5 before its sigmoid: three scales of a difference, expanded to the channels of the features.

    The identity, a 3x3 convolution, and a 3x3 convolution at half resolution; the convolutions are full (not
    depthwise) and serve both directions.
    """

    def __init__(
        self,
        squeezed: int,
        channels: int,
        pooled: bool,
        multi_scale: bool,
        branch_weight: float,
        upsampling: Upsampling,
    ):
        super().__init__()
        self.pooled = pooled
        self.multi_scale = multi_scale
        self.branch_weight = branch_weight
        self.upsampling = upsampling
        self.identity_is_folded = False  # into `full_scale`, by tdn.model.inference
        if multi_scale:
            self.half_scale = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
            self.half_scale_bn = nn.BatchNorm2d(squeezed)
            self.full_scale = nn.Conv2d(squeezed, squeezed, 3, padding=1, bias=False)
            self.full_scale_bn = nn.BatchNorm2d(squeezed)
        self.expand = nn.Conv2d(squeezed, channels, 1, bias=False)
        self.expand_bn = nn.BatchNorm2d(channels)

    def forward(self, difference: Tensor, full: Tensor | None = None) -> Tensor:
        """[N*T, C/16, H, W] -> [N*T, C, H, W]; `full` is the full-scale branch where the caller has it."""
        if self.pooled:
            difference = difference.mean((2, 3), keepdim=True)
        scales = difference
        if self.multi_scale:
            half = self.half_scale_bn(self.half_scale(nnf.avg_pool2d(difference, 2)))
            full = self.full_branch(difference) if full is None else full
            if self.identity_is_folded:
                return self.expand_bn(self.expand(upsample(half, difference, self.upsampling) + full))
            scales = difference + upsample(half, difference, self.upsampling) + full
        return self.expand_bn(self.expand(self.branch_weight * scales))

    def full_branch(self, difference: Tensor) -> Tensor:
        return self.full_scale_bn(self.full_scale(difference))


def last_zero(x: Tensor) -> Tensor:
    """[N, T-1, C, H, W] -> [N, T, C, H, W] with zeros for the last segment."""
    return nnf.pad(x, (0, 0, 0, 0, 0, 0, 0, 1))


def first_zero(x: Tensor) -> Tensor:
    """[N, T-1, C, H, W] -> [N, T, C, H, W] with zeros for the first segment."""
    return nnf.pad(x, (0, 0, 0, 0, 0, 0, 1, 0))
