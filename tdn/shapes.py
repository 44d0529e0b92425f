"""The letters of the shape legend, and the two reshapes between clips and segments.

`N` clips, `T` segments, `L` frames in a window, `C` channels, `H W` pixels or cells, `K` classes.
"""

from collections.abc import Sequence

from torch import Tensor


def fold(x: Tensor) -> Tensor:
    """Lay the segments of all clips one after the other: [N, T, ...] -> [N*T, ...]."""
    return x.flatten(0, 1)


def unfold(x: Tensor, num_segments: int) -> Tensor:
    """Undo `fold`: [N*T, ...] -> [N, T, ...]."""
    return x.unflatten(0, (-1, num_segments))


def expect_shape(tensor: Tensor, name: str, shape: Sequence[int | str]) -> None:
    """Raise ValueError unless `tensor` has `shape`; a letter in `shape` stands for any size."""
    agrees = tensor.ndim == len(shape) and all(
        isinstance(want, str) or size == want for size, want in zip(tensor.shape, shape, strict=True)
    )
    if not agrees:
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(f"{name}: expected [{wanted}], got {list(tensor.shape)}")
