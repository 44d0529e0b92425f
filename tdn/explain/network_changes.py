"""What can be done to a network: a part weakened or left out, weights drawn anew. Each returns another `Network`."""

import copy
import threading
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tdn.explain.forward_pass import hook_on
from tdn.networks import Network, Tap
from tdn.networks.twin import twin_of

_DRAWING = threading.Lock()


def s_tdm_weight(network: Network, weight: float = 0.0) -> Network:
    """S-TDM's features times `weight` before they are fused: 1 as trained, 0 switched off."""
    return _with_part(network, "S-TDM", lambda tap, features: weight * features)


def s_tdm_clip_mean(network: Network) -> Network:
    """S-TDM's features in every segment become their mean over the clip: as large as ever, the same throughout."""

    def mean(tap: Tap, features: Tensor) -> Tensor:
        clips = features.unflatten(0, (-1, tap.segments))
        return clips.mean(1, keepdim=True).expand_as(clips).flatten(0, 1)

    return _with_part(network, "S-TDM", mean)


def l_tdm_off(network: Network) -> Network:
    """Every L-TDM passes its features on as they are: all gates at zero. Temporal convolutions stay."""
    module = twin_of(network.module)
    for name in network.parts["L-TDM"].skipped:
        module.get_submodule(name).register_forward_hook(lambda inner, inputs, output: inputs[0])
    return network.with_module(module)


def _with_part(network: Network, part: str, change: Callable[[Tap, Tensor], Tensor]) -> Network:
    module = twin_of(network.module)
    for tap in network.parts[part].taps:
        hook_on(module, tap, change)
    return network.with_module(module)


def randomised(network: Network, down_to: int = 1, seed: int = 0) -> Network:
    """Fresh weights from the classifier down to stage `down_to` of `network.stages`, counted from 1.

    Model randomisation (Adebayo et al., NeurIPS 2018): a map that stays the same shows nothing of what was learnt.
    Raises ValueError for a copy whose batch norms are folded away.
    """
    if network.cheaper is not None and not any(isinstance(inner, nn.BatchNorm2d) for inner in network.module.modules()):
        raise ValueError("weights can't be drawn anew in an inference copy; use the network itself")
    other = random_weights(network, seed)
    kept = tuple(prefix for stage in network.stages[: down_to - 1] for prefix in stage)
    own = {name: value for name, value in network.module.state_dict().items() if kept and name.startswith(kept)}
    other.module.load_state_dict(own, strict=False)
    return other


def random_weights(network: Network, seed: int = 0) -> Network:
    """A copy with fresh weights and statistics, in eval mode (the test of Adebayo et al., NeurIPS 2018).

    Statistics are those of fresh batch norms, so maps are those of an untrained network of the same architecture.
    Tensors that belong to no layer with a start of its own, such as class tokens and positions, are drawn from a normal
    distribution with a deviation of 0.02, as vision transformers start.
    """
    # PyTorch's layers draw from one generator for all threads.
    with _DRAWING, torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.no_grad():
        torch.manual_seed(seed)
        module = copy.deepcopy(network.module)
        for inner in module.modules():
            start = getattr(inner, "reset_parameters", None) or getattr(inner, "_reset_parameters", None)
            if start is not None:
                start()
            else:
                for parameter in inner.parameters(recurse=False):
                    parameter.normal_(std=0.02)
        if network.initialise is not None:
            network.initialise(module)
    return network.with_module(module.eval())
