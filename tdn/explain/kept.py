"""One forward pass kept: the maps of another class then cost a backward pass at Res2, nothing at the final stage."""

from collections.abc import Sequence

import torch
from torch import Tensor

from tdn.explain.gradcam import LAYER_TAPS, left_as_it_was, recorded, weigh_channels
from tdn.model import TDN
from tdn.shapes import expect_shape, unfold


class KeptPass:
    """The activations of one clip in one network, with their graph from the earliest layer on.

    `logits` [N, K]. It holds memory (for ResNet-50 at 224 pixels and Res2 about half a gigabyte) until it is dropped.
    Frames and network are no longer needed; the network's weights must not change meanwhile.
    """

    def __init__(self, model: TDN, clip: Tensor, layers: Sequence[str] = ("res2", "final")):
        unknown = [layer for layer in layers if layer not in LAYER_TAPS]
        if unknown:
            raise ValueError(f"layer {unknown[0]!r}: expected one of {', '.join(LAYER_TAPS)}")
        expect_shape(clip, "clip", ("N", model.num_segments, model.window, 3, "H", "W"))
        reference = next(model.parameters())
        taps = [LAYER_TAPS[layer] for layer in layers]
        with left_as_it_was(model), recorded(model, taps) as taken:
            model.eval()
            self._scores = model(clip.to(reference.device, reference.dtype))
        self.layers, self.num_segments = tuple(layers), model.num_segments
        self._taken = {layer: taken[LAYER_TAPS[layer]] for layer in layers}
        self._head = model.head.weight.detach()
        self.logits = self._scores.detach()

    def maps(self, classes: Sequence[int], layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Raw maps of one class a clip: {layer: [N, T, h, w]}, as `tdn.explain.grad_cam` gives them."""
        layers = self.layers if layers is None else layers
        targets = torch.as_tensor(list(classes), device=self.logits.device)
        maps = {}
        if "final" in layers:
            maps["final"] = self._final(targets)
        below = [layer for layer in layers if layer != "final"]
        if below:
            score = self._scores.gather(1, targets.unsqueeze(1)).sum()
            activations = [self._taken[layer] for layer in below]
            gradients = torch.autograd.grad(score, activations, retain_graph=True)
            for layer, activation, gradient in zip(below, activations, gradients, strict=True):
                maps[layer] = unfold(weigh_channels(activation.detach(), gradient), self.num_segments)
        return {layer: maps[layer] for layer in layers}

    def _final(self, targets: Tensor) -> Tensor:
        features = unfold(self._taken["final"].detach(), self.num_segments)  # [N, T, C, h, w]
        cells = self.num_segments * features.shape[-2] * features.shape[-1]
        return (torch.einsum("nc,ntchw->nthw", self._head[targets], features) / cells).relu()
