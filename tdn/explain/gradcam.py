"""Grad-CAM on a video network: raw maps at named layers, from one forward and at most one backward pass.

Selvaraju et al., ICCV 2017. pytorch-grad-cam's own class turns activations and gradients into weights; the passes, the
taps and every scale are ours, because the library's call scales each frame alone and so draws noise as bright as
evidence.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral

import torch
from torch import Tensor, nn

from tdn.model import TDN
from tdn.shapes import expect_shape, unfold
from tdn.weights import torchvision_ops  # noqa: F401 (before pytorch_grad_cam, which imports torchvision)

from pytorch_grad_cam import GradCAM  # isort: skip

# The two layers the paper shows: the features after the fusion of stage 2, and the input of the classifier.
LAYER_TAPS = {"res2": "res2", "final": "res5"}


def grad_cam(
    model: TDN,
    clip: Tensor,
    target: int | Sequence[int] | None = None,
    layers: Sequence[str] = ("res2", "final"),
) -> dict[str, Tensor]:
    """Raw Grad-CAM maps of a clip: {layer: [N, T, h, w]}, >= 0, on the model's device, in its dtype, unscaled.

    `clip` [N, T, L, 3, H, W]; `target` a class for all clips, one class a clip, or None for each clip's top class. The
    class score is the logit after consensus, before softmax. Weights are the gradient's mean over one frame's cells,
    so a map says where in each segment the evidence lies, not which segment it came from. The model is left as it was:
    no hooks, no `.grad`, same mode, also when something fails. Raises ValueError for a class or layer that does not
    exist.
    """
    return explain_logits(model, clip, target, layers)[1]


def explain_logits(
    model: TDN,
    clip: Tensor,
    target: int | Sequence[int] | None = None,
    layers: Sequence[str] = ("res2", "final"),
) -> tuple[Tensor, dict[str, Tensor]]:
    """`grad_cam` with the logits [N, K] of the same forward pass, detached."""
    unknown = [layer for layer in layers if layer not in LAYER_TAPS]
    if unknown:
        raise ValueError(f"layer {unknown[0]!r}: expected one of {', '.join(LAYER_TAPS)}")
    expect_shape(clip, "clip", ("N", model.num_segments, model.window, 3, "H", "W"))
    reference = next(model.parameters())
    clip = clip.to(reference.device, reference.dtype)
    with left_as_it_was(model), recorded(model, [LAYER_TAPS[layer] for layer in layers]) as taken:
        model.eval()
        logits = model(clip)
        targets = target_classes(target, logits)
        score = logits.gather(1, targets.unsqueeze(1)).sum()
        activations = [taken[LAYER_TAPS[layer]] for layer in layers]
        gradients = torch.autograd.grad(score, activations)
        maps = {
            layer: unfold(weigh_channels(activation.detach(), gradient), model.num_segments)
            for layer, activation, gradient in zip(layers, activations, gradients, strict=True)
        }
    return logits.detach(), maps


def weigh_channels(activations: Tensor, gradients: Tensor) -> Tensor:
    """ReLU of the weighted sum of channels: [N*T, C, h, w] twice -> [N*T, h, w]."""
    # The library's method looks at none of its first four arguments, its own object included.
    weights = GradCAM.get_cam_weights(None, None, None, None, activations.cpu().numpy(), gradients.cpu().numpy())
    weights = torch.as_tensor(weights, dtype=activations.dtype, device=activations.device)  # [N*T, C]
    return torch.einsum("nc,nchw->nhw", weights, activations).relu()


def closed_form_final(model: TDN, features: Tensor) -> Tensor:
    """Signed final-stage evidence of every class, without a backward pass.

    `features` [N*T, C, h, w], the input of the classifier -> [N, T, K, h, w]. Because pooling, classifier and consensus
    are linear, a class's cells sum to its logit minus its bias; Grad-CAM at `final` is the ReLU of this.
    """
    cells = model.num_segments * features.shape[-2] * features.shape[-1]
    evidence = torch.einsum("kc,nchw->nkhw", model.head.weight, features) / cells
    return unfold(evidence, model.num_segments)


def target_classes(target: int | Sequence[int] | None, logits: Tensor) -> Tensor:
    """The class to explain for each clip: [N] integers. Raises ValueError for one that does not exist."""
    num_clips, num_classes = logits.shape
    if target is None:
        return logits.argmax(1)
    classes = [int(target)] * num_clips if isinstance(target, Integral) else [int(t) for t in target]
    if len(classes) != num_clips:
        raise ValueError(f"target: expected one class or {num_clips}, one a clip, got {len(classes)}")
    for wanted in classes:
        if not 0 <= wanted < num_classes:
            raise ValueError(f"target {wanted}: expected a class index from 0 to {num_classes - 1}")
    return torch.tensor(classes, device=logits.device)


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
