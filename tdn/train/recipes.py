"""Training settings as frozen constants. The command line picks one and overrides fields with --set.

Released numbers are those of the released code's scripts and log files (github.com/MCG-NJU/TDN), paper numbers those of
TDN Sec. 4.1. The two differ; both are here, the paper's under names ending in "-paper".
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["steps", "plateau", "cosine"]
ParameterGroups = Literal["released", "tsm", "trunk_half"]
Precision = Literal["fp32", "bf16", "fp16"]
View = Literal["released", "whole"]
Crop = Literal["multi_scale", "jitter", "whole"]
StartPart = Literal["all", "trunk"]
TConvInit = Literal["shift", "identity", "difference"]

# Fields that decide how fast a run is and not what it computes; a resumed run may change them.
MACHINE_FIELDS = ("workers", "save_minutes", "save_steps")
ABOVE_ZERO = ("epochs", "batch_size", "learning_rate", "rate_batch", "micro_batch", "clip_norm", "patience")
ABOVE_ZERO += ("clips_per_epoch", "split", "pool_clips", "val_clips", "save_minutes", "save_steps")
NOT_BELOW_ZERO = ("weight_decay", "workers", "pool_seed", "seed")
SMALLEST_INPUT = 32


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, beside the clips and the code's version. Raises ValueError for senseless values.

    Network: `model` is a row of tdn.model.FAMILY, on another of tdn.model.BACKBONES where `backbone` names one; None is
    the network of `start_from`, with its preprocessing and input size and a new head. `start_from` is a checkpoint of
    ours, whose tensors are taken over where names and shapes agree, "imagenet" for torchvision's weights of the
    backbone, or a .pth file of those. With `start_part` "trunk" only the 2-D backbone of a checkpoint of ours is taken
    over, as from ImageNet weights. `t_conv_init` is how temporal convolutions start that are not taken over,
    `dropout` the classifier's, and `s_tdm_width` the channels of S-TDM's first stage (0: as many as the backbone's,
    whose stages it copies); None keeps the network's own.

    Steps: a step takes `batch_size` clips over all processes, `micro_batch` at a time (None: one pass in each process);
    the passes a process has to make follow from that, so a recipe computes the same on one GPU as on eight. Batch norm
    sees a micro-batch. `learning_rate` is meant for `rate_batch` clips and scaled in proportion to `batch_size`; with
    None it is taken as it is. `param_groups` "released": one rate and full decay for everything, as the released code
    really trains (`main.py:75-78,133`: its multipliers are logged, never applied); "tsm": as TSM does and its authors
    may have meant; "trunk_half": half the rate for the 2-D backbone, which starts from ImageNet weights. `clip_norm`
    bounds the norm of all gradients together.

    Schedule: "steps" divides the rate by 10 after each epoch in `drops`; "plateau" when more than `patience` epochs in
    a row brought no better validation top-1; "cosine" goes to zero. `warmup_share` of all steps rise linearly to the
    rate first. `ema_decay` None trains without averaged weights, otherwise the average is what is evaluated and saved.

    Clips: an epoch is `clips_per_epoch` clips, None for every clip once. `sizes` ((share of the run, pixels), ...) is
    the side of the input until that share is over. `preprocess`: how clips are seen after training, "released" (short
    side 256, centre crop 224 or in proportion) or "whole" (the whole picture, spread evenly over the video). `flip`
    mirrors half of the training clips, the label with the pixels, where the names of all classes are understood;
    `flip_unknown` takes names that are not understood for such that name no side. `split` is the number of a split of
    UCF101 or HMDB51. `val_share` of each class is held out where the data have no
    validation part. Procedural clips only: `pool_clips` rendered ones and `val_clips` for validation, at `render_size`,
    those of `pool_seed`, made by `clips_version` of the generator (2, all drawn, or 3, with the photos that `assets
    fetch` prepared, where it did); order, augmentation and fresh weights follow from `seed`.

    Machine: `workers` loading processes a GPU; resuming is possible from every epoch, and from within one every
    `save_minutes` or `save_steps`.
    """

    name: str
    model: str | None
    epochs: int
    batch_size: int
    learning_rate: float
    rate_batch: int | None = None
    micro_batch: int | None = None
    optimizer: Optimizer = "sgd"
    weight_decay: float = 5e-4
    param_groups: ParameterGroups = "released"
    clip_norm: float = 20.0
    label_smoothing: float = 0.0
    schedule: Schedule = "steps"
    drops: tuple[int, ...] = ()
    patience: int = 5
    warmup_share: float = 0.0
    ema_decay: float | None = None
    dropout: float | None = None
    sync_bn: bool = False
    precision: Precision = "fp32"
    backbone: str | None = None
    start_from: str | None = None
    start_part: StartPart = "all"
    t_conv_init: TConvInit | None = None
    s_tdm_width: int | None = None
    sizes: tuple[tuple[float, int], ...] = ((1.0, 224),)
    preprocess: View = "released"
    crop: Crop = "multi_scale"
    flip: bool = True
    flip_unknown: bool = False
    clips_per_epoch: int | None = None
    split: int | None = None
    val_share: float = 0.2
    pool_clips: int = 2000
    val_clips: int = 190
    render_size: int = 112
    clips_version: int = 2
    pool_seed: int = 0
    seed: int = 0
    workers: int = 4
    save_minutes: float = 10.0
    save_steps: int | None = None
    source: str = ""

    def __post_init__(self):
        for key in ABOVE_ZERO:
            value = getattr(self, key)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{key}: expected a number above 0, got {value}")
        for key in NOT_BELOW_ZERO:
            if not 0 <= getattr(self, key) < math.inf:
                raise ValueError(f"{key}: expected 0 or more, got {getattr(self, key)}")
        for key in ("ema_decay", "dropout", "label_smoothing", "warmup_share"):
            if getattr(self, key) is not None and not 0 <= getattr(self, key) < 1:
                raise ValueError(f"{key}: expected 0 up to, but not, 1, got {getattr(self, key)}")
        if self.s_tdm_width is not None and not 0 <= self.s_tdm_width <= 256:
            raise ValueError(f"s_tdm_width: expected 0 to 256, got {self.s_tdm_width}")
        if self.clips_version not in (2, 3):
            raise ValueError(f"clips_version: expected 2 or 3, got {self.clips_version}")
        if not 0 < self.val_share < 1:
            raise ValueError(f"val_share: expected between 0 and 1, got {self.val_share}")
        if not self.sizes or not self.sizes[-1][0] == 1:
            raise ValueError(f"sizes: the last share must be 1, got {self.sizes}")
        shares, sides = zip(*self.sizes, strict=True)
        if list(shares) != sorted(set(shares)) or not shares[0] > 0 or min(*sides, self.render_size) < SMALLEST_INPUT:
            raise ValueError(
                f"sizes and render_size: expected growing shares above 0 and at least {SMALLEST_INPUT} pixels, got "
                f"{self.sizes} and {self.render_size}"
            )
        if self.model is None and self.start_from in (None, "imagenet"):
            raise ValueError(
                f"recipe {self.name} trains on from a network of ours; add --set start_from=CHECKPOINT.safetensors"
            )

    @property
    def rate(self) -> float:
        """The highest learning rate: `learning_rate` scaled to the batch (linear scaling, arXiv:1706.02677)."""
        return self.learning_rate * (self.batch_size / self.rate_batch if self.rate_batch else 1)

    @property
    def input_size(self) -> int:
        """Pixels of the side at the end of training, and so in use."""
        return self.sizes[-1][1]


