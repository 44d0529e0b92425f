"""Our checkpoints: safetensors with one metadata entry, `tdn`, so that nothing about a network must be guessed."""

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tdn import __version__
from tdn.data.transforms import FOREIGN, Preprocess
from tdn.lfs import expect_no_pointer
from tdn.model import TDN, Architecture, without_values
from tdn.weights import limits
from tdn.words import one_line

FLOATS = ("F64", "F32", "F16", "BF16")
# Of a card: what was said by whoever made it.
WORDS = ("trained_on", "material", "command", "time", "known_limits", "protocol", "version")
SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")


class CheckpointError(ValueError):
    """A file that is not the checkpoint it should be; the message is one sentence for the user."""


@dataclass
class Card:
    """What a checkpoint says about itself, beside its tensors.

    `labels` [K]; `trained_on`, `command`, `time`, `known_limits`, `protocol` plain words; `material` others' pictures
    and weights in it with their licences, "" where nothing is known of any; `accuracy` {"top1": percent,
    "per_class": {label: percent, or None without a clip of that class}} or None where it was never measured.
    """

    architecture: Architecture
    preprocess: Preprocess
    labels: list[str]
    trained_on: str = "unknown"
    material: str = ""
    command: str = "unknown"
    time: str = "unknown"
    known_limits: str = "unknown"
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
        """Raises ValueError where a field is missing, makes no sense, or asks for more than `limits` allow."""
        if len(text) > limits.MAX_CARD_BYTES:
            raise ValueError(f"it has {len(text):,} characters, up to {limits.MAX_CARD_BYTES:,} are taken")
        try:
            values = json.loads(text)
        except RecursionError:
            raise ValueError("its brackets are nested too deeply") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON ({error.msg} at character {error.pos})") from None
        if not isinstance(values, dict):
            raise ValueError("not a JSON object")
        if missing := [name for name in ("architecture", "labels", "preprocess") if name not in values]:
            raise ValueError(f"{', '.join(missing)} missing")
        if not isinstance(values["preprocess"], dict):
            raise ValueError("preprocess: expected an object")
        if foreign := [name for name in FOREIGN if name in values["preprocess"]]:
            raise ValueError(f"preprocess: unknown {', '.join(foreign)}")
        if values["preprocess"].get("sampling") == "dense":
            raise ValueError("preprocess sampling: expected released or even, got dense")
        architecture = Architecture.from_dict(values["architecture"])
        card = cls(architecture, Preprocess.from_dict(values["preprocess"]), values["labels"])
        limits.expect_possible(architecture, card.preprocess)
        limits.expect_labels(card.labels, architecture.num_classes)
        for name in WORDS:
            limits.expect_words(name, values.get(name, getattr(card, name)))
        _expect_accuracy(values.get("accuracy"))
        if not isinstance(values.get("extra", {}), dict):
            raise ValueError("extra: expected an object")
        # These stand in it a second time, for readers that don't know our architectures; they must say the same.
        second = {**architecture.to_dict(), "input_size": card.preprocess.input_size}
        for name in ("num_segments", "alpha", "beta", "input_size"):
            if name in values and values[name] != second[name]:
                raise ValueError(f"{name} is {limits.shown(values[name])} here and {second[name]} in its description")
        for name in (*WORDS, "accuracy", "extra"):
            if name in values:
                setattr(card, name, values[name])
        return card


def _expect_accuracy(accuracy: object) -> None:
    """Raises ValueError unless the measured accuracy is one, or None."""
    if accuracy is None:
        return
    numbers = (
        [accuracy.get(name) for name in ("top1", "sure_above", "known_above")]
        if isinstance(accuracy, dict)
        else [accuracy]
    )
    per_class = accuracy.get("per_class", {}) if isinstance(accuracy, dict) else {}
    numbers += per_class.values() if isinstance(per_class, dict) else [per_class]
    if not isinstance(accuracy, dict) or not all(value is None or type(value) in (int, float) for value in numbers):
        raise ValueError(f"accuracy: expected top1 and per_class in percent, got {limits.shown(accuracy)}")


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
    # In memory first: on a full disk safetensors' own writer ends in an error that does not say so.
    write_whole(path, save(tensors, metadata={"tdn": card.to_json()}))


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Put `content` in the place of `path`. A kill or a full disk at any moment leaves what was there before."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def load_model(path: Path | str, device: str | torch.device = "cpu") -> TDN:
    """Build the network a checkpoint describes and fill it, in eval mode, float32, parameters frozen.

    The module carries `.labels`, `.num_segments`, `.window`, `.input_size`, `.preprocess` and `.card`. `path` is a
    .safetensors file or any shard NAME-00001-of-0000N.safetensors of one. Raises FileNotFoundError, or
    CheckpointError when the file is not ours, damaged, or does not hold exactly the network it describes. Nothing is
    read but headers until all of them agree with the description.
    """
    shards = shard_paths(Path(path))
    card = read_card(shards[0])
    model = without_values(card.architecture)
    expected = model.state_dict()
    expect_contents(shards, expected)
    tensors = {}
    for shard in shards:
        with opened(shard) as file:
            tensors.update({name: file.get_tensor(name) for name in file.keys()})
    tensors = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    expect_finite(tensors, shards[0].name)
    model.load_state_dict(tensors, assign=True)
    return with_card(model, card).to(device)


