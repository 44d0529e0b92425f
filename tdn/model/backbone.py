"""The five stages of a backbone, whichever it is: what `TDN` puts together."""

from torch import nn

from tdn.model import mobilenet, resnet
from tdn.model.family import Backbone
from tdn.model.resnet import SlotMaker

BLOCKS = {"bottleneck": resnet.Bottleneck, "basic": resnet.BasicBlock}
STAGE_STRIDES = {2: 1, 3: 2, 4: 2, 5: 2}


def stage_channels(backbone: Backbone) -> dict[int, int]:
    """Channels that stages 1 to 5 give."""
    if backbone.block == "inverted":
        return mobilenet.stage_channels(backbone.width)
    expansion = BLOCKS[backbone.block].expansion
    return {1: backbone.width, **{s: backbone.width * 2 ** (s - 2) * expansion for s in (2, 3, 4, 5)}}


def first_stage(backbone: Backbone, in_channels: int, bias: bool = True) -> nn.Sequential:
    """Res1: a quarter of the input's resolution for a ResNet, half of it for MobileNetV2. `bias` is the ResNet's."""
    if backbone.block == "inverted":
        return mobilenet.first_stage(in_channels, backbone.width)
    return resnet.stem(in_channels, backbone.width, bias)


def later_stage(
    backbone: Backbone, number: int, make_temporal: SlotMaker | None = None, as_in_tsm: bool = False
) -> nn.Sequential:
    """Res2 to Res5, the slots of their blocks filled by `make_temporal`.

    `as_in_tsm` fills those that TSM's own code does: in a bottleneck the one on the input (other blocks have no choice
    of place, theirs is there), of a ResNet-101 every second block, of a MobileNetV2 the residual blocks.
    """
    if backbone.block == "inverted":
        return mobilenet.later_stage(number, backbone.width, backbone.last_stride, make_temporal, as_in_tsm)
    return resnet.stage(
        BLOCKS[backbone.block],
        stage_channels(backbone)[number - 1],
        backbone.width * 2 ** (number - 2),
        backbone.blocks[number - 2],
        backbone.last_stride if number == 5 else STAGE_STRIDES[number],
        make_temporal,
        as_in_tsm,
        every=2 if as_in_tsm and max(backbone.blocks) >= 23 else 1,  # n_round there
    )
