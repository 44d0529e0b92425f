"""What a checkpoint says of the run that made it."""

import textwrap
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from tdn.data.transforms import Preprocess
from tdn.device import device_name
from tdn.motion.assets import listed
from tdn.train.engine import Trainer
from tdn.train.recipe import Recipe
from tdn.train.start import computed_in
from tdn.train.validation import Validation
from tdn.weights import Card, limits, read_card

_STARTED = {"all": "tensors", "trunk": "2-D trunk"}


def card_of(trainer: Trainer, validation: Validation, command: str, seconds: float) -> Card:
    recipe, clips = trainer.recipe, trainer.clips
    procedural = clips.name.startswith("procedural")
    preprocess = clips.preprocess
    return Card(
        trainer.average.architecture,
        preprocess,
        list(clips.labels),
        trained_on=(
            (f"{clips.num_train:,} {clips.name}" if procedural else f"{clips.name} ({clips.num_train:,} clips)")
            + f", {trainer.epoch * trainer.steps_per_epoch * recipe.batch_size:,} draws of them "
            + f"({trainer.epoch} of {recipe.epochs} epochs)"
            + started_from(recipe)
        ),
        material=material(recipe, procedural and clips.photographic),
        command=command or f"python -m tdn train {recipe.name}",
        time=f"{seconds / 60:.0f} minutes of training and validation ({device_name(trainer.accelerator.device)})",
        known_limits=(
            f"it has seen {clips.seen}, no real video" if procedural else f"its classes are those of {clips.name}"
        )
        + "; every clip gets one of its classes for an answer, also one that shows none of them, or several",
        accuracy=accuracy(validation, clips.labels),
        protocol=(
            f"{int(validation.confusion.sum())} "
            + ("procedural validation clips" if procedural else f"validation clips of {clips.name}")
            + f", one clip, {view_in_words(preprocess)}"
        ),
        extra={"recipe": recipe_in_card(recipe), "computed_in": computed_in(recipe, trainer.accelerator.device)},
    )


def recipe_in_card(recipe: Recipe) -> dict[str, Any]:
    """Its fields; of the file that it started from the name alone, without the folders of this machine."""
    return asdict(replace(recipe, start_from=recipe.start_from and Path(recipe.start_from).name))


def view_in_words(preprocess: Preprocess) -> str:
    return "whole view" if preprocess.view == "whole" else f"centre crop of {preprocess.input_size}"


def from_imagenet(recipe: Recipe) -> bool:
    return recipe.start_from is not None and (recipe.start_from == "imagenet" or recipe.start_from.endswith(".pth"))


@cache
def started_from(recipe: Recipe) -> str:
    """Where the weights began, in words for a card, and what those had learnt from before."""
    if recipe.start_from is None:
        return ""
    if from_imagenet(recipe):
        return ", started from torchvision's ImageNet weights"
    # A card's words are limited; the oldest of many runs are left out.
    before = textwrap.shorten(read_card(recipe.start_from).trained_on, limits.MAX_WORDS // 2, placeholder=" ...")
    return f", started from the {_STARTED[recipe.start_part]} of {Path(recipe.start_from).name} ({before})"


@cache
def material(recipe: Recipe, photographic: bool) -> str:
    """Others' pictures and weights in a network, each with its licence: those of this run, then those of its start.

    `photographic` says whether the fetched photos were among the training clips.
    """
    found = []
    photos = listed() if photographic else None
    if photos and photos["packages"]:
        packages = [f"{package['package']} ({package['licence']})" for package in photos["packages"]]
        found.append("pictures of the Debian packages " + ", ".join(packages))
    elif photos:
        found.append("pictures of whoever trained it")
    if from_imagenet(recipe):
        found.append("torchvision's ImageNet weights (BSD-3-Clause)")
    elif recipe.start_from is not None:
        found += [before for before in read_card(recipe.start_from).material.split("; ") if before not in ("", *found)]
    return "; ".join(found)


def accuracy(validation: Validation, labels: tuple[str, ...]) -> dict:
    """Top-1 and top-5 in percent, and top-1 by class (None: no clips); clips counted, and those that can't be read.

    `sure_above` is the probability from which on an answer can be relied on, as far as these clips go.
    """
    confusion = validation.confusion
    per_class = 100 * confusion.diagonal() / confusion.sum(1).clamp(min=1)
    counted = {
        "top1": round(validation.top1, 2),
        "top5": round(validation.top5, 2),
        "clips": int(confusion.sum()),
        "sure_above": validation.sure_above,
        "per_class": {
            label: round(float(share), 1) if count else None
            for label, share, count in zip(labels, per_class, confusion.sum(1).tolist(), strict=True)
        },
    }
    return counted | ({"missing": validation.missing} if validation.missing else {})
