"""Our checkpoints: safetensors with one metadata entry, `tdn`, so that nothing about a network must be guessed."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tdn import __version__
from tdn.data.transforms import Preprocess
from tdn.model import TDN, Architecture

SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")


class CheckpointError(ValueError):
    """A file that is not the checkpoint it should be; the message is one sentence for the user."""


@dataclass
class Card:
    """What a checkpoint says about itself, beside its tensors.

    `labels` [K]; `trained_on`, `command`, `protocol` plain sentences; `accuracy` {"top1": percent, "per_class": {...}}
    or None where it was never measured.
    """

    architecture: Architecture
    preprocess: Preprocess
    labels: list[str]
    trained_on: str = "unknown"
    command: str = "unknown"
    accuracy: dict | None = None
    protocol: str = "unknown"
    version: str = __version__
    extra: dict = field(default_factory=dict)

    def to_json(self) -> str:
        architecture = self.architecture
        return json.dumps(
            {
                **asdict(self),
                "architecture": architecture.to_dict(),
                "num_segments": architecture.num_segments,
                "alpha": architecture.alpha,
                "beta": architecture.beta,
                "input_size": self.preprocess.input_size,
                "preprocess": self.preprocess.to_dict(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Raises ValueError where a field is missing or makes no sense."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("the metadata is not an object")
        try:
            architecture = Architecture.from_dict(values["architecture"])
            labels = [str(label) for label in values["labels"]]
            card = cls(architecture, Preprocess.from_dict(values["preprocess"]), labels)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the metadata lacks or garbles {error}") from None
        if len(labels) != architecture.num_classes:
            raise ValueError(f"{len(labels)} labels for {architecture.num_classes} classes")
        for name in ("trained_on", "command", "accuracy", "protocol", "version", "extra"):
            if name in values:
                setattr(card, name, values[name])
        return card


def default_labels(num_classes: int) -> list[str]:
    """'class 0', 'class 1', ...: for weights that come without names."""
    return [f"class {index}" for index in range(num_classes)]


def save_checkpoint(path: Path | str, model: TDN, card: Card, dtype: torch.dtype | None = None) -> None:
    """Write `model` and its `card` to `path` (.safetensors), whole or not at all.

    `dtype` torch.float16 halves the file; batch-norm counters stay integers.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, tensor in model.state_dict().items():
        keep = dtype is None or not tensor.is_floating_point()
        tensors[name] = (tensor if keep else tensor.to(dtype)).detach().cpu().contiguous().clone()
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata={"tdn": card.to_json()})
    partial.replace(path)


def load_model(path: Path | str, device: str | torch.device = "cpu") -> TDN:
    """Build the network a checkpoint describes and fill it, in eval mode, float32, parameters frozen.

    The module carries `.labels`, `.num_segments`, `.window`, `.input_size`, `.preprocess` and `.card`. `path` is a
    .safetensors file or any shard NAME-00001-of-0000N.safetensors of one. Raises FileNotFoundError, or
    CheckpointError when the file is not ours, damaged, or does not hold exactly the network it describes.
    """
    shards = shard_paths(Path(path))
    card = read_card(shards[0])
    with torch.device("meta"):
        model = TDN(card.architecture)
    expected = model.state_dict()
    tensors = {}
    for shard in shards:
        with _opened(shard) as file:
            # Shapes are read from the header and compared before any tensor is loaded.
            for name in file.keys():
                shape = tuple(file.get_slice(name).get_shape())
                if name in expected and shape != tuple(expected[name].shape):
                    raise CheckpointError(
                        f"{shard.name}: {name} has shape {list(shape)}, its description asks for "
                        f"{list(expected[name].shape)}; the file is damaged or was edited"
                    )
            tensors.update({name: file.get_tensor(name) for name in file.keys() if name in expected})
            unexpected = [name for name in file.keys() if name not in expected]
            if unexpected:
                raise CheckpointError(f"{shard.name}: {mismatch([], unexpected)}")
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise CheckpointError(f"{shards[0].name}: {mismatch(missing, [])}")
    tensors = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    broken = next((name for name, t in tensors.items() if not torch.isfinite(t).all()), None)
    if broken:
        raise CheckpointError(
            f"{shards[0].name}: {broken} holds values that are not finite; take an earlier checkpoint"
        )
    model.load_state_dict(tensors, assign=True)
    return with_card(model, card).to(device)


def with_card(model: TDN, card: Card) -> TDN:
    """Give `model` what callers read off a loaded network, and put it into eval mode with frozen parameters."""
    model.card = card
    model.labels = card.labels
    model.preprocess = card.preprocess
    model.input_size = card.preprocess.input_size
    model.requires_grad_(False)
    model.eval()
    return model


def read_card(path: Path | str) -> Card:
    """The description inside a checkpoint, without its tensors."""
    path = shard_paths(Path(path))[0]
    with _opened(path) as file:
        text = (file.metadata() or {}).get("tdn")
    if text is None:
        raise CheckpointError(
            f"{path.name}: no 'tdn' metadata, so this is not one of our checkpoints; convert official weights with "
            f"`python -m tdn convert`"
        )
    try:
        return Card.from_json(text)
    except ValueError as error:
        raise CheckpointError(f"{path.name}: its 'tdn' metadata can't be read: {error}") from None


def shard_paths(path: Path) -> list[Path]:
    """All files of a checkpoint, given one of them. Raises FileNotFoundError when one is missing."""
    match = SHARD.search(path.stem)
    if match is None:
        paths = [path]
    else:
        stem, count = path.stem[: match.start()], int(match.group(2))
        paths = [path.with_name(f"{stem}-{i:05d}-of-{count:05d}{path.suffix}") for i in range(1, count + 1)]
    for needed in paths:
        if not needed.is_file():
            raise FileNotFoundError(f"{needed.name}: no such checkpoint file")
    return paths


def mismatch(missing: list[str], unexpected: list[str], limit: int = 4) -> str:
    """One sentence on names that do not match: counts, and the first few of each."""
    parts = []
    for what, names in (("missing", missing), ("unexpected", unexpected)):
        if names:
            more = ", ..." if len(names) > limit else ""
            parts.append(f"{len(names)} {what} ({', '.join(sorted(names)[:limit])}{more})")
    return f"the weights are not those of this network: {'; '.join(parts)}; nothing was loaded"


def _opened(path: Path):
    try:
        return safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name}: not a readable .safetensors file ({str(error).splitlines()[0]}); is it complete?"
        ) from None
