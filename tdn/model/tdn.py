"""TDN. Paper Sec. 3, Figure 2: S-TDM in the early stages, L-TDM in the later ones, mean over segments."""

from collections import OrderedDict
from functools import partial

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tdn.model.backbone import first_stage, later_stage, stage_channels
from tdn.model.baselines import TemporalConv, TemporalShift, teinet
from tdn.model.family import Architecture
from tdn.model.resnet import BasicBlock, SlotMaker, stem
from tdn.model.s_tdm import Fusion, ShortTermTDM, Unfused
from tdn.shapes import expect_shape, fold, unfold


class TDN(nn.Module):
    """One network of the family: what `architecture` says, from clip to logits.

    `forward` takes a clip [N, T, L, 3, H, W] and returns logits [N, K], the mean over segments of the segments'
    scores. A caller that already has the windows at half resolution passes the centre frames alone as `clip`
    [N, T, 1, 3, H, W] with `half_windows` [N, T, L, 3, H/2, W/2]. Raises ValueError for any other shape.
    `fuseN` is where S-TDM joins a stage: its inputs are the stage's features and what S-TDM adds.
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        backbone, as_in_tsm = architecture.backbone, architecture.temporal == "tsm"
        channels = stage_channels(backbone)

        def stage(number: int) -> nn.Sequential:
            return later_stage(backbone, number, temporal_slot(architecture, number), as_in_tsm)

        def fusion(number: int) -> nn.Module:
            if number > architecture.s_tdm_stages:
                return Unfused()
            return Fusion(
                channels[number],
                architecture.alpha,
                architecture.beta,
                architecture.s_tdm_fusion,
                architecture.upsampling,
            )

        self.s_tdm = short_term_path(architecture) if architecture.s_tdm_stages else None
        self.res1 = first_stage(backbone, 3)
        self.fuse1 = fusion(1)
        self.res2 = stage(2)
        self.fuse2 = fusion(2)
        self.res3 = stage(3)
        self.fuse3 = fusion(3)
        self.res4 = stage(4)
        self.res5 = stage(5)
        self.dropout = nn.Dropout(architecture.dropout)
        self.head = nn.Linear(channels[5], architecture.num_classes)
        initialise(self)

    @property
    def num_segments(self) -> int:
        return self.architecture.num_segments

    @property
    def window(self) -> int:
        return self.architecture.window

    @property
    def windows_meet_late(self) -> bool:
        """Whether everything up to Res2 looks at each window by itself: segments meet in stage 3 or not at all."""
        return temporal_slot(self.architecture, 2) is None

    def forward(self, clip: Tensor, half_windows: Tensor | None = None) -> Tensor:
        return self.across_segments(*self.within_windows(*self.inputs(clip, half_windows)))

    def within_windows(self, centre: Tensor, half_windows: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Res1 and Res2, with S-TDM beside them: every window by itself.

        `inputs` to the features after the second fusion, and what S-TDM has for stage 3, None where it stops before.
        C1 to C5 are the channels of the backbone's stages.
        """
        h1, h2, h3 = self.short_term(half_windows)
        f1 = self.fuse1(self.res1(centre), h1)  # [N*T, C1, H/4, W/4]
        f2 = self.fuse2(self.res2(f1), h2)  # [N*T, C2, H/4, W/4]
        return f2, h3

    def across_segments(self, f2: Tensor, h3: Tensor | None) -> Tensor:
        """Res3 to Res5 with L-TDM, where segments meet, and the consensus: logits [N, K]."""
        f3 = self.fuse3(self.res3(f2), h3)  # [N*T, C3, H/8, W/8]
        f5 = self.res5(self.res4(f3))  # [N*T, C5, H/32, W/32], or H/16 where Res5 keeps its resolution
        return self.consensus(f5)

    def inputs(self, clip: Tensor, half_windows: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Centre frames [N*T, 3, H, W], and the windows at half resolution [N*T, L, 3, H/2, W/2] if S-TDM reads them.

        Averaging the frames first and subtracting then is the released average of differences, at 5/8 of the work.
        """
        segments, window = self.num_segments, self.window
        if half_windows is not None:
            expect_shape(clip, "clip", ("N", segments, 1, 3, "H", "W"))
            expect_shape(half_windows, "half_windows", ("N", segments, window, 3, "H/2", "W/2"))
            return fold(clip[:, :, 0]), fold(half_windows)
        expect_shape(clip, "clip", ("N", segments, window, 3, "H", "W"))
        centre = fold(clip[:, :, window // 2])
        if self.s_tdm is None:
            return centre, None
        return centre, nnf.avg_pool2d(fold(fold(clip)), 2).unflatten(0, (-1, window))

    def short_term(self, half_windows: Tensor | None) -> list[Tensor | None]:
        """S-TDM's features for stages 1 to 3, None for a stage it does not reach."""
        reached = self.s_tdm(half_windows) if self.s_tdm is not None else []
        return [*reached, None, None, None][:3]

    def consensus(self, features: Tensor) -> Tensor:
        """[N*T, C, h, w] -> logits [N, K]: average pooling, one score a segment, mean over segments."""
        pooled = features.mean((2, 3))  # [N*T, C]
        return unfold(self.head(self.dropout(pooled)), self.num_segments).mean(1)


def short_term_path(architecture: Architecture) -> ShortTermTDM:
    """S-TDM's CNN: copies of the backbone's first stages, or with `s_tdm_width` a small ResNet of its own."""
    backbone, stages = architecture.backbone, range(1, architecture.s_tdm_stages + 1)
    reads = (architecture.s_tdm_input, architecture.window)
    width = architecture.s_tdm_width
    if width is None:
        later = [later_stage(backbone, number) for number in stages[1:]]
        return ShortTermTDM(partial(first_stage, backbone, bias=False), later, *reads)
    wide = {number: width * 2 ** (number - 1) for number in stages}
    return ShortTermTDM(
        partial(stem, width=width, bias=False, pool=False),
        [BasicBlock(wide[number - 1], wide[number], stride=2) for number in stages[1:]],
        *reads,
        projections=[(wide[number], stage_channels(backbone)[number]) for number in stages],
    )


def temporal_slot(architecture: Architecture, number: int) -> SlotMaker | None:
    """What fills the slot of the blocks of stage `number`: a maker of modules, or None."""
    segments = architecture.num_segments
    make_conv = partial(TemporalConv, num_segments=segments, init=architecture.t_conv_init)
    if number in architecture.l_tdm_stages:
        make_l_tdm = partial(
            architecture.l_tdm,
            num_segments=segments,
            reduction=architecture.l_tdm_reduction,
            upsampling=architecture.upsampling,
        )
        return lambda channels: nn.Sequential(OrderedDict(l_tdm=make_l_tdm(channels), t_conv=make_conv(channels)))
    if number not in architecture.temporal_stages:
        return None
    if architecture.temporal == "t_conv":
        return lambda channels: nn.Sequential(OrderedDict(t_conv=make_conv(channels)))
    if architecture.temporal == "tsm":
        return lambda channels: TemporalShift(segments)
    if architecture.temporal == "teinet":
        return partial(teinet, num_segments=segments, init=architecture.t_conv_init)
    return None


def initialise(model: TDN) -> None:
    """The released start (`base_module.py:303-309`), but convolution biases at zero.

    The released biases keep PyTorch's random default; zero is the same function in training, where a batch norm
    follows, and a better one before any training.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
            nn.init.normal_(module.weight, std=(2.0 / fan_out) ** 0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.normal_(model.head.weight, std=0.001)
    nn.init.zeros_(model.head.bias)


def without_values(architecture: Architecture) -> TDN:
    """A network of names and shapes alone, on the meta device: to count with, or to be filled from a file."""
    with torch.device("meta"), _NothingDrawn():
        return TDN(architecture)


class _NothingDrawn(TorchFunctionMode):
    """Tensors get no first values. On the meta device they have none anyhow, but asking takes most of the time."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__module__", None) == "torch.nn.init":
            return (*args, kwargs["tensor"])[0]
        return function(*args, **(kwargs or {}))
