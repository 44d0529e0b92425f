"""What a run starts from: processes and precision, the network, and how that sees clips."""

import os
import sys
from dataclasses import replace

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from tdn.data.transforms import Preprocess
from tdn.device import has_bfloat16
from tdn.model import BACKBONES, FAMILY, TDN, Architecture, on_backbone
from tdn.train.recipe import Precision, Recipe
from tdn.weights import imagenet_state, load_model, read_card, start_from_imagenet, start_from_network, start_from_trunk

ACCELERATE_PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}
NO_BFLOAT16 = "note: this device has no instructions for bfloat16, so the run computes in float32, which is faster here"


def new_accelerator(recipe: Recipe, device: str | torch.device) -> Accelerator:
    """Processes, device and precision. The launcher (torchrun, accelerate launch) decides how many processes."""
    device = torch.device(device)
    # accelerate keeps one state a process and refuses another precision; runs after one another are allowed here.
    AcceleratorState._reset_state(reset_partial_state=True)
    if device.type == "cuda" and device.index is not None and "LOCAL_RANK" not in os.environ:
        torch.cuda.set_device(device)
    return Accelerator(cpu=device.type == "cpu", mixed_precision=ACCELERATE_PRECISION[computed_in(recipe, device)])


def computed_in(recipe: Recipe, device: torch.device) -> Precision:
    """The recipe's precision, or float32 in place of a bfloat16 for which the device has no instructions.

    The recipe stays as it is, so that a run can go on where there are some.
    """
    return "fp32" if recipe.precision == "bf16" and not has_bfloat16(device) else recipe.precision


def as_seen_by(recipe: Recipe, preprocess: Preprocess) -> Recipe:
    """The recipe with the view and size of the network it goes on from."""
    if preprocess.view == "whole":
        recipe = replace(recipe, preprocess="whole", crop="whole")
    return replace(recipe, sizes=((1.0, preprocess.input_size),))


def plan(recipe: Recipe) -> tuple[Architecture, Preprocess]:
    """The network a recipe trains, its classes still open, and how that sees clips.

    Raises ValueError for a model or backbone that does not exist, FileNotFoundError for a missing `start_from`.
    """
    if recipe.model is None:
        card = read_card(recipe.start_from)
        architecture, preprocess = card.architecture, card.preprocess
    elif recipe.model in FAMILY:
        architecture, preprocess = FAMILY[recipe.model].architecture, preprocess_of(recipe)
    else:
        raise ValueError(f"model {recipe.model!r}: expected one of {', '.join(FAMILY)}")
    if recipe.backbone is not None:
        if recipe.backbone not in BACKBONES:
            raise ValueError(f"backbone {recipe.backbone!r}: expected one of {', '.join(BACKBONES)}")
        architecture = on_backbone(architecture, BACKBONES[recipe.backbone])
    if recipe.dropout is not None:
        architecture = replace(architecture, dropout=recipe.dropout)
    if recipe.s_tdm_width is not None:
        architecture = replace(architecture, s_tdm_width=recipe.s_tdm_width or None)
    if recipe.t_conv_init is not None:
        architecture = replace(architecture, t_conv_init=recipe.t_conv_init)
    return architecture, preprocess


def preprocess_of(recipe: Recipe) -> Preprocess:
    """How clips are seen after training: 256 and 224 as released, or in proportion; or the whole picture."""
    size = recipe.input_size
    if recipe.preprocess == "whole":
        return Preprocess.whole(size)
    return Preprocess("centre_crop", round(size * 256 / 224), size, "released")


def new_network(recipe: Recipe, architecture: Architecture, accelerator: Accelerator) -> TDN:
    """The network, started from `start_from` where that is given; says how many tensors were taken over."""
    torch.manual_seed(recipe.seed)
    model = TDN(architecture)
    if recipe.start_from is None:
        return model
    if recipe.start_from == "imagenet" or recipe.start_from.endswith(".pth"):
        path = None if recipe.start_from == "imagenet" else recipe.start_from
        started = start_from_imagenet(model, imagenet_state(architecture.backbone.name, path))
    else:
        trained = load_model(recipe.start_from)
        if recipe.model is None:
            # A new task gets a new head, also where the number of classes happens to agree.
            del trained.head
        started = (start_from_trunk if recipe.start_part == "trunk" else start_from_network)(model, trained)
    fresh = f"; {len(started.fresh)} fresh: {', '.join(started.fresh_parts)}" if started.fresh else ""
    say(accelerator, f"start_from {recipe.start_from}: kept {len(started.kept)} tensors{fresh}")
    return model


def say(accelerator: Accelerator, message: str) -> None:
    if accelerator.is_main_process:
        print(message, file=sys.stderr)
