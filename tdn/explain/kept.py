"""One forward pass kept: the maps of another class then cost a backward pass at Res2, nothing at the final stage."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tdn.explain.methods import GRAD_CAM, Rule, closed_form, constant_gradient, weigh
from tdn.model import TDN
from tdn.model.tdn import Taps
from tdn.shapes import expect_shape, unfold

# The two layers the paper shows: `res2`, the features after the fusion of stage 2, and the input of the classifier.
FINAL = "final"
LAYERS = (*Taps.NAMES[:-1], FINAL)


class KeptPass:
    """The activations of one clip in one network, with their graph from the earliest layer on.

    `layers` are named points of the forward pass (`tdn.model.tdn.Taps`), with "final" for the last. `logits` [N, K]. It
    holds memory (for ResNet-50 at 224 pixels and Res2 about half a gigabyte) until it is dropped. Frames and network
    are no longer needed; the network's weights must not change meanwhile. Raises ValueError for a layer that does not
    exist.
    """

    def __init__(self, model: TDN, clip: Tensor, layers: Sequence[str] = ("res2", FINAL)):
        unknown = [layer for layer in layers if layer not in LAYERS]
        if unknown:
            raise ValueError(f"layer {unknown[0]!r}: expected one of {', '.join(LAYERS)}")
        expect_shape(clip, "clip", ("N", model.num_segments, model.window, 3, "H", "W"))
        reference = next(model.parameters())
        with left_as_it_was(model), recorded(model, [_tap(layer) for layer in layers]) as taken:
            model.eval()
            self._scores = model(clip.to(reference.device, reference.dtype))
        self.layers, self.num_segments = tuple(layers), model.num_segments
        self._taken = {layer: taken[_tap(layer)] for layer in layers}
        self._head = model.head.weight.detach()
        self.logits = self._scores.detach()

    def maps(
        self,
        classes: Sequence[int],
        layers: Sequence[str] | None = None,
        rule: Rule = GRAD_CAM,
        versus: Sequence[int] | None = None,
        for_the_last_time: bool = False,
    ) -> dict[str, Tensor]:
        """Raw maps of one class a clip, or of its score less that of `versus`: {layer: [N, T, h, w]}.

        One backward pass for all layers below the final stage, none for that one or for Eigen-CAM. The graph is given
        up where this is `for_the_last_time`.
        """
        layers = self.layers if layers is None else layers
        pairs = [torch.as_tensor(list(wanted), device=self.logits.device) for wanted in (classes, versus or ())]
        weight = self._head[pairs[0]] - (self._head[pairs[1]] if versus else 0)
        below = [layer for layer in layers if layer != FINAL]
        activations = {layer: self._taken[layer].detach() for layer in layers}
        gradients: dict[str, Tensor | None] = dict.fromkeys(layers)
        if below and rule.method != "eigencam":
            score = sum(
                sign * self._scores.gather(1, wanted.unsqueeze(1)).sum()
                for sign, wanted in zip((1, -1), pairs, strict=True)
                if len(wanted)
            )
            found = torch.autograd.grad(
                score, [self._taken[layer] for layer in below], retain_graph=not for_the_last_time
            )
            gradients.update(zip(below, found, strict=True))
        maps = {}
        for layer in layers:
            if layer == FINAL and rule.is_plain:
                signed = closed_form(weight, activations[layer], self.num_segments)
                maps[layer] = signed if rule.signed else signed.relu()
                continue
            if layer == FINAL:
                gradients[layer] = constant_gradient(weight, activations[layer], self.num_segments)
            found = weigh(activations[layer], gradients[layer], rule, self.num_segments)
            maps[layer] = unfold(found, self.num_segments)
        return maps


def _tap(layer: str) -> str:
    return Taps.NAMES[-1] if layer == FINAL else layer


@contextmanager
def recorded(model: TDN, taps: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the tensors at `taps` during a forward pass; a graph is built from the earliest of them on.

    Parameters must be frozen. The first tap reached becomes a leaf, so what lies below it runs without a graph.
    """
    taken: dict[str, Tensor] = {}

    def take(name: str) -> object:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            if output is None:
                raise ValueError(f"this network has nothing at {name!r}")
            taken[name] = output if output.requires_grad else output.detach().requires_grad_()
            return taken[name]

        return hook

    handles = [getattr(model.taps, name).register_forward_hook(take(name)) for name in dict.fromkeys(taps)]
    try:
        with torch.enable_grad():
            yield taken
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def left_as_it_was(model: TDN) -> Iterator[None]:
    """Freeze the parameters inside the block; afterwards restore them and every module's mode."""
    modes = [(module, module.training) for module in model.modules()]
    needed = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    model.requires_grad_(False)
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter, requires_grad in needed:
            parameter.requires_grad_(requires_grad)
