"""Training settings as frozen constants. The command line picks one and overrides fields with --set."""

from dataclasses import dataclass, fields, replace
from typing import Any, get_args, get_type_hints


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run on procedural clips, beside the code's version.

    `model` a row of tdn.model.FAMILY, put on another of tdn.model.BACKBONES where `backbone` names one; an epoch is
    `clips_per_epoch` clips out of `pool_clips` rendered ones. `sizes` ((share of the run, pixels), ...): the side of
    the input until that share is over. `start_from` a checkpoint of ours, whose tensors are taken over where names and
    shapes agree, "imagenet" for torchvision's ResNet weights, or a .pth file of them.
    """

    name: str
    model: str
    epochs: int
    clips_per_epoch: int
    pool_clips: int
    val_clips: int
    batch_size: int = 8
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    warmup_share: float = 0.05
    label_smoothing: float = 0.02
    clip_norm: float = 5.0
    ema_decay: float = 0.998
    sizes: tuple[tuple[float, int], ...] = ((0.6, 80), (0.85, 112), (1.0, 144))
    render_size: int = 112
    precision: str = "bf16"
    backbone: str | None = None
    start_from: str | None = None
    seed: int = 0

    @property
    def input_size(self) -> int:
        """Pixels of the side at the end of training, and so in use."""
        return self.sizes[-1][1]


# The settings of the feasibility study (AdamW, cosine, small size first), longer.
DEMO_TDN = Recipe("demo-tdn", "tdn_small_8f", epochs=30, clips_per_epoch=2000, pool_clips=8000, val_clips=760)
# The same budget, clips and order; it starts from the trained TDN's trunk, because from scratch it stays at chance.
DEMO_TCONV = replace(
    DEMO_TDN, name="demo-tconv", model="tconv_baseline_small_8f", start_from="checkpoints/tdn_small_8f.safetensors"
)
# Ends within a minute on one core: for tests, and to see that an installation can train.
SMOKE = Recipe(
    "smoke",
    "tdn_tiny_8f",
    epochs=4,
    clips_per_epoch=24,
    pool_clips=24,
    val_clips=19,
    sizes=((1.0, 64),),
    render_size=64,
    precision="fp32",
    ema_decay=0.9,
)

RECIPES = {recipe.name: recipe for recipe in (DEMO_TDN, DEMO_TCONV, SMOKE)}


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """Apply "field=value" settings. Raises ValueError for an unknown field or a value of the wrong kind."""
    kinds = get_type_hints(Recipe)
    changes: dict[str, Any] = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in kinds:
            known = ", ".join(field.name for field in fields(Recipe))
            raise ValueError(f"--set {setting}: expected field=value with a field of {known}")
        changes[key] = _parsed(key, kinds[key], text)
    return replace(recipe, **changes)


def _parsed(key: str, kind: Any, text: str) -> Any:
    if kind in (int, float, str):
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"--set {key}={text}: expected {kind.__name__}") from None
    if str in get_args(kind):
        return None if text.lower() == "none" else text
    # sizes: "0.6:80,1:112"
    try:
        return tuple((float(share), int(pixels)) for share, pixels in (part.split(":") for part in text.split(",")))
    except ValueError:
        raise ValueError(f"--set {key}={text}: expected share:pixels,..., such as 0.6:80,1:112") from None