def expect_contents(shards: list[Path], expected: dict[str, torch.Tensor]) -> None:
    """Compare the headers of a checkpoint's files with the tensors it should hold.

    Raises CheckpointError for missing, unexpected or repeated tensors, other shapes or kinds of number, and for shards
    that belong to different checkpoints.
    """
    if (parameters := sum(tensor.numel() for tensor in expected.values())) > limits.MAX_PARAMETERS:
        raise CheckpointError(
            f"{shards[0].name}: describes a network of {parameters / 1e6:,.0f} million parameters; up to "
            f"{limits.MAX_PARAMETERS / 1e6:.0f} million are taken"
        )
    found: set[str] = set()
    first = _description(shards[0])
    for shard in shards:
        if _description(shard) != first:
            raise CheckpointError(f"{shard.name}: belongs to another checkpoint than {shards[0].name}")
        with opened(shard) as file:
            names = list(file.keys())
            if unexpected := [name for name in names if name not in expected]:
                raise CheckpointError(f"{shard.name}: {mismatch([], unexpected)}")
            for name in names:
                part = file.get_slice(name)
                shape, wanted = list(part.get_shape()), list(expected[name].shape)
                if shape != wanted:
                    raise CheckpointError(
                        f"{shard.name}: {name} has shape {shape}, its description asks for {wanted}; the file is "
                        f"damaged or was edited"
                    )
                if (part.get_dtype() in FLOATS) != expected[name].is_floating_point():
                    raise CheckpointError(f"{shard.name}: {name} holds {part.get_dtype()}, another kind of number")
        if twice := found.intersection(names):
            raise CheckpointError(f"{shard.name}: {min(twice)} stands in another shard too")
        found.update(names)
    if missing := [name for name in expected if name not in found]:
        raise CheckpointError(f"{shards[0].name}: {mismatch(missing, [])}")


def expect_finite(tensors: dict[str, torch.Tensor], file_name: str) -> None:
    """Raises CheckpointError naming the first tensor with a NaN or an infinity in it."""
    broken = next((name for name, t in tensors.items() if not torch.isfinite(t).all()), None)
    if broken:
        raise CheckpointError(f"{file_name}: {broken} holds values that are not finite; take an earlier checkpoint")


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
    try:
        return Card.from_json(_description(path))
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{path.name}: its 'tdn' metadata can't be read: {error}") from None


def _description(path: Path) -> str:
    with opened(path) as file:
        text = (file.metadata() or {}).get("tdn")
    if text is None:
        raise CheckpointError(
            f"{path.name}: no 'tdn' metadata, so this is not one of our checkpoints; convert official weights with "
            f"`python -m tdn convert`"
        )
    return text


def shard_paths(path: Path) -> list[Path]:
    """All files of a checkpoint, given one of them. Raises FileNotFoundError when one is missing, and CheckpointError
    for a folder, or a number that its name can't have.
    """
    match = SHARD.search(path.stem)
    if match is None:
        paths = [path]
    else:
        stem, number, count = path.stem[: match.start()], int(match.group(1)), int(match.group(2))
        if not 1 <= number <= count:
            raise CheckpointError(f"{path.name}: there is no shard {number} of {count}")
        paths = [path.with_name(f"{stem}-{i:05d}-of-{count:05d}{path.suffix}") for i in range(1, count + 1)]
    for needed in paths:
        if needed.is_dir():
            raise CheckpointError(f"{needed.name}: a folder; expected a .safetensors file")
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


def opened(path: Path):
    """The file, once its header is found to be of a sensible size. Its first 8 bytes say how long the header is."""
    expect_no_pointer(path, CheckpointError)
    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if header > min(limits.MAX_HEADER_BYTES, path.stat().st_size):
            raise CheckpointError(
                f"{path.name}: not a readable .safetensors file (a header of {header:,} bytes); is it complete?"
            )
        return safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name}: not a readable .safetensors file ({one_line(error, 200)}); is it complete?"
        ) from None
