"""How a network is written on the command line and in Python, and the files of weights that others saved.

    checkpoints/x.safetensors   owner/name   hub:owner/name     a checkpoint of ours
    torchvision:r2plus1d_18                                     a video network of torchvision
    hf:MCG-NJU/videomae-base-finetuned-kinetics                 a video classifier of transformers, or a local folder
    TSM_..._segment8_e45.pth                                    a released file of TSM or TSN
    my_module.py:build                                          a function that returns a `Network`

After the name of a torchvision network or a released file, options as in a link: `?weights=none&frames=8`.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tdn.data.label_files import read_labels
from tdn.lfs import expect_no_pointer
from tdn.weights import default_labels
from tdn.weights.foreign import read_safely
from tdn.weights.store import CheckpointError
from tdn.words import first_line

Family = Literal["tdn", "torchvision", "hf", "segments", "module"]
MODULE = re.compile(r"(?P<file>.+\.py):(?P<function>[A-Za-z_]\w*)", re.DOTALL)
RELEASED = re.compile(r".+\.(?:pth|pth\.tar|pt|tar|ckpt)", re.DOTALL)
# What wrappers put in front of a network's own names.
WRAPPER = re.compile(r"^(?:module\.|_orig_mod\.|model\.)+")
INSIDE = ("state_dict", "model_state_dict", "model_state", "model")


@dataclass(frozen=True)
class Source:
    """A network as named: its `family`, the `name` in it, a `file` of weights or code, and `options` by name."""

    family: Family
    name: str
    file: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """A few letters for tables and names of files, such as r2plus1d_18."""
        if self.family in ("tdn", "segments"):
            name = Path(self.name).name
            for suffix in (".safetensors", ".tar", ".pth", ".pt", ".ckpt"):
                name = name.removesuffix(suffix)
            return name
        if self.family == "module":
            return f"{Path(self.file).stem}_{self.name}"
        return Path(self.file if self.family == "torchvision" and self.file else self.name).name.split(".")[0]

    @property
    def shown(self) -> str:
        """As named, without the folders of this machine: for manifests and captions."""
        if self.family == "torchvision":
            return f"torchvision:{self.name}" + (f"={Path(self.file).name}" if self.file else "")
        if self.family == "module":
            return f"{Path(self.file).name}:{self.name}"
        return self.name if self.family == "hf" and not Path(self.name).is_dir() else Path(self.name).name

    def expect_options(self, *known: str) -> None:
        """Raises ValueError for an option that is none of these."""
        if unknown := [name for name in self.options if name not in known]:
            raise ValueError(f"{self.name}: no option {unknown[0]!r}; expected one of {', '.join(known)}")

    def number(self, name: str) -> int | None:
        """An option that is a whole number from 1, None where it is not given. Raises ValueError for another."""
        given = self.options.get(name)
        if given is not None and not (given.isdecimal() and 1 <= int(given[:6]) and len(given) < 6):
            raise ValueError(f"{self.name}: {name}={given[:40]}: expected a whole number of at least 1")
        return None if given is None else int(given)

    def labels(self, count: int, known: list[str] | None = None) -> list[str]:
        """Names of `count` classes: of the file `labels=FILE` (`tdn.data.label_files`), `known` ones if they are as
        many, or numbers. Raises FileNotFoundError, or ValueError where the file has another number of lines.
        """
        if "labels" not in self.options:
            return known if known is not None and len(known) == count else default_labels(count)
        path = Path(self.options["labels"])
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file of class names")
        names = read_labels(path, count).names
        if len(names) != count:
            raise ValueError(f"{path.name}: {len(names)} names for {count} classes; expected one a line")
        return names


def parse_source(named: Path | str) -> Source:
    """What a person named. Raises ValueError for options that are not written `name=value`."""
    text = str(named)
    if text.startswith("torchvision:"):
        text, options = _options(text.removeprefix("torchvision:"))
        name, _, file = text.partition("=")
        return Source("torchvision", name, file, options)
    if text.startswith("hf:"):
        return Source("hf", text.removeprefix("hf:"))
    if match := MODULE.fullmatch(text):
        return Source("module", match["function"], match["file"])
    path, options = _options(text)
    if RELEASED.fullmatch(path):
        return Source("segments", path, path, options)
    return Source("tdn", text)


def _options(text: str) -> tuple[str, dict[str, str]]:
    """ "a?b=c&d=e" -> "a", {"b": "c", "d": "e"}."""
    text, _, written = text.partition("?")
    options = {}
    for piece in filter(None, written.split("&")):
        name, equals, value = piece.partition("=")
        if not equals:
            raise ValueError(f"{text}: {piece[:40]!r} is no option; expected name=value, as in {text}?weights=none")
        options[name] = value
    return text, options


def state_of(path: Path | str) -> dict[str, Tensor]:
    """The tensors of a state dict in a file, without the prefixes of wrappers; no code of the file runs.

    A `.safetensors` file, or what `torch.save` wrote: a state dict, or a checkpoint that holds one. Raises
    FileNotFoundError, CheckpointError.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    expect_no_pointer(path, CheckpointError)
    if path.suffix == ".safetensors":
        try:
            content = load_file(path)
        except SafetensorError as error:
            raise CheckpointError(f"{path.name}: not a file of tensors ({first_line(error)})") from None
    else:
        content = read_safely(path)
    for name in INSIDE:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    tensors = {str(name): value for name, value in content.items()} if isinstance(content, dict) else {}
    tensors = {WRAPPER.sub("", name): value for name, value in tensors.items() if isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError(f"{path.name}: no state dict inside; expected what torch.save(model.state_dict()) writes")
    return tensors
