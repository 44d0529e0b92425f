"""What networks can be had: ours, torchvision's, those of the Hugging Face Hub, and what a person brings."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch

from tdn.model import without_values
from tdn.model.family import FAMILY, system_name
from tdn.networks.tdn import taps as taps_of_tdn
from tdn.weights.shipped import shipped_networks
from tdn.weights.store import CheckpointError, read_card, shard_paths

OWNERS = "; the videos it was trained on have their owners' terms"


@dataclass(frozen=True)
class Offered:
    """One network, or one kind of them: `name` as `open_network` takes it, `taps` the names of its layers.

    `weights`: "here" on this machine, "download" once, or "bring" by the person. `installed` says whether the packages
    it needs are. `size_mb` of its file, None where nobody knows before it is there.
    """

    name: str
    title: str
    family: str
    taps: list[str]
    weights: Literal["here", "download", "bring"]
    installed: bool
    size_mb: float | None
    licence: str


def offered() -> list[Offered]:
    """Everything that `open_network` takes; nothing is downloaded or loaded for it."""
    return [*_ours(), *_of_torchvision(), *_of_transformers(), *_brought()]


def _ours() -> Iterator[Offered]:
    for path in shipped_networks():
        try:
            card = read_card(path)
        except (CheckpointError, FileNotFoundError):
            continue  # a clone without its large files; `doctor` says so
        taps = [tap.name for tap in taps_of_tdn(without_values(card.architecture))]
        size = sum(part.stat().st_size for part in shard_paths(path)) / 1e6
        name = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        licence = "as this project" + (f"; made of {card.material}" if card.material else "")
        yield Offered(str(name), system_name(card.architecture), "tdn", taps, "here", True, round(size, 1), licence)


def _of_torchvision() -> Iterator[Offered]:
    from tdn.weights import torchvision_ops  # noqa: F401, I001 (before torchvision)
    from torchvision.models import get_model

    from tdn.networks.torchvision import LICENCE, PUBLISHED, network_of, published_weights, reads_of

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    for name, published in PUBLISHED.items():
        weights = published_weights(name).DEFAULT
        with torch.device("meta"):
            module = get_model(name, weights=None)
        reads = reads_of(weights, published.frames, published.fps)
        taps = list(network_of(module, weights.meta["categories"], reads).taps)
        where = "here" if (folder / weights.url.rsplit("/", 1)[-1]).is_file() else "download"
        size = round(weights.meta["_file_size"], 1)
        yield Offered(f"torchvision:{name}", published.title, "torchvision", taps, where, True, size, LICENCE)


def _of_transformers() -> Iterator[Offered]:
    installed = find_spec("transformers") is not None
    blocks = ["patches", *(f"block{number}" for number in range(1, 13))]
    for name, title, depth, licence in (
        ("MCG-NJU/videomae-base-finetuned-kinetics", "VideoMAE", 12, "CC-BY-NC-4.0" + OWNERS),
        ("facebook/timesformer-base-finetuned-k400", "TimeSformer", 12, "as its model card says"),
        ("google/vivit-b-16x2-kinetics400", "ViViT", 12, "as its model card says"),
        ("facebook/vjepa2-vitl-fpc16-256-ssv2", "V-JEPA 2", 24, "as its model card says"),
    ):
        taps = blocks if depth == 12 else ["patches", *(f"block{number}" for number in range(1, depth + 1))]
        where = "here" if _in_cache(name) else "download"
        yield Offered(f"hf:{name}", title, "huggingface", taps, where, installed, None, licence)


def _in_cache(repository: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(repository, "config.json"), str)


def _brought() -> Iterator[Offered]:
    taps = [tap.name for tap in taps_of_tdn(without_values(FAMILY["tsm_resnet50_8f"].architecture))]
    terms = "MIT (mit-han-lab)" + OWNERS
    yield Offered("FILE.pth", "TSM or TSN as released", "segments", taps, "bring", True, None, terms)
    yield Offered("owner/name", "TDN on the Hugging Face Hub", "tdn", [], "bring", True, None, "its owner's")
    yield Offered("FILE.py:FUNCTION", "a module of one's own", "module", [], "bring", True, None, "yours")
