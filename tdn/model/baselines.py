"""What other systems put into the residual block's `temporal` slot. TDN Table 1(e) row 1 and Table 1(f).

Each takes and returns features [N*T, C, H, W]. An empty slot (nn.Identity) is TSN (Wang et al., ECCV 2016): frames
meet only in the consensus.
"""

from typing import Literal

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.shapes import fold, unfold

TConvInit = Literal["shift", "identity", "difference"]


class TemporalConv(nn.Module):
    """T-Conv: a depthwise convolution of 3 segments, zero padded. In the block: after the first ReLU.

    TDN's own slot holds it behind L-TDM (TDN Sec. 3.3; released code `base_module.py:119-154`). `init`: "shift", the
    first eighth of the channels starts as x[t+1], the second as x[t-1], the rest as x[t] (released); "identity", all
    as x[t]; "difference", channels from 1/4 to 1/2 start as x[t+1] - x[t-1] beside the shifted first quarter (ours,
    for training without ImageNet weights).
    """

    def __init__(self, channels: int, num_segments: int, init: TConvInit = "shift"):
        super().__init__()
        self.num_segments = num_segments
        self.init = init
        self.weight = nn.Parameter(torch.zeros(channels, 1, 3))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        fold_size = len(self.weight) // 8
        with torch.no_grad():
            self.weight.zero_()
            self.weight[:, 0, 1] = 1.0
            if self.init != "identity":
                self.weight[: 2 * fold_size] = 0.0
                self.weight[:fold_size, 0, 2] = 1.0
                self.weight[fold_size : 2 * fold_size, 0, 0] = 1.0
            if self.init == "difference":
                self.weight[2 * fold_size : 4 * fold_size, 0] = torch.tensor([-1.0, 0.0, 1.0])

    def forward(self, features: Tensor) -> Tensor:  # [N*T, C, H, W]
        # Time and space as the two axes of one image: with channels-last features nothing is copied.
        height, width = features.shape[-2:]
        channels_last = unfold(features.permute(0, 2, 3, 1), self.num_segments)  # [N, T, H, W, C]
        image = channels_last.flatten(2, 3).permute(0, 3, 1, 2)  # [N, C, T, H*W]
        mixed = nnf.conv2d(image, self.weight.unsqueeze(-1), padding=(1, 0), groups=len(self.weight))
        mixed = mixed.permute(0, 2, 3, 1).unflatten(2, (height, width))  # [N, T, H, W, C]
        return fold(mixed).permute(0, 3, 1, 2)


class TemporalShift(nn.Module):
    """TSM (Lin et al., ICCV 2019): move an eighth of the channels one segment each way. In the block: on its input."""

    def __init__(self, num_segments: int, share: int = 8):
        super().__init__()
        self.num_segments = num_segments
        self.share = share

    def forward(self, features: Tensor) -> Tensor:  # [N*T, C, H, W]
        x = unfold(features, self.num_segments)  # [N, T, C, H, W]
        moved = x.shape[2] // self.share
        nothing = torch.zeros_like(x[:, :1, :moved])
        from_next = torch.cat([x[:, 1:, :moved], nothing], dim=1)
        from_previous = torch.cat([nothing, x[:, :-1, moved : 2 * moved]], dim=1)
        return fold(torch.cat([from_next, from_previous, x[:, :, 2 * moved :]], dim=2))


class MotionEnhanced(nn.Module):
    """MEM of TEINet (Liu et al., AAAI 2020): gate channels by the difference of pooled features at t+1 and t.

    Two 1x1 convolutions C -> C/8, one on t and one on t+1, their difference, 1x1 back to C, sigmoid (the sigmoid last,
    following the paper). The last segment has no successor and passes as it is.
    """

    def __init__(self, channels: int, num_segments: int, reduction: int = 8):
        super().__init__()
        self.num_segments = num_segments
        squeezed = max(1, channels // reduction)
        self.squeeze_next = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.squeeze_here = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.expand = nn.Conv2d(squeezed, channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:  # [N*T, C, H, W]
        pooled = features.mean((2, 3), keepdim=True)  # [N*T, C, 1, 1]
        here = unfold(self.squeeze_here(pooled), self.num_segments)[:, :-1]
        following = unfold(self.squeeze_next(pooled), self.num_segments)[:, 1:]
        gate = torch.sigmoid(self.expand(fold(following - here)))
        gate = nnf.pad(unfold(gate, self.num_segments - 1), (0, 0, 0, 0, 0, 0, 0, 1), value=1.0)  # [N, T, C, 1, 1]
        return features * fold(gate)


def teinet(channels: int, num_segments: int, init: TConvInit = "shift") -> nn.Sequential:
    """TEINet's block: MEM, then TIM (a depthwise convolution that starts as TSM). After the first ReLU: our choice."""
    return nn.Sequential(MotionEnhanced(channels, num_segments), TemporalConv(channels, num_segments, init))
