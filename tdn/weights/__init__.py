"""Checkpoints in and out: ours, the released code's, ImageNet's."""

from tdn.weights.imagenet import fetch_imagenet, imagenet_state
from tdn.weights.official import convert_official, export_official
from tdn.weights.start import Started, start_from_imagenet, start_from_network, start_from_trunk
from tdn.weights.store import (
    Card,
    CheckpointError,
    default_labels,
    load_model,
    read_card,
    save_checkpoint,
    with_card,
)

__all__ = [
    "Card",
    "CheckpointError",
    "Started",
    "convert_official",
    "default_labels",
    "export_official",
    "fetch_imagenet",
    "imagenet_state",
    "load_model",
    "read_card",
    "save_checkpoint",
    "start_from_imagenet",
    "start_from_network",
    "start_from_trunk",
    "with_card",
]
