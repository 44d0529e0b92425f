"""One forward pass of any network, and the signed maps of any class from it: the only door to a map.

The maps of another class then cost one backward pass for all layers together, and nothing where the head is exact or
the method knows no class. Hooks hang on a twin of the network (`tdn.networks.twin`), so nothing has to be put back, any
number of threads may ask about one network, and a failure leaves nothing behind.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from tdn.explain.methods import GRAD_CAM, Rule, closed_form, constant_gradient, weigh
from tdn.networks import Network, Tap, as_network
from tdn.networks.network import device_of
from tdn.networks.twin import twin_of


class ForwardPass:
    """The activations of some clips at `layers` of a network, with their graph from the earliest layer on.

    `inputs` are what the module takes, N clips, in the layout of `network.reads`; `layers` are names of `network.taps`,
    by default those that are usually shown. `logits` [N, K]. It holds memory (for ResNet-50 at 224 pixels and Res2
    about half a gigabyte) until it is dropped. Inputs and network are no longer needed; the network's weights must not
    change meanwhile. The pass runs in the network's own precision, with gradients whatever mode the caller is in.
    Raises ValueError for a layer that the network does not have, does not reach, or writes over.
    """

    def __init__(self, network: Network | nn.Module, inputs: Tensor, layers: Sequence[str] | None = None):
        network = as_network(network)
        self.layers = network.layers if layers is None else tuple(layers)
        network.reads.expect(inputs)
        if not inputs.is_floating_point():
            raise ValueError(f"clip: expected normalised values as read_clip returns them, got {inputs.dtype}")
        module, self._taken, versions = recorded(network, self.layers)
        self._taps = {layer: network.taps[layer] for layer in self.layers}
        device, dtype = device_of(module)
        with gradients_as_usual(device), _writing_explained():
            # A tensor of inference mode can't be part of a graph; its copy can.
            inputs = inputs.clone() if inputs.is_inference() else inputs.detach()
            self._scores = network.scores(module(inputs.to(device, dtype)))
        for layer in self.layers:
            if layer not in self._taken:
                raise ValueError(f"layer {layer!r}: the forward pass never came through {network.taps[layer].module}")
            if self._taken[layer]._version != versions[layer]:
                raise ValueError(f"layer {layer!r}: the network writes over what it has there; choose another")
        self.logits = self._scores.detach()
        self.network = network
        # A segment's own score, of which the clip's is the mean.
        self._segments = network.num_segments if network.averages else 1
        self._exact = self._head = None
        if network.exact_head is not None and network.last in self.layers:
            self._exact, head = network.last, module.get_submodule(network.exact_head)
            self._head = _wide(head.weight.detach().flatten(1))
            with gradients_as_usual(device), torch.no_grad():
                self._expect_exact(network, head)

    def maps(
        self,
        classes: Sequence[int],
        layers: Sequence[str] | None = None,
        rule: Rule = GRAD_CAM,
        versus: Sequence[int] | None = None,
        for_the_last_time: bool = False,
    ) -> dict[str, Tensor]:
        """Signed maps of one class a clip, or of its score less that of `versus`: {layer: [N, T', h, w]}.

        Raw, in the network's precision, on its device. Methods without negative evidence give none. The graph is given
        up where this is `for_the_last_time`. Raises ValueError for a layer whose gradient says nothing.
        """
        wanted = self.layers if layers is None else layers
        with gradients_as_usual(self.logits.device):
            return self._maps(classes, wanted, rule.on(self.network), versus or (), for_the_last_time)

    def activation(self, layer: str) -> Tensor:
        """What the network has at a layer: [N, C, T', h, w], detached."""
        return self._taps[layer].volume(self._taken[layer].detach())

    def _maps(
        self, classes: Sequence[int], layers: Sequence[str], rule: Rule, versus: Sequence[int], for_the_last_time: bool
    ) -> dict[str, Tensor]:
        pairs = [torch.as_tensor(list(wanted), device=self.logits.device) for wanted in (classes, versus)]
        needed = [] if rule.method == "eigencam" else [layer for layer in layers if layer != self._exact]
        gradients = self._gradients(pairs, needed, for_the_last_time) if needed else {}
        maps = {}
        for layer in layers:
            activation = _wide(self.activation(layer))
            if layer == self._exact:
                weight = self._head[pairs[0]] - (self._head[pairs[1]] if versus else 0)
                if rule.is_plain:
                    maps[layer] = closed_form(weight, activation).to(self.logits.dtype)
                    continue
                gradients[layer] = constant_gradient(weight, activation)
            found = weigh(activation, gradients.get(layer), rule, self._segments)
            maps[layer] = found.to(self.logits.dtype)
        return maps

    def _gradients(self, pairs: Sequence[Tensor], layers: Sequence[str], for_the_last_time: bool) -> dict[str, Tensor]:
        """Of the scores of the first classes less those of the second, at each layer: [N, C, T', h, w]."""
        # Gradients of a float16 network are below its smallest number unless the score is larger.
        larger = 2.0**12 if self._scores.dtype == torch.float16 else 1.0
        score = sum(
            sign * self._scores.gather(1, wanted.unsqueeze(1)).sum()
            for sign, wanted in zip((1, -1), pairs, strict=True)
            if len(wanted)
        )
        if not score.requires_grad:
            raise ValueError(f"layer {layers[0]!r}: the score does not depend on it; choose another layer")
        taken = [self._taken[layer] for layer in layers]
        found = torch.autograd.grad(
            score, taken, torch.full_like(score, larger), retain_graph=not for_the_last_time, allow_unused=True
        )
        gradients = {}
        for layer, gradient in zip(layers, found, strict=True):
            if gradient is None:
                raise ValueError(f"layer {layer!r}: the score does not depend on it; choose another layer")
            volume = _wide(self._taps[layer].volume(gradient))
            if self._taps[layer].class_tokens and gradient.any() and not volume.any():
                raise ValueError(
                    f"layer {layer!r}: only the class token goes on from here, so no place has a gradient; choose a "
                    f"layer before the last attention"
                )
            gradients[layer] = volume / larger if larger != 1 else volume
        return gradients

    def _expect_exact(self, network: Network, head: nn.Module) -> None:
        """Raises ValueError where the head does not read the mean over the cells of the last tap, as is said of it."""
        bias = 0 if head.bias is None else _wide(head.bias)
        found = _wide(self.activation(self._exact)).mean((2, 3, 4)) @ self._head.T + bias
        logits = _wide(self.logits)
        allowed = (1e-3 if self.logits.itemsize >= 4 else 0.1) * logits.abs().max().clamp(min=1)
        if found.shape != logits.shape or (found - logits).abs().max() > allowed:
            raise ValueError(
                f"{network.title}: {network.exact_head!r} does not read the mean over {self._exact!r} (its scores are "
                f"not the logits); leave exact_head out, or name the last tap before the mean"
            )


def recorded(network: Network, layers: Sequence[str]) -> tuple[nn.Module, dict[str, Tensor], dict[str, int]]:
    """A twin of the network's module that keeps what it has at `layers` in its next pass, where it keeps it, and how
    often each was written over by then.

    The first tap reached becomes a leaf, so what lies below it runs without a graph. Raises ValueError for a layer that
    the network does not have.
    """
    if unknown := [layer for layer in layers if layer not in network.taps]:
        raise ValueError(f"layer {unknown[0]!r}: {network.title} has {', '.join(network.taps)}; expected one of them")
    module, taken, versions = twin_of(network.module), {}, {}

    def keep(tap: Tap, value: object) -> Tensor:
        if value is None:
            raise ValueError(f"this network has nothing at {tap.name!r}")
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise ValueError(f"layer {tap.name!r}: expected a tensor of features, got {type(value).__name__}")
        if tap.name in taken:
            raise ValueError(f"layer {tap.name!r}: the forward pass comes through it more than once; choose another")
        taken[tap.name] = value if value.requires_grad else value.detach().requires_grad_()
        versions[tap.name] = taken[tap.name]._version
        return taken[tap.name]

    for layer in dict.fromkeys(layers):
        hook_on(module, network.taps[layer], keep)
    return module, taken, versions


def hook_on(module: nn.Module, tap: Tap, change: Callable[[Tap, Any], Any]) -> None:
    """Put `change(tap, value)` in the place of the value at `tap`, in every later pass of this module."""

    def after(inner: nn.Module, inputs: object, output: Any) -> Any:
        return _with(output, tap.index, change(tap, _at(output, tap.index)))

    def before(inner: nn.Module, inputs: tuple, named: dict) -> tuple[tuple, dict]:
        if isinstance(tap.index, str):
            return inputs, {**named, tap.index: change(tap, named.get(tap.index))}
        value = inputs[tap.index] if tap.index < len(inputs) else None
        return _with(inputs, tap.index, change(tap, value)), named

    inner = module.get_submodule(tap.module)
    if tap.side == "output":
        inner.register_forward_hook(after)
    else:
        inner.register_forward_pre_hook(before, with_kwargs=True)


def _at(output: Any, index: int | str) -> Any:
    """One of the values a module returned."""
    if isinstance(output, Mapping):
        return output.get(_key(output, index))
    if isinstance(output, tuple | list):
        return output[index] if index < len(output) else None
    return output


def _with(output: Any, index: int | str, value: Any) -> Any:
    """The same values, one of them another."""
    if isinstance(output, Mapping):
        other = copy.copy(output)
        other[_key(output, index)] = value
        return other
    if not isinstance(output, tuple | list):
        return value
    values = [*output[:index], value, *output[index + 1 :]]
    return type(output)(*values) if hasattr(output, "_fields") else type(output)(values)


def _key(output: Mapping, index: int | str) -> str:
    return index if isinstance(index, str) else list(output)[index]


def _wide(values: Tensor) -> Tensor:
    """At least float32: sums over channels and cells are taken of it."""
    return values.float() if values.itemsize < 4 else values


@contextmanager
def gradients_as_usual(device: torch.device) -> Iterator[None]:
    """Gradients in the network's own precision, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        yield


@contextmanager
def _writing_explained() -> Iterator[None]:
    """PyTorch's word for a tensor that is kept and written over, as one of ours."""
    try:
        yield
    except RuntimeError as error:
        if "in-place operation" not in str(error):
            raise
        raise ValueError("the network writes over what it has at one of these layers; choose another") from None
