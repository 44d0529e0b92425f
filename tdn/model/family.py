"""The description of a network, and the named rows of the paper's tables.

One frozen dataclass says everything that decides a network's layers and arithmetic; it is stored in every checkpoint.
Comments mark what the paper leaves open: "inferred" from its costs, or "our choice".
"""

from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tdn.model.baselines import TConvInit
from tdn.model.l_tdm import LongTermTDM
from tdn.model.mobilenet import BLOCKS as MOBILENET_BLOCKS
from tdn.model.s_tdm import SFusion, SInput, Upsampling
from tdn.model.variants import VARIANTS, LForm, LOperator


@dataclass(frozen=True)
class Backbone:
    """A ResNet ("bottleneck" or "basic" blocks) or MobileNetV2 ("inverted"), which has these 2, 3, 7, 4 blocks only.

    Kind of block, blocks in Res2 to Res5, channels of the first convolution, stride of Res5.
    """

    name: str
    block: Literal["bottleneck", "basic", "inverted"]
    blocks: tuple[int, int, int, int]
    width: int = 64
    last_stride: int = 2

    def __post_init__(self):
        if min(self.blocks) < 1 or self.width < 1 or self.last_stride not in (1, 2):
            raise ValueError(
                f"backbone: expected at least one block a stage and one channel, and last_stride 1 or 2, got "
                f"{self.blocks}, {self.width}, {self.last_stride}"
            )
        if self.block == "inverted" and self.blocks != MOBILENET_BLOCKS:
            raise ValueError(f"backbone: MobileNetV2 has {MOBILENET_BLOCKS} blocks, got {self.blocks}")


RESNET50 = Backbone("resnet50", "bottleneck", (3, 4, 6, 3))
RESNET101 = Backbone("resnet101", "bottleneck", (3, 4, 23, 3))
# The shipped demo weights: Res5 keeps its resolution, so that a 144-pixel clip has 9x9 final maps.
SMALL = Backbone("resnet10_w32", "basic", (1, 1, 1, 1), width=32, last_stride=1)
# For tests and the smoke recipe.
TINY = Backbone("resnet10_w8", "basic", (1, 1, 1, 1), width=8, last_stride=1)
# Small, and there are ImageNet weights for it; Res5 keeps its resolution, as in the other small ones.
MOBILENET = Backbone("mobilenetv2", "inverted", MOBILENET_BLOCKS, width=32, last_stride=1)
TINY_MOBILENET = Backbone("mobilenetv2_w8", "inverted", MOBILENET_BLOCKS, width=8, last_stride=1)


BACKBONES = {backbone.name: backbone for backbone in (RESNET50, RESNET101, SMALL, TINY, MOBILENET, TINY_MOBILENET)}


def released_fusion_weights(num_segments: int) -> tuple[float, float]:
    """Alpha and beta of the released S-TDM sum (`tdn_net.py:59,84`): they depend on the number of segments."""
    return (0.5, 0.5) if num_segments == 8 else (0.75, 0.25)


