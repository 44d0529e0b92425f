"""The same network, cheaper to run: a copy in eval mode with batch norms folded and tensors in channels-last layout.

It runs the modules and the `forward` of `TDN`; only weights change, and what has become nothing is left out. Equal to
the original but for rounding; tests compare the two in double precision.
"""

import copy

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tdn.model.l_tdm import MotionResponse
from tdn.model.s_tdm import upsample
from tdn.model.tdn import TDN
from tdn.model.variants import SummedResponse

# Attributes of one module: a convolution, and the batch norm that follows it at once.
PAIRS = (
    *(("conv", "bn"), ("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3")),
    *((name, f"{name}_bn") for name in ("squeeze", "half_scale", "full_scale", "expand")),
    *(("0", "1"), ("2", "3")),
)


def inference_copy(model: TDN) -> TDN:
    """A copy of `model` for prediction and maps, in eval mode, without gradients for its weights.

    It keeps what `load_model` put on the network (labels, preprocess, card). Its state dict differs: save the original.
    """
    fast = copy.deepcopy(model).eval().requires_grad_(False)
    for module in fast.modules():
        _fold_batch_norms(module)
    for module in list(fast.modules()):
        if type(response := getattr(module, "response", None)) in (MotionResponse, SummedResponse):
            module.response = FoldedResponse(response)
    return fast.to(memory_format=torch.channels_last)


def _fold_batch_norms(module: nn.Module) -> None:
    for conv_name, bn_name in PAIRS:
        conv, bn = getattr(module, conv_name, None), getattr(module, bn_name, None)
        if isinstance(conv, nn.Conv2d) and isinstance(bn, nn.BatchNorm2d):
            setattr(module, conv_name, fuse_conv_bn_eval(conv, bn))
            setattr(module, bn_name, nn.Identity())


class FoldedResponse(nn.Module):
    """Eq. 5 with the identity branch and the mean inside the 3x3 convolutions of `response`, which it takes over.

    Their batch norms have to be folded already.
    """

    def __init__(self, response: MotionResponse):
        super().__init__()
        self.half_scale, self.full_scale, self.expand = response.half_scale, response.full_scale, response.expand
        self.upsampling = response.upsampling
        with torch.no_grad():
            for conv in (self.half_scale, self.full_scale):
                conv.weight.mul_(response.branch_weight)
                conv.bias.mul_(response.branch_weight)
            own = torch.arange(len(self.full_scale.weight))
            self.full_scale.weight[own, own, 1, 1] += response.branch_weight

    def forward(self, difference: Tensor) -> Tensor:  # [N*T, C/r, H, W]
        half = self.half_scale(nnf.avg_pool2d(difference, 2))
        return self.expand(upsample(half, difference, self.upsampling) + self.full_scale(difference))  # [N*T, C, H, W]