# Released scripts for Something-Something: 8 clips on each of 8 GPUs, rate 0.01, drops of 30, 45 and 55 in 60 epochs.
SOMETHING = Recipe(
    "something",
    "tdn_resnet50_8f",
    epochs=60,
    batch_size=64,
    learning_rate=0.01,
    rate_batch=64,
    micro_batch=8,
    weight_decay=5e-4,
    drops=(30, 45, 55),
    dropout=0.5,
    start_from="imagenet",
    source="released scripts for Something-Something",
)
# Released scripts for Kinetics: 16 clips on each of 8 GPUs, rate 0.02, drops of 50, 75 and 90 in 100 epochs.
KINETICS = replace(
    SOMETHING,
    name="kinetics",
    epochs=100,
    batch_size=128,
    learning_rate=0.02,
    rate_batch=128,
    micro_batch=16,
    weight_decay=1e-4,
    drops=(50, 75, 90),
    source="released scripts for Kinetics-400",
)
# TDN Sec. 4.1: batch 128, rate 0.02, a tenth "when the performance on the validation set saturates", short side 256 to
# 320. How long saturation is waited for is not said; 5 epochs are our choice, and so is the decay of the released code.
_AS_PRINTED = {"schedule": "plateau", "drops": (), "crop": "jitter", "source": "TDN Sec. 4.1"}
SOMETHING_PAPER = replace(SOMETHING, batch_size=128, learning_rate=0.02, rate_batch=128, **_AS_PRINTED)
KINETICS_PAPER = replace(KINETICS, **_AS_PRINTED)
# The authors' answer in TDN issue 56: from Kinetics-400, 16 clips on each of 8 GPUs, 16 segments (those of the
# checkpoint). It gives no weight decay; this is that of the Something-Something scripts.
TRANSFER = Recipe(
    "transfer",
    None,
    epochs=25,
    batch_size=128,
    learning_rate=0.002,
    rate_batch=128,
    micro_batch=16,
    drops=(10, 20),
    dropout=0.8,
    split=1,
    start_from="kinetics400_16f.safetensors",
    source="TDN issue 56",
)


