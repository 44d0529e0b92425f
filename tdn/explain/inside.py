"""What a network carries inside, small enough to look at: channel means of features, and the size of L-TDM's gates.

Neither is an attribution: they know no class, and large is not the same as important.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tdn.model import TDN
from tdn.model.l_tdm import LongTermTDM
from tdn.model.twin import twin_of
from tdn.shapes import unfold


def channel_means(model: TDN, clip: Tensor, points: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [N, K] and, at each of `points` (`tdn.model.tdn.Taps`), the mean over channels: [N, T, h, w].

    At "diff1" and "diff2" that is what S-TDM adds, before its weight in the sum, at its own resolution. In a network of
    `interventions.s_tdm_weight` it is what is left of it.
    """
    network = twin_of(model)
    modules = {point: getattr(network.taps, point) for point in points}
    logits, found = _passed(network, clip, modules, lambda module, inputs, output: output.mean(1))
    return logits, {point: unfold(means, network.num_segments) for point, means in found.items()}


def gate_sizes(model: TDN, clip: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Logits [N, K] and the mean over channels of |gate| in the first L-TDM of each stage: {stage: [N, T, h, w]}.

    A gate of g multiplies a feature by 1 + g, and lies between -1/2 and 1/2 in the released form. Raises ValueError for
    a network without L-TDM.
    """
    network = twin_of(model)
    first: dict[int, nn.Module] = {}
    for stage in network.architecture.l_tdm_stages:
        first[stage] = next(m for m in getattr(network, f"res{stage}").modules() if isinstance(m, LongTermTDM))
    if not first:
        raise ValueError("this network has no L-TDM to look into")
    logits, found = _passed(network, clip, first, lambda module, inputs, output: module.gate(inputs[0]).abs().mean(1))
    return logits, {stage: unfold(sizes, network.num_segments) for stage, sizes in found.items()}


def _passed(
    twin: TDN, clip: Tensor, modules: dict, take: Callable[[nn.Module, tuple, Tensor], Tensor]
) -> tuple[Tensor, dict]:
    """Logits of a twin, and what `take` makes of the pass of each of its `modules`, under the module's name."""
    found: dict = {}

    def hook(name: object) -> Callable[[nn.Module, tuple, Tensor], None]:
        def keep(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            found[name] = take(module, inputs, output)

        return keep

    for name, module in modules.items():
        module.register_forward_hook(hook(name))
    with torch.no_grad():
        return twin(clip.to(twin.head.weight)), found
