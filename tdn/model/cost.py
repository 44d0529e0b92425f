"""What a network costs, measured on the network itself."""

from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tdn.model.family import Architecture
from tdn.model.tdn import TDN, without_values


@cache
def multiply_adds(architecture: Architecture, input_size: int) -> int:
    """Multiply-adds of one clip in units, convolutions and linear layers only. Nothing is computed or allocated."""
    model = without_values(architecture).eval()
    clip = torch.empty(1, architecture.num_segments, architecture.window, 3, input_size, input_size, device="meta")
    _drop_batch_norms(model)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(clip)
    return counter.get_total_flops() // 2


@cache
def num_parameters(architecture: Architecture) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in without_values(architecture).parameters())


def _drop_batch_norms(model: TDN) -> None:
    """They do not count, and take half of the time on the meta device."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