@dataclass(frozen=True)
class Architecture:
    """Everything that decides layers and arithmetic. The defaults are TDN as released.

    `s_tdm_stages`: S-TDM reaches stages 1 to this one; 0 for none. `s_tdm_width`: channels of the first stage of its
    CNN, which double from stage to stage; None copies the backbone's stages, as released. `l_tdm_stages`: stages whose
    every block (of MobileNetV2: every residual block) holds L-TDM followed by a temporal convolution. `temporal` fills
    the slot in `temporal_stages` that hold no L-TDM. `alpha` and `beta` default to the released pair for
    `num_segments`.
    """

    backbone: Backbone
    num_classes: int
    num_segments: int = 8
    window: int = 5
    s_tdm_stages: int = 2
    s_tdm_width: int | None = None
    s_tdm_input: SInput = "difference"
    s_tdm_fusion: SFusion = "sum"
    alpha: float | None = None
    beta: float | None = None
    l_tdm_stages: tuple[int, ...] = (3, 4, 5)
    l_tdm_form: LForm = "gate"
    l_tdm_operator: LOperator = "difference"
    l_tdm_multi_scale: bool = True
    l_tdm_bidirectional: bool = True
    l_tdm_reduction: int = 16
    legacy_backward: bool = False
    as_printed: bool = False
    upsampling: Upsampling = "nearest"
    temporal: Literal["none", "t_conv", "tsm", "teinet"] = "none"
    temporal_stages: tuple[int, ...] = ()
    t_conv_init: TConvInit = "shift"
    dropout: float = 0.5

    def __post_init__(self):
        alpha, beta = released_fusion_weights(self.num_segments)
        object.__setattr__(self, "alpha", alpha if self.alpha is None else self.alpha)
        object.__setattr__(self, "beta", beta if self.beta is None else self.beta)
        if self.s_tdm_stages not in (0, 1, 2, 3):
            raise ValueError(f"s_tdm_stages: expected 0 to 3, got {self.s_tdm_stages}")
        if self.s_tdm_stages and self.window < 2:
            raise ValueError(f"S-TDM reads windows of 2 frames or more, got window={self.window}")
        if not set(self.l_tdm_stages) | set(self.temporal_stages) <= {2, 3, 4, 5}:
            raise ValueError(
                f"l_tdm_stages and temporal_stages: expected stages of 2 to 5, got {self.l_tdm_stages} and "
                f"{self.temporal_stages}"
            )

        if len(variants := self._l_tdm_variants()) > 1:
            fields_given = ", ".join(f"{field}={value!r}" for field, value in variants)
            raise ValueError(f"L-TDM: one difference from the released form at a time, got {fields_given}")

    @property
    def l_tdm(self) -> type[LongTermTDM]:
        """The released form, or the one of `tdn.model.variants` that the fields ask for."""
        chosen = self._l_tdm_variants()
        return VARIANTS[chosen[0]] if chosen else LongTermTDM

    def _l_tdm_variants(self) -> list[tuple[str, object]]:
        return [(field, value) for field, value in VARIANTS if getattr(self, field) == value]

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Architecture":
        """The reverse of `to_dict`. Raises ValueError for names or kinds of value it does not know."""
        values = _typed(cls, values)
        return cls(**{**values, "backbone": Backbone(**_typed(Backbone, values.get("backbone")))})


def _typed(described: type, values: object) -> dict[str, Any]:
    """The fields of a dataclass as read from JSON, each of the kind that its annotation says."""
    if not isinstance(values, dict):
        raise ValueError(f"architecture: not a description of a network ({described.__name__} is no object)")
    kinds, needed = get_type_hints(described), {field.name for field in fields(described) if field.default is MISSING}
    if unknown := sorted(set(values) - set(kinds)):
        raise ValueError(f"architecture: unknown fields {ascii(unknown)[:100]}; written by a newer version?")
    if missing := sorted(needed - set(values)):
        raise ValueError(f"architecture: not a description of a network ({', '.join(missing)} missing)")
    typed = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    for key, value in typed.items():
        if not _is(value, kinds[key]):
            raise ValueError(f"architecture: {key} is {ascii(value)[:60]}; edited by hand, or by a newer version?")
    return typed


def _is(value: object, kind: Any) -> bool:
    """Whether a value read from JSON is of an annotated kind; true is no number, and infinity none to compute with."""
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        count = len(value) if isinstance(value, tuple) and parts[-1] is Ellipsis else len(parts)
        return isinstance(value, tuple) and len(value) == count <= 64 and all(_is(part, int) for part in value)
    if type(None) in get_args(kind):
        return value is None or _is(value, next(part for part in get_args(kind) if part is not type(None)))
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9
    if kind is Backbone:
        return isinstance(value, dict)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


@dataclass(frozen=True)
class Row:
    """A named network and what the paper says of it.

    `table` is the paper's table, `multiply_adds` its printed cost of one clip in units (not G), `top1` its accuracy on
    Something-Something V1 in percent, one centre crop; None where the paper prints none.
    """

    architecture: Architecture
    input_size: int = 224
    table: str | None = None
    multiply_adds: float | None = None
    top1: float | None = None


def on_backbone(architecture: Architecture, backbone: Backbone) -> Architecture:
    """The same temporal modules on another backbone.

    Basic and inverted blocks are narrow where the slot sits, so L-TDM squeezes them by 4 there: 8, 16 and 32 channels
    in stages 3 to 5 of a ResNet of width 32, as in ResNet-50. MobileNetV2 has 16 and 24 channels where S-TDM is added,
    too few for a CNN of its own: S-TDM's has 32 and 64 (at width 32).
    """
    return replace(
        architecture,
        backbone=backbone,
        l_tdm_reduction=16 if backbone.block == "bottleneck" else 4,
        s_tdm_width=backbone.width if backbone.block == "inverted" else None,
    )


