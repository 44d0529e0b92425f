"""What a network carries inside, small enough to look at: channel means of features, and the size of L-TDM's gates.

Neither is an attribution: they know no class, and large is not the same as important.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tdn.explain.forward_pass import hook_on
from tdn.networks import Network, Tap, as_network
from tdn.networks.network import device_of
from tdn.networks.twin import twin_of


def channel_means(
    network: Network | nn.Module, inputs: Tensor, layers: Sequence[str]
) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [N, K] and, at each of `layers`, the mean over channels: [N, T', h, w].

    At "diff1" and "diff2" that is what S-TDM adds, before its weight in the sum, at its own resolution; after
    `network_changes.s_tdm_weight` it is what is left of it.
    """
    network = as_network(network)
    module, found = twin_of(network.module), {}

    def mean(tap: Tap, value: Tensor) -> Tensor:
        found[tap.name] = tap.volume(value).mean(1)
        return value

    for layer in layers:
        hook_on(module, network.taps[layer], mean)
    return _logits(network, module, inputs), found


def gate_sizes(network: Network | nn.Module, inputs: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Logits [N, K] and the mean over channels of |gate| in the first L-TDM of each stage: {stage: [N, T, h, w]}.

    A gate of g multiplies a feature by 1 + g, and lies between -1/2 and 1/2 in the released form. Raises ValueError for
    a network without L-TDM.
    """
    network = as_network(network)
    if "L-TDM" not in network.parts:
        raise ValueError("this network has no L-TDM to look into")
    module, found = twin_of(network.module), {}
    first: dict[int, str] = {}
    for name in network.parts["L-TDM"].skipped:  # such as res4.0.temporal.l_tdm
        first.setdefault(int(name.split(".")[0].removeprefix("res")), name)

    def keep(stage: int, inner: nn.Module, inputs: tuple) -> None:
        found[stage] = inner.gate(inputs[0]).abs().mean(1).unflatten(0, (-1, network.num_segments))

    for stage, name in first.items():
        module.get_submodule(name).register_forward_pre_hook(lambda inner, inputs, at=stage: keep(at, inner, inputs))
    return _logits(network, module, inputs), found


def logits_of(network: Network | nn.Module, inputs: Tensor) -> Tensor:
    """What a network says of clips, as its module takes them: [N, K], in its own precision, in eval mode."""
    network = as_network(network)
    return _logits(network, twin_of(network.module), inputs)


def _logits(network: Network, module: nn.Module, inputs: Tensor) -> Tensor:
    device, dtype = device_of(module)
    network.reads.expect(inputs)
    with torch.no_grad():
        return network.scores(module(inputs.to(device, dtype)))
