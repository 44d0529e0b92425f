"""What a training recipe is: a frozen dataclass, each field beside what it decides."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tdn.data.crops import TrainCrop
from tdn.model.baselines import TConvInit

Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["steps", "plateau", "cosine"]
ParameterGroups = Literal["released", "tsm", "trunk_half"]
Precision = Literal["fp32", "bf16", "fp16"]
Preprocessing = Literal["released", "whole"]
StartPart = Literal["all", "trunk"]

# Fields that decide how fast a run is and not what it computes; a resumed run may change them.
MACHINE_FIELDS = ("workers", "save_minutes", "save_steps")
ABOVE_ZERO = ("epochs", "batch_size", "learning_rate", "rate_batch", "micro_batch", "clip_norm", "patience")
ABOVE_ZERO += ("clips_per_epoch", "split", "pool_clips", "val_clips", "save_minutes", "save_steps")
NOT_BELOW_ZERO = ("weight_decay", "workers", "pool_seed", "seed")
SMALLEST_INPUT = 32


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, beside the clips and the code's version. Raises ValueError for senseless values.

    A recipe computes the same on one GPU as on eight: the passes that a process makes in a step follow from
    `batch_size` and `micro_batch`.
    """

    name: str
    # A row of tdn.model.FAMILY; None: the network of `start_from`, with its preprocessing, input size and a new head.
    model: str | None
    epochs: int
    # Clips of a step, over all processes.
    batch_size: int
    # Meant for `rate_batch` clips and scaled in proportion to `batch_size`; taken as it is where that is None.
    learning_rate: float
    rate_batch: int | None = None
    # Clips that a process takes at a time, and batch norm sees; None: one pass in each process.
    micro_batch: int | None = None
    optimizer: Optimizer = "sgd"
    weight_decay: float = 5e-4
    # "released": one rate and full decay for everything, as the released code really trains (`main.py:75-78,133`: its
    # multipliers are logged, never applied); "tsm": as TSM does and its authors may have meant; "trunk_half": half the
    # rate for the 2-D backbone, which starts from ImageNet weights.
    param_groups: ParameterGroups = "released"
    # Bound of the norm of all gradients together.
    clip_norm: float = 20.0
    label_smoothing: float = 0.0
    # "steps" divides the rate by 10 after each epoch in `drops`; "plateau" when more than `patience` epochs in a row
    # brought no better validation top-1; "cosine" goes to zero.
    schedule: Schedule = "steps"
    drops: tuple[int, ...] = ()
    patience: int = 5
    # Share of all steps in which the rate rises linearly first.
    warmup_share: float = 0.0
    # Of the averaged weights, which are then evaluated and saved; None trains without.
    ema_decay: float | None = None
    # Of the classifier; None keeps the network's own.
    dropout: float | None = None
    sync_bn: bool = False
    precision: Precision = "fp32"
    # A name of tdn.model.BACKBONES to put the network on; None keeps its own.
    backbone: str | None = None
    # A checkpoint of ours, whose tensors are taken over where names and shapes agree; "imagenet" for torchvision's
    # weights of the backbone, or a .pth file of those.
    start_from: str | None = None
    # Of a checkpoint of ours: all of it, or its 2-D backbone alone, as from ImageNet weights.
    start_part: StartPart = "all"
    # How temporal convolutions start that are not taken over; None keeps the network's own.
    t_conv_init: TConvInit | None = None
    # Channels of S-TDM's first stage (0: as many as the backbone's, whose stages it copies); None keeps the network's.
    s_tdm_width: int | None = None
    # ((share of the run, pixels), ...): the side of the input until that share is over.
    sizes: tuple[tuple[float, int], ...] = ((1.0, 224),)
    # How clips are seen after training: "released" (short side 256, centre crop 224 or in proportion) or "whole" (the
    # whole picture, spread evenly over the video).
    preprocess: Preprocessing = "released"
    crop: TrainCrop = "multi_scale"
    # Mirror half of the training clips, the label with the pixels, where the names of all classes are understood.
    flip: bool = True
    # Take names of classes that are not understood for such that name no side.
    flip_unknown: bool = False
    # None: every clip once.
    clips_per_epoch: int | None = None
    # Number of a split of UCF101 or HMDB51.
    split: int | None = None
    # Held out of each class where the data have no validation part.
    val_share: float = 0.2
    # Of procedural clips: how many are rendered for training and for validation, their side in pixels, the version of
    # the generator (2: all drawn; 3: with the photos that `assets fetch` prepared, where it did, and in training with
    # clips of version 2 and noise among them), and their seed.
    pool_clips: int = 2000
    val_clips: int = 190
    render_size: int = 112
    clips_version: int = 2
    pool_seed: int = 0
    # Of order, augmentation and fresh weights.
    seed: int = 0
    # Processes that load clips, for each GPU.
    workers: int = 4
    # Resuming is possible from every epoch, and from within one every so many minutes or steps.
    save_minutes: float = 10.0
    save_steps: int | None = None
    # Where the settings come from.
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