def system_name(architecture: Architecture) -> str:
    """What kind of network it is, in the paper's words: for captions."""
    if architecture.s_tdm_stages and architecture.l_tdm_stages:
        return "TDN"
    if architecture.s_tdm_stages:
        return "S-TDM only"
    if architecture.l_tdm_stages:
        return "L-TDM only"
    return {"none": "TSN", "t_conv": "T-Conv baseline", "tsm": "TSM", "teinet": "TEINet"}[architecture.temporal]


SOMETHING_CLASSES = 174
_TDN = Architecture(RESNET50, SOMETHING_CLASSES)
_NO_TDM = replace(_TDN, s_tdm_stages=0, l_tdm_stages=())
_BASELINE = replace(_NO_TDM, temporal="t_conv", temporal_stages=(3, 4, 5))
# T-Conv of Table 1(f) starts as the identity: our choice.
_T_CONV = replace(_NO_TDM, temporal="t_conv", temporal_stages=(2, 3, 4, 5), t_conv_init="identity")
_TSM = replace(_NO_TDM, temporal="tsm", temporal_stages=(2, 3, 4, 5))
_TEINET = replace(_NO_TDM, temporal="teinet", temporal_stages=(2, 3, 4, 5))
# The "++" rows see 40 frames, TDN's 8 x 5; as 40 even segments of one frame each: our choice.
_PLUS = {"num_segments": 40, "window": 1}
_SMALL_TDN = replace(on_backbone(_TDN, SMALL), dropout=0.2)
_SMALL_BASELINE = replace(on_backbone(_BASELINE, SMALL), dropout=0.2)


def _mobile(architecture: Architecture) -> Row:
    return Row(replace(on_backbone(architecture, MOBILENET), dropout=0.2), input_size=144)


def _with_segments(architecture: Architecture, num_segments: int) -> Architecture:
    return replace(architecture, num_segments=num_segments, alpha=None, beta=None)


