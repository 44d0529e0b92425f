"""Grad-CAM on a video network, in one call: raw maps at named layers, from one forward and at most one backward pass.

Selvaraju et al., ICCV 2017, and its relatives (`tdn.explain.methods`). pytorch-grad-cam's classes turn activations and
gradients into weights; the passes, the taps and every scale are ours, because the library's call scales each frame
alone and so draws noise as bright as evidence.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from tdn.explain.classes import Target, target_classes
from tdn.explain.forward_pass import ForwardPass
from tdn.explain.methods import GRAD_CAM, Rule
from tdn.networks import Network


def grad_cam(
    network: Network | nn.Module,
    clip: Tensor,
    target: Target = None,
    layers: Sequence[str] | None = None,
    rule: Rule = GRAD_CAM,
    versus: Target = None,
) -> dict[str, Tensor]:
    """Raw maps of a clip: {layer: [N, T', h, w]}, on the network's device, in its dtype, unscaled, >= 0 unless signed.

    `network` is a `Network` or a TDN; `clip` what its module takes, for a TDN [N, T, L, 3, H, W]. `target` is a class
    for all clips, one class a clip, or None for each clip's top class; `versus` another one, whose score is taken off.
    `layers` are names of its taps, by default those usually shown ("res2" and "final"). `rule` is the method; by
    default Grad-CAM, with weights for each frame of a segment network (a map then says where in each segment the
    evidence lies, not which segment it came from) and for the clip of any other. The class score is the logit, before
    softmax. Any number of threads may ask about one network, in any of PyTorch's modes (`no_grad`, `inference_mode`,
    `autocast`); the network is not touched. Raises ValueError for a class, layer or method that does not exist.
    """
    taken = ForwardPass(network, clip, layers)
    targets = target_classes(target, taken.logits).tolist()
    others = None if versus is None else target_classes(versus, taken.logits).tolist()
    signed = taken.maps(targets, rule=rule, versus=others, for_the_last_time=True)
    return signed if rule.signed else {layer: values.relu() for layer, values in signed.items()}