def _rows(short: str, recipe: Recipe, suffix: str = "") -> list[Recipe]:
    """A recipe for the networks of Table 2: ResNet-50 and ResNet-101, 8 and 16 frames."""
    return [
        replace(recipe, name=f"{short}-r{depth}-{frames}f{suffix}", model=f"tdn_resnet{depth}_{frames}f")
        for depth in (50, 101)
        for frames in (8, 16)
    ]


PUBLISHED = [
    *_rows("ssv1", SOMETHING),
    *_rows("ssv2", SOMETHING),
    *_rows("k400", KINETICS),
    *_rows("ssv1", SOMETHING_PAPER, "-paper"),
    *_rows("ssv2", SOMETHING_PAPER, "-paper"),
    *_rows("k400", KINETICS_PAPER, "-paper"),
    replace(TRANSFER, name="ucf101"),
    replace(TRANSFER, name="hmdb51"),
]

# From the demo weights to a person's own clips, some 200 of them, on one machine without a GPU. Our choice.
FINETUNE = Recipe(
    "finetune",
    None,
    epochs=20,
    batch_size=8,
    learning_rate=5e-4,
    optimizer="adamw",
    weight_decay=0.02,
    clip_norm=5.0,
    label_smoothing=0.05,
    schedule="cosine",
    warmup_share=0.05,
    ema_decay=0.9,
    dropout=0.3,
    start_from="checkpoints/tdn_small_8f.safetensors",
    workers=2,
    source="our choice",
)

# The settings of the feasibility study (AdamW, cosine, small size first), longer.
DEMO_TDN = Recipe(
    "demo-tdn",
    "tdn_small_8f",
    epochs=30,
    batch_size=8,
    learning_rate=1.5e-3,
    optimizer="adamw",
    weight_decay=0.02,
    clip_norm=5.0,
    label_smoothing=0.02,
    schedule="cosine",
    warmup_share=0.05,
    ema_decay=0.998,
    precision="bf16",
    sizes=((0.6, 80), (0.85, 112), (1.0, 144)),
    preprocess="whole",
    clips_per_epoch=2000,
    pool_clips=8000,
    val_clips=760,
    source="our choice",
)
# The same budget, clips and order; from scratch it stays at chance, so it starts from all tensors of the trained TDN
# that fit. The temporal convolutions are among them, so that `t_conv_init` plays no role.
DEMO_TCONV = replace(
    DEMO_TDN, name="demo-tconv", model="tconv_baseline_small_8f", start_from="checkpoints/tdn_small_8f.safetensors"
)
# What each of the two modules adds alone: the same start, clips and budget.
DEMO_S_TDM = replace(DEMO_TCONV, name="demo-s-tdm", model="s_tdm_small_8f")
DEMO_L_TDM = replace(DEMO_TCONV, name="demo-l-tdm", model="l_tdm_small_8f")
# The four on MobileNetV2, each from the same ImageNet weights, with the same clips and as many draws of them (240,000):
# no row stands on another's tensors. Rate, its half for the trunk and the difference start are those of a study of
# 24,000 draws, after which both TDN and T-Conv were still learning.
DEMO_MOBILE_TDN = replace(
    DEMO_TDN,
    name="demo-mobile-tdn",
    model="tdn_mobilenetv2_8f",
    epochs=120,
    learning_rate=1e-3,
    param_groups="trunk_half",
    start_from="imagenet",
    t_conv_init="difference",
    sizes=((0.85, 112), (1.0, 144)),
    clips_version=3,
)
DEMO_MOBILE_TCONV = replace(DEMO_MOBILE_TDN, name="demo-mobile-tconv", model="tconv_baseline_mobilenetv2_8f")
DEMO_MOBILE_S_TDM = replace(DEMO_MOBILE_TDN, name="demo-mobile-s-tdm", model="s_tdm_mobilenetv2_8f")
DEMO_MOBILE_L_TDM = replace(DEMO_MOBILE_TDN, name="demo-mobile-l-tdm", model="l_tdm_mobilenetv2_8f")
# Ends within a minute on one core: for tests, and to see that an installation can train.
SMOKE = replace(
    DEMO_TDN,
    name="smoke",
    model="tdn_tiny_8f",
    epochs=4,
    clips_per_epoch=24,
    pool_clips=24,
    val_clips=19,
    sizes=((1.0, 64),),
    render_size=64,
    precision="fp32",
    ema_decay=0.9,
    workers=0,
)