FAMILY: dict[str, Row] = {
    "tdn_resnet50_8f": Row(_TDN, table="1, 2", multiply_adds=36e9, top1=52.3),
    "tdn_resnet50_16f": Row(_with_segments(_TDN, 16), table="2", multiply_adds=72e9, top1=53.9),
    "tdn_resnet101_8f": Row(replace(_TDN, backbone=RESNET101), table="2", multiply_adds=66e9, top1=54.1),
    "tdn_resnet101_16f": Row(
        _with_segments(replace(_TDN, backbone=RESNET101), 16), table="2", multiply_adds=132e9, top1=55.3
    ),
    "tconv_baseline_resnet50_8f": Row(_BASELINE, table="1(d), 1(e)", multiply_adds=33e9, top1=46.6),
    "tsn_resnet50_8f": Row(_NO_TDM, table="2", multiply_adds=33e9, top1=19.7),
    # (a) difference operators; 15 input channels of the concatenation are inferred from the printed cost.
    "tdn_concat_average_resnet50_8f": Row(
        replace(_TDN, s_tdm_input="concatenation", l_tdm_operator="average"), 224, "1(a)", 36.2e9, 41.5
    ),
    "tdn_concat_difference_resnet50_8f": Row(replace(_TDN, s_tdm_input="concatenation"), 224, "1(a)", 36.2e9, 51.4),
    "tdn_difference_average_resnet50_8f": Row(replace(_TDN, l_tdm_operator="average"), 224, "1(a)", 35.9e9, 51.6),
    # (b) fusion of S-TDM; the gates' details are our choice.
    "tdn_s_gate_resnet50_8f": Row(replace(_TDN, s_tdm_fusion="gate"), 224, "1(b)", top1=43.7),
    "tdn_s_residual_gate_resnet50_8f": Row(replace(_TDN, s_tdm_fusion="residual_gate"), 224, "1(b)", top1=47.6),
    "tdn_s_channel_gate_resnet50_8f": Row(replace(_TDN, s_tdm_fusion="channel_gate"), 224, "1(b)", top1=47.3),
    "tdn_s_residual_channel_gate_resnet50_8f": Row(
        replace(_TDN, s_tdm_fusion="residual_channel_gate"), 224, "1(b)", top1=47.9
    ),
    # (c) forms of L-TDM; "without multi-scale" as the identity branch alone is our reading.
    "tdn_l_addition_resnet50_8f": Row(replace(_TDN, l_tdm_form="addition"), 224, "1(c)", top1=44.1),
    "tdn_l_channel_gate_resnet50_8f": Row(replace(_TDN, l_tdm_form="channel_gate"), 224, "1(c)", top1=50.9),
    "tdn_l_one_direction_resnet50_8f": Row(replace(_TDN, l_tdm_bidirectional=False), 224, "1(c)", top1=50.0),
    "tdn_l_single_scale_resnet50_8f": Row(replace(_TDN, l_tdm_multi_scale=False), 224, "1(c)", top1=49.7),
    # (d) locations; that the temporal convolution goes where L-TDM goes is our choice.
    "tdn_s1_l2345_resnet50_8f": Row(replace(_TDN, s_tdm_stages=1, l_tdm_stages=(2, 3, 4, 5)), 224, "1(d)", 35e9, 50.6),
    "tdn_s123_l45_resnet50_8f": Row(replace(_TDN, s_tdm_stages=3, l_tdm_stages=(4, 5)), 224, "1(d)", 38e9, 51.7),
    # (e) one module at a time, on the baseline.
    "s_tdm_stage1_resnet50_8f": Row(replace(_BASELINE, s_tdm_stages=1), 224, "1(e)", top1=51.3),
    "s_tdm_resnet50_8f": Row(replace(_BASELINE, s_tdm_stages=2), 224, "1(e)", top1=51.5),
    "l_tdm_resnet50_8f": Row(replace(_TDN, s_tdm_stages=0), 224, "1(e)", top1=49.9),
    # (f) other temporal modules, in every block of stages 2 to 5.
    "tconv_resnet50_8f": Row(_T_CONV, 224, "1(f)", 33e9, 47.5),
    "tsm_resnet50_8f": Row(_TSM, 224, "1(f)", 33e9, 47.1),
    "teinet_resnet50_8f": Row(_TEINET, 224, "1(f)", 33e9, 48.4),
    "tconv_resnet50_40f": Row(replace(_T_CONV, **_PLUS), 224, "1(f)", 165e9, 48.2),
    "tsm_resnet50_40f": Row(replace(_TSM, **_PLUS), 224, "1(f)", 165e9, 47.6),
    "teinet_resnet50_40f": Row(replace(_TEINET, **_PLUS), 224, "1(f)", 165e9, 49.0),
    # The equations as printed, for training from scratch; no published number belongs to it.
    "tdn_paper_resnet50_8f": Row(replace(_TDN, alpha=1.0, beta=1.0, as_printed=True, upsampling="bilinear")),
    # The small relatives the demo ships.
    "tdn_small_8f": Row(_SMALL_TDN, input_size=144),
    "tconv_baseline_small_8f": Row(_SMALL_BASELINE, input_size=144),
    "s_tdm_small_8f": Row(replace(_SMALL_BASELINE, s_tdm_stages=2), input_size=144),
    "l_tdm_small_8f": Row(replace(_SMALL_TDN, s_tdm_stages=0), input_size=144),
    "tdn_tiny_8f": Row(on_backbone(_SMALL_TDN, TINY), input_size=64),
    # On MobileNetV2, which starts from ImageNet weights anywhere; no published number belongs to these.
    "tdn_mobilenetv2_8f": _mobile(_TDN),
    "tconv_baseline_mobilenetv2_8f": _mobile(_BASELINE),
    "s_tdm_mobilenetv2_8f": _mobile(replace(_BASELINE, s_tdm_stages=2)),
    "l_tdm_mobilenetv2_8f": _mobile(replace(_TDN, s_tdm_stages=0)),
    "tsm_mobilenetv2_8f": _mobile(_TSM),
    "teinet_mobilenetv2_8f": _mobile(_TEINET),
    "tsn_mobilenetv2_8f": _mobile(_NO_TDM),
    "tdn_concat_average_mobilenetv2_8f": _mobile(replace(_TDN, s_tdm_input="concatenation", l_tdm_operator="average")),
}
