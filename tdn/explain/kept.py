"""One forward pass kept: the maps of another class then cost a backward pass at Res2, nothing at the final stage."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tdn.explain.methods import GRAD_CAM, Rule, closed_form, constant_gradient, weigh
from tdn.model import TDN
from tdn.model.tdn import Taps
from tdn.model.twin import twin_of
from tdn.shapes import expect_shape, unfold

# The two layers the paper shows: `res2`, the features after the fusion of stage 2, and the input of the classifier.
FINAL = "final"
LAYERS = (*Taps.NAMES[:-1], FINAL)


class KeptPass:
    """The activations of one clip in one network, with their graph from the earliest layer on.

    `layers` are named points of the forward pass (`tdn.model.tdn.Taps`), with "final" for the last. `logits` [N, K]. It
    holds memory (for ResNet-50 at 224 pixels and Res2 about half a gigabyte) until it is dropped. Frames and network
    are no longer needed; the network's weights must not change meanwhile. The pass runs in a twin of the network
    (`tdn.model.twin`), in its own precision, with gradients whatever mode the caller is in. Raises ValueError for a
    layer that does not exist.
    """

    def __init__(self, model: nn.Module, clip: Tensor, layers: Sequence[str] = ("res2", FINAL)):
        unknown = [layer for layer in layers if layer not in LAYERS]
        if unknown:
            raise ValueError(f"layer {unknown[0]!r}: expected one of {', '.join(LAYERS)}")
        network, taken = recorded(model, [_tap(layer) for layer in layers])
        expect_shape(clip, "clip", ("N", network.num_segments, network.window, 3, "H", "W"))
        if not clip.is_floating_point():
            raise ValueError(f"clip: expected normalised values as read_clip returns them, got {clip.dtype}")
        self._head = network.head.weight.detach()
        with gradients_as_usual(self._head.device):
            # A tensor of inference mode can't be part of a graph; its copy can.
            clip = clip.clone() if clip.is_inference() else clip.detach()
            self._scores = network(clip.to(self._head.device, self._head.dtype))
        self.layers, self.num_segments = tuple(layers), network.num_segments
        self._taken = {layer: taken[_tap(layer)] for layer in layers}
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
        with gradients_as_usual(self.logits.device):
            return self._maps(classes, self.layers if layers is None else layers, rule, versus or (), for_the_last_time)

    def _maps(
        self, classes: Sequence[int], layers: Sequence[str], rule: Rule, versus: Sequence[int], for_the_last_time: bool
    ) -> dict[str, Tensor]:
        pairs = [torch.as_tensor(list(wanted), device=self.logits.device) for wanted in (classes, versus)]
        head = _wide(self._head)
        weight = head[pairs[0]] - (head[pairs[1]] if versus else 0)
        below = [layer for layer in layers if layer != FINAL]
        activations = {layer: _wide(self._taken[layer].detach()) for layer in layers}
        gradients: dict[str, Tensor | None] = dict.fromkeys(layers)
        if below and rule.method != "eigencam":
            gradients.update(self._gradients(pairs, below, for_the_last_time))
        maps = {}
        for layer in layers:
            if layer == FINAL and rule.is_plain:
                signed = closed_form(weight, activations[layer], self.num_segments)
                found = signed if rule.signed else signed.relu()
            else:
                if layer == FINAL:
                    gradients[layer] = constant_gradient(weight, activations[layer], self.num_segments)
                found = weigh(activations[layer], gradients[layer], rule, self.num_segments)
                found = unfold(found, self.num_segments)
            maps[layer] = found.to(self.logits.dtype)
        return maps

    def _gradients(self, pairs: Sequence[Tensor], layers: Sequence[str], for_the_last_time: bool) -> dict[str, Tensor]:
        """Of the scores of the first classes less those of the second, at each layer: [N*T, C, h, w]."""
        # Gradients of a float16 network are below its smallest number unless the score is larger.
        larger = 2.0**12 if self._scores.dtype == torch.float16 else 1.0
        score = sum(
            sign * self._scores.gather(1, wanted.unsqueeze(1)).sum()
            for sign, wanted in zip((1, -1), pairs, strict=True)
            if len(wanted)
        )
        found = torch.autograd.grad(
            score,
            [self._taken[layer] for layer in layers],
            torch.full_like(score, larger),
            retain_graph=not for_the_last_time,
        )
        found = [_wide(gradient) for gradient in found]
        if larger != 1:
            found = [gradient / larger for gradient in found]
        return dict(zip(layers, found, strict=True))


def _tap(layer: str) -> str:
    return Taps.NAMES[-1] if layer == FINAL else layer


def _wide(values: Tensor) -> Tensor:
    """At least float32: sums over channels and cells are taken of it."""
    return values.float() if values.itemsize < 4 else values


@contextmanager
def gradients_as_usual(device: torch.device) -> Iterator[None]:
    """Gradients in the network's own precision, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        yield


def recorded(model: nn.Module, taps: Sequence[str]) -> tuple[TDN, dict[str, Tensor]]:
    """A twin of `model` that keeps the tensors at `taps` of its next forward pass, and where it keeps them.

    The first tap reached becomes a leaf, so what lies below it runs without a graph.
    """
    network, taken = twin_of(model), {}

    def take(name: str) -> object:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            if output is None:
                raise ValueError(f"this network has nothing at {name!r}")
            taken[name] = output if output.requires_grad else output.detach().requires_grad_()
            return taken[name]

        return hook

    for name in dict.fromkeys(taps):
        getattr(network.taps, name).register_forward_hook(take(name))
    return network, taken
