"""Sets of TDN weights in files that others saved: found wherever they stand, whatever is in front of their names.

People wrap networks (`module.`, `_orig_mod.`, Lightning's `model.` and `net.`) and checkpoints (`state_dict`, `model`,
`model_state_dict`, a second set averaged over training). What is no tensor is of no use here, so settings and numbers
beside the weights become objects that do nothing: no code of a file runs.
"""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from tdn.weights.store import CheckpointError
from tdn.words import first_line, one_line

# The released code's names; what stands before them is a wrapper's.
OFFICIAL = re.compile(r"(?P<wrapper>(?:.*?\.)?)(?P<name>(?:base_model|new_fc)\..+)", re.DOTALL)
# Beside a network in its wrapper's state dict: the count of averaged steps, and losses that have weights.
BESIDE = re.compile(r"(?:.*\.)?(?:n_averaged|step_counter)|(?:criterion|loss|loss_fn|loss_func)\..*", re.DOTALL)
# Classes that hold settings and numbers in checkpoints; each is replaced by one that does nothing.
HARMLESS = re.compile(
    r"numpy\.(?:dtype|ndarray|dtypes\.\w+|(?:_core|core)\.(?:multiarray|numeric)\.\w+|\w+\d+|bool_?)"
    r"|argparse\.Namespace|types\.SimpleNamespace|pathlib\.(?:_local\.)?(?:Pure)?(?:Posix|Windows)?Path"
    r"|(?:omegaconf|yacs|easydict|addict|ml_collections|lightning|pytorch_lightning|lightning_fabric)\.[\w.]+"
    r"|datetime\.\w+|collections\.\w+|enum\.\w+|torch\.torch_version\.TorchVersion|__main__\.\w+"
)
UNKNOWN_CLASS = re.compile(r"GLOBAL ([\w.]+)")
UNPICKLER = re.compile(r"WeightsUnpickler error:[ \t]*(.*)")
DEEPEST = 4
_READING = threading.Lock()


class Inert:
    """Stands for an object of another class: takes what a file gives it, and does nothing."""

    def __new__(cls, *given: object, **named: object) -> "Inert":
        return object.__new__(cls)

    def __init__(self, *given: object, **named: object):
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass


def read_safely(path: Path) -> object:
    """What `torch.save` wrote, with tensors, containers and `Inert` objects alone. Raises CheckpointError."""
    replaced: dict[str, type] = {}
    while True:
        try:
            # PyTorch keeps one list of classes for all threads.
            with _READING, torch.serialization.safe_globals([(kind, name) for name, kind in replaced.items()]):
                return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # a broken pickle ends in any kind of error
            unknown = UNKNOWN_CLASS.search(str(error))
            name = unknown[1].rstrip(".") if unknown else ""
            if HARMLESS.fullmatch(name) and name not in replaced:
                replaced[name] = type(name, (Inert,), {})
                continue
            raise CheckpointError(
                f"{path.name}: not a weights file that can be read safely ({_reason(error)}); expected a .pth or "
                f".pth.tar of tensors, as torch.save(model.state_dict(), FILE) writes it"
            ) from None


def _reason(error: Exception) -> str:
    """PyTorch's own reason, which stands behind a paragraph of advice."""
    if unknown := UNKNOWN_CLASS.search(str(error)):
        return f"it holds an object of {unknown[1].rstrip('.')}"
    if own := UNPICKLER.search(str(error)):
        return one_line(own[1], 160) or "it is damaged"
    return first_line(error)


def weight_sets(content: object) -> dict[str, dict[str, Tensor]]:
    """Every set of TDN weights in what a file holds, under the released code's names; keys say where it stands."""
    found: dict[str, dict[str, Tensor]] = {}
    for place, state in _dicts(content):
        wrappers = [match["wrapper"] for name in state if (match := OFFICIAL.fullmatch(str(name)))]
        for wrapper in dict.fromkeys(wrappers):
            tensors = {}
            for name, value in state.items():
                match = OFFICIAL.fullmatch(str(name))
                if match is None:
                    tensors |= {} if BESIDE.fullmatch(str(name)) else {str(name): value}
                elif match["wrapper"] == wrapper:
                    tensors[match["name"]] = value
            where = f"{place}.{wrapper}".strip(".") if len(set(wrappers)) > 1 else place
            if any(isinstance(value, Tensor) for value in tensors.values()):
                found[where or "the file itself"] = tensors
    return found


def _dicts(content: object, place: str = "", depth: int = 0) -> Iterator[tuple[str, dict]]:
    """All dicts in a nest of containers, and where they stand."""
    if depth > DEEPEST:
        return
    if isinstance(content, dict):
        yield place, content
    items = content.items() if isinstance(content, dict) else enumerate(content) if _is_row(content) else ()
    for key, value in items:
        if isinstance(value, dict | list | tuple):
            yield from _dicts(value, f"{place}.{key}".strip("."), depth + 1)


def _is_row(content: object) -> bool:
    return isinstance(content, list | tuple) and len(content) < 100


def chosen_set(sets: dict[str, dict[str, Tensor]], wanted: str | None, file_name: str) -> dict[str, Tensor]:
    """The one set, or the one that is wanted. Raises CheckpointError where that is not clear."""
    if wanted is not None:
        if wanted not in sets:
            raise CheckpointError(f"{file_name}: no weights under {wanted!r}; it has them under {', '.join(sets)}")
        return sets[wanted]
    if len(sets) > 1:
        raise CheckpointError(
            f"{file_name}: holds {len(sets)} sets of weights, under {' and '.join(sets)}; say which with "
            f"--part {next(reversed(sets))}"
        )
    return next(iter(sets.values()))


def what_it_is(content: object) -> str:
    """In words, for a file without TDN weights."""
    if isinstance(content, Inert):
        return f"a whole object of {type(content).__name__}, not a state dict"
    names = {str(name) for _, state in _dicts(content) for name, value in state.items() if isinstance(value, Tensor)}
    if not names:
        return "no state dict inside"
    if any(re.search(r"(?:^|\.)s_tdm\.|(?:^|\.)res2\.0\.conv1\.", name) for name in names):
        return "a network of this project without its description; save it with tdn.weights.save_checkpoint"
    if any(re.fullmatch(r"(?:module\.)?layer1\.0\.conv1\.weight", name) for name in names):
        return "a ResNet as torchvision saves it, with no TDN in it; training starts from it with --set start_from=FILE"
    few = ", ".join(sorted(names)[:3])
    return f"no state dict of a TDN inside; its tensors are called {few}{' ...' if len(names) > 3 else ''}"
