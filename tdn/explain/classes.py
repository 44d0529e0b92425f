"""Which class is explained: by its number, its label, or as the answer."""

from collections.abc import Iterable, Sequence
from operator import index

import numpy as np
import torch
from torch import Tensor

from tdn.data.names import loose, one_form
from tdn.weights.limits import shown

Target = int | Sequence[int] | Tensor | np.ndarray | None


def target_classes(target: Target, logits: Tensor) -> Tensor:
    """The class to explain for each clip: [N] integers. Raises ValueError for one that does not exist."""
    num_clips, num_classes = logits.shape
    if target is None:
        return logits.argmax(1)
    # Tensors and arrays of any whole numbers, as argmax gives them, with or without dimensions of size 1.
    wanted = target.reshape(-1).tolist() if isinstance(target, Tensor | np.ndarray) else target
    try:
        classes = [_whole_number(one) for one in (wanted if isinstance(wanted, Iterable) else [wanted])]
    except TypeError:
        raise ValueError(f"target {shown(target)}: expected a class index, or one a clip, as whole numbers") from None
    single = not isinstance(target, Iterable) or getattr(target, "ndim", 1) == 0
    classes = classes * num_clips if single else classes
    if len(classes) != num_clips:
        raise ValueError(f"target: expected one class or {num_clips}, one a clip, got {len(classes)}")
    for one in classes:
        if not 0 <= one < num_classes:
            raise ValueError(f"target {one}: expected a class index from 0 to {num_classes - 1}")
    return torch.tensor(classes, device=logits.device)


def _whole_number(value: object) -> int:
    if isinstance(value, bool):
        raise TypeError  # a row of a mask, not a class
    return index(value)


def find_label(labels: list[str], wanted: str) -> int:
    """The index of a class given by its label or its number. Raises ValueError naming close labels.

    Capitals, underscores, white space and composed letters do not count unless two labels differ in nothing else.
    """
    for form in (one_form, loose):
        found = [place for place, label in enumerate(labels) if form(label) == form(wanted)]
        if len(found) > 1:
            raise ValueError(
                f"target {wanted[:100]!r}: classes {found[0]} and {found[1]} are called so; give the number"
            )
        if found:
            return found[0]
    if wanted.isdecimal() and len(wanted) < 10 and int(wanted) < len(labels):
        return int(wanted)
    words = set(wanted.lower().split())
    close = sorted(labels, key=lambda label: -len(words & set(label.lower().split())))[:3]
    raise ValueError(
        f"target {wanted[:100]!r}: no such class; expected an index from 0 to {len(labels) - 1} or a label such as "
        + ", ".join(repr(label) for label in close)
    )


def same_label(labels: list[str], label: str) -> int | None:
    """The index of the class that another network calls `label`, None where there is none or several."""
    try:
        return find_label(labels, label)
    except ValueError:
        return None
