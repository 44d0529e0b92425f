"""A graph that keeps what the way back through frozen weights needs, and no more: memory for maps falls to about half.

PyTorch keeps the input of every convolution, for a gradient of the weights that nobody asks for here, and the output of
every ReLU, of which only the sign counts. Here a convolution keeps nothing of its input, a ReLU one byte a value, and a
module that says of itself that it is `cheap_to_repeat` keeps its input alone and is computed again on the way back. The
gradients are the same but for rounding. They can't be differentiated once more.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.overrides import TorchFunctionMode


@contextmanager
def lean_graph(module: nn.Module, looked_into: Sequence[str]) -> Iterator[None]:
    """Let this thread's passes record such a graph; `module`, whose own passes it is for, stays changed.

    Modules inside which one of the names `looked_into` lies are not repeated.
    """
    for name, inner in module.named_modules():
        if getattr(inner, "cheap_to_repeat", False) and not any(one.startswith(f"{name}.") for one in looked_into):
            # A shallow copy's method: the module's own would tie the module to itself, and its tensors to the memory.
            inner.forward = partial(_Repeated.apply, copy.copy(inner).forward)
    with _Lean():
        yield


class _Lean(TorchFunctionMode):
    """Puts our functions in the place of PyTorch's, wherever a network calls them."""

    def __torch_function__(
        self, func: Callable, types: Sequence[type], args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return LEAN.get(func, func)(*args, **(kwargs or {}))


class _Convolution(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, plain: Callable, x: Tensor, weight: Tensor, bias: Tensor | None, *how: Any) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.plain, ctx.size, ctx.how = plain, x.shape, how
        return plain(x, weight, bias, *how)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        found = _gradient_of_input(ctx.plain, ctx.size, weight, gradient, *ctx.how)
        return None, found, None, None, *[None] * len(ctx.how)


def _gradient_of_input(
    plain: Callable,
    size: Sequence[int],
    weight: Tensor,
    gradient: Tensor,
    *how: int | tuple,
) -> Tensor:
    """The transposed convolution; `torch.nn.grad` would copy an input of zeros, in a slower layout."""
    cells, kernel = size[2:], weight.shape[2:]
    stride, padding, dilation = ([one] * len(kernel) if isinstance(one, int) else one for one in how[:3])
    groups = how[3]
    if groups == 1 and all(n == 1 for n in (*kernel, *stride)) and not any(padding):
        return plain(gradient, weight.transpose(0, 1))  # the same, and faster
    steps = zip(cells, gradient.shape[2:], kernel, stride, padding, dilation, strict=True)
    left_over = [n - ((m - 1) * s - 2 * p + d * (k - 1) + 1) for n, m, k, s, p, d in steps]
    return CONVOLUTIONS[plain](gradient, weight, None, stride, padding, left_over, groups, dilation)


class _Clipped(Function):
    """Values between two bounds; the upper one may be None."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, low: float, high: float | None) -> Tensor:
        out = x.clamp(low, high)
        inside = out > low
        ctx.save_for_backward(inside if high is None else inside.logical_and_(out < high))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (inside,) = ctx.saved_tensors
        return gradient * inside.to(gradient.dtype), None, None


class _Repeated(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, part: Callable[[Tensor], Tensor], features: Tensor) -> Tensor:
        ctx.part = part
        ctx.save_for_backward(features)
        return part(features)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (features,) = ctx.saved_tensors
        features = features.detach().requires_grad_()
        with torch.enable_grad():
            return None, *torch.autograd.grad(ctx.part(features), features, gradient)


def _convolution(
    plain: Callable,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple = 1,
    padding: int | tuple | str = 0,
    dilation: int | tuple = 1,
    groups: int = 1,
) -> Tensor:
    how = (stride, padding, dilation, groups)
    frozen = not (weight.requires_grad or (bias is not None and bias.requires_grad))
    if not (_recorded(input) and frozen and input.ndim == weight.ndim) or isinstance(padding, str):
        return plain(input, weight, bias, *how)
    return _Convolution.apply(plain, input, weight, bias, *how)


def _relu(plain: Callable, input: Tensor, inplace: bool = False) -> Tensor:
    if inplace or not _recorded(input):
        return plain(input, inplace) if inplace else plain(input)
    return _Clipped.apply(input, 0.0, None)


def _hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    if inplace or not _recorded(input):
        return nnf.hardtanh(input, min_val, max_val, inplace)
    return _Clipped.apply(input, min_val, max_val)


def _relu6(input: Tensor, inplace: bool = False) -> Tensor:
    return _hardtanh(input, 0.0, 6.0, inplace)


def _recorded(x: Tensor) -> bool:
    return x.requires_grad and torch.is_grad_enabled()


# Each with its transpose, which gives the gradient of its input.
CONVOLUTIONS = {
    nnf.conv1d: nnf.conv_transpose1d,
    nnf.conv2d: nnf.conv_transpose2d,
    nnf.conv3d: nnf.conv_transpose3d,
}
LEAN: dict[Callable, Callable] = {
    **{plain: partial(_convolution, plain) for plain in CONVOLUTIONS},
    **{plain: partial(_relu, plain) for plain in (nnf.relu, torch.relu, Tensor.relu)},
    nnf.hardtanh: _hardtanh,
    nnf.relu6: _relu6,
}
