"""Grad-CAM on a video network: raw maps at named layers, from one forward and at most one backward pass.

Selvaraju et al., ICCV 2017, and its relatives (`tdn.explain.methods`). pytorch-grad-cam's classes turn activations and
gradients into weights; the passes, the taps and every scale are ours, because the library's call scales each frame
alone and so draws noise as bright as evidence.
"""

from collections.abc import Iterable, Sequence
from operator import index

import numpy as np
import torch
from torch import Tensor

from tdn.explain.kept import KeptPass
from tdn.explain.methods import GRAD_CAM, Rule
from tdn.model import TDN
from tdn.shapes import unfold
from tdn.weights.limits import shown

Target = int | Sequence[int] | Tensor | np.ndarray | None


def grad_cam(
    model: TDN,
    clip: Tensor,
    target: Target = None,
    layers: Sequence[str] = ("res2", "final"),
    rule: Rule = GRAD_CAM,
    versus: Target = None,
) -> dict[str, Tensor]:
    """Raw maps of a clip: {layer: [N, T, h, w]}, on the model's device, in its dtype, unscaled, >= 0 unless signed.

    `clip` [N, T, L, 3, H, W]; `target` a class for all clips, one class a clip, or None for each clip's top class;
    `versus` another one, whose score is taken off. `layers`: "res2", "final", or any other named point of the network
    (`tdn.model.tdn.Taps`). `rule` is the method; by default Grad-CAM. The class score is the logit after consensus,
    before softmax. Weights are the gradient's mean over one frame's cells, so a map says where in each segment the
    evidence lies, not which segment it came from. Any number of threads may ask about one model, in any of PyTorch's
    modes (`no_grad`, `inference_mode`, `autocast`); the model is not touched. Raises ValueError for a class, layer or
    method that does not exist.
    """
    return explain_logits(model, clip, target, layers, rule, versus)[1]


def explain_logits(
    model: TDN,
    clip: Tensor,
    target: Target = None,
    layers: Sequence[str] = ("res2", "final"),
    rule: Rule = GRAD_CAM,
    versus: Target = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """`grad_cam` with the logits [N, K] of the same forward pass, detached."""
    kept = KeptPass(model, clip, layers)
    targets = target_classes(target, kept.logits).tolist()
    others = None if versus is None else target_classes(versus, kept.logits).tolist()
    return kept.logits, kept.maps(targets, layers, rule, others, for_the_last_time=True)


def closed_form_final(model: TDN, features: Tensor) -> Tensor:
    """Signed final-stage evidence of every class, without a backward pass.

    `features` [N*T, C, h, w], the input of the classifier -> [N, T, K, h, w]. Because pooling, classifier and consensus
    are linear, a class's cells sum to its logit minus its bias; Grad-CAM at `final` is the ReLU of this.
    """
    cells = model.num_segments * features.shape[-2] * features.shape[-1]
    evidence = torch.einsum("kc,nchw->nkhw", model.head.weight, features) / cells
    return unfold(evidence, model.num_segments)


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