# These train on clips the project renders itself unless told otherwise; all others need a data set.
DEMOS = (DEMO_TDN, DEMO_TCONV, DEMO_S_TDM, DEMO_L_TDM)
MOBILE_DEMOS = (DEMO_MOBILE_TDN, DEMO_MOBILE_TCONV, DEMO_MOBILE_S_TDM, DEMO_MOBILE_L_TDM)
PROCEDURAL = tuple(recipe.name for recipe in (*DEMOS, *MOBILE_DEMOS, SMOKE))
RECIPES = {recipe.name: recipe for recipe in (*PUBLISHED, FINETUNE, *DEMOS, *MOBILE_DEMOS, SMOKE)}


def micro_batches(recipe: Recipe, processes: int) -> tuple[int, int]:
    """Clips in a micro-batch, and how many of those each process works through for one step.

    Raises ValueError where the batch can't be shared out like that.
    """
    size = recipe.micro_batch or max(1, recipe.batch_size // processes)
    passes, rest = divmod(recipe.batch_size, size * processes)
    if rest or not passes:
        raise ValueError(
            f"batch_size {recipe.batch_size} can't be shared by {processes} processes in micro-batches of {size}; set "
            f"batch_size to a multiple of {size * processes}, or micro_batch to less"
        )
    return size, passes


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """Apply "field=value" settings. Raises ValueError for an unknown field or a value of the wrong kind."""
    kinds = get_type_hints(Recipe)
    changes: dict[str, Any] = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in kinds:
            known = ", ".join(field.name for field in fields(Recipe))
            raise ValueError(f"--set {setting[:80]}: expected field=value with a field of {known}")
        changes[key] = _parsed(key, kinds[key], text)
    try:
        return replace(recipe, **changes)
    except ValueError as error:
        raise ValueError(f"--set {error}" if settings else str(error)) from None


def _parsed(key: str, kind: Any, text: str) -> Any:
    """One value of a field whose type is `kind`."""
    if type(None) in get_args(kind):
        if text.lower() == "none":
            return None
        kind = next(part for part in get_args(kind) if part is not type(None))
    readers = {
        bool: lambda word: {"true": True, "yes": True, "false": False, "no": False}[word.lower()],
        tuple[int, ...]: lambda words: tuple(int(word) for word in words.split(",") if word),
        tuple[tuple[float, int], ...]: _sizes,
    }
    shown = {bool: "true or false", tuple[int, ...]: "epochs, such as 30,45,55"}
    shown[tuple[tuple[float, int], ...]] = "share:pixels,..., such as 0.6:80,1:112"
    if get_origin(kind) is Literal:
        if text in get_args(kind):
            return text
        raise ValueError(f"--set {key}={text[:80]}: expected {' or '.join(get_args(kind))}")
    try:
        return readers.get(kind, kind)(text)
    except (ValueError, KeyError):
        raise ValueError(f"--set {key}={text[:80]}: expected {shown.get(kind, kind.__name__)}") from None


def _sizes(text: str) -> tuple[tuple[float, int], ...]:
    return tuple((float(share), int(pixels)) for share, pixels in (part.split(":") for part in text.split(",")))
