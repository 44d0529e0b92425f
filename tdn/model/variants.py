"""L-TDM as it was not released: the rows of Table 1, the code before March 2021, the equations as printed."""

from typing import Literal

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.model.l_tdm import LongTermTDM, MotionResponse, first_zero, last_zero
from tdn.model.s_tdm import Upsampling, upsample
from tdn.shapes import fold

LForm = Literal["gate", "addition", "channel_gate"]
LOperator = Literal["difference", "average"]


class AverageLTDM(LongTermTDM):
    """Table 1(a), the average for an operator: 1/2 (Conv(F_{i+1}) + F_i)."""

    def differences(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        here, smoothed = self.here_and_smoothed(squeezed)
        to_next = last_zero(0.5 * (smoothed[:, 1:] + here[:, :-1]))
        to_previous = first_zero(0.5 * (smoothed[:, :-1] + here[:, 1:]))
        return fold(to_next), fold(to_previous)


class AdditionLTDM(LongTermTDM):
    """Table 1(c), addition: F + G without sigmoid or product."""

    def gated(self, features: Tensor, gate: Tensor) -> Tensor:
        return features + gate

    def squash(self, response: Tensor) -> Tensor:
        return response


class SingleScaleLTDM(LongTermTDM):
    """Table 1(c), without multi-scale: the identity branch only (our reading)."""

    def make_response(self, squeezed: int, channels: int, upsampling: Upsampling) -> nn.Module:
        return SingleScaleResponse(squeezed, channels)


class ChannelGateLTDM(SingleScaleLTDM):
    """Table 1(c), channel attention: TEA's motion excitation in both directions. The gate is [N*T, C, 1, 1]."""

    def differences(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        to_next, to_previous = super().differences(squeezed)
        return to_next.mean((2, 3), keepdim=True), to_previous.mean((2, 3), keepdim=True)


class OneDirectionLTDM(LongTermTDM):
    """Table 1(c), one direction: the gate to the next segment alone."""

    def gate(self, features: Tensor) -> Tensor:
        to_next, _ = self.differences(self.squeeze_bn(self.squeeze(features)))
        return self.squash(self.response(to_next))


class LegacyBackwardLTDM(LongTermTDM):
    """The slip of the code before 2021-03-05 (TDN#6), for checkpoints trained with it.

    The full-scale branch of the backward direction reads the forward direction's full-scale branch.
    """

    def make_response(self, squeezed: int, channels: int, upsampling: Upsampling) -> nn.Module:
        return LegacyResponse(squeezed, channels, upsampling)

    def gate(self, features: Tensor) -> Tensor:
        to_next, to_previous = self.differences(self.squeeze_bn(self.squeeze(features)))
        full_next = self.response.full_branch(to_next)
        forward = self.response(to_next, full_next)
        backward = self.response(to_previous, self.response.full_branch(full_next))
        return 0.5 * (self.squash(forward) + self.squash(backward))


class AsPrintedLTDM(LongTermTDM):
    """The equations as printed: Eq. 4's sign, Eq. 5's sum and plain sigmoid, Eq. 6's pair of gates at i.

    That pair is M(F_i, F_{i+1}) and M(F_{i+1}, F_i).
    """

    def make_response(self, squeezed: int, channels: int, upsampling: Upsampling) -> nn.Module:
        return SummedResponse(squeezed, channels, upsampling)

    def differences(self, squeezed: Tensor) -> tuple[Tensor, Tensor]:
        # The two terms of Eq. 6 belong to the pair (i, i+1); the last segment has no partner.
        here, smoothed = self.here_and_smoothed(squeezed)
        to_next = last_zero(here[:, :-1] - smoothed[:, 1:])
        to_previous = last_zero(here[:, 1:] - smoothed[:, :-1])
        return fold(to_next), fold(to_previous)

    def squash(self, response: Tensor) -> Tensor:
        return torch.sigmoid(response)


class SummedResponse(MotionResponse):
    """Eq. 5 as printed: the sum of the three branches."""

    branch_weight = 1.0


class LegacyResponse(MotionResponse):
    """Eq. 5 with a full-scale branch that the caller brings."""

    def forward(self, difference: Tensor, full: Tensor) -> Tensor:
        half = self.half_scale_bn(self.half_scale(nnf.avg_pool2d(difference, 2)))
        scales = difference + upsample(half, difference, self.upsampling) + full
        return self.expand_bn(self.expand(self.branch_weight * scales))


class SingleScaleResponse(nn.Module):
    """The difference itself, expanded to the channels of the features."""

    def __init__(self, squeezed: int, channels: int):
        super().__init__()
        self.expand = nn.Conv2d(squeezed, channels, 1, bias=False)
        self.expand_bn = nn.BatchNorm2d(channels)

    def forward(self, difference: Tensor) -> Tensor:
        return self.expand_bn(self.expand(difference))


# By a field of `Architecture` and its value.
VARIANTS: dict[tuple[str, object], type[LongTermTDM]] = {
    ("l_tdm_operator", "average"): AverageLTDM,
    ("l_tdm_form", "addition"): AdditionLTDM,
    ("l_tdm_form", "channel_gate"): ChannelGateLTDM,
    ("l_tdm_multi_scale", False): SingleScaleLTDM,
    ("l_tdm_bidirectional", False): OneDirectionLTDM,
    ("legacy_backward", True): LegacyBackwardLTDM,
    ("as_printed", True): AsPrintedLTDM,
}
