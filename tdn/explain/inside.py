"""What a network carries inside, small enough to look at: channel means of features, and the size of L-TDM's gates.

Neither is an attribution: they know no class, and large is not the same as important.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tdn.model import TDN
from tdn.model.l_tdm import LongTermTDM
from tdn.shapes import unfold


def channel_means(model: TDN, clip: Tensor, points: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [N, K] and, at each of `points` (`tdn.model.tdn.Taps`), the mean over channels: [N, T, h, w].

    At "diff1" and "diff2" that is what S-TDM adds, before its weight in the sum, at its own resolution. Under
    `interventions.s_tdm_weight` it is what is left of it.
    """
    modules = {point: getattr(model.taps, point) for point in points}
    with _collected(modules, lambda module, inputs, output: output.mean(1)) as found, torch.no_grad():
        logits = model(clip)
    return logits, {point: unfold(means, model.num_segments) for point, means in found.items()}


def gate_sizes(model: TDN, clip: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Logits [N, K] and the mean over channels of |gate| in the first L-TDM of each stage: {stage: [N, T, h, w]}.

    A gate of g multiplies a feature by 1 + g, and lies between -1/2 and 1/2 in the released form. Raises ValueError for
    a network without L-TDM.
    """
    first: dict[int, nn.Module] = {}
    for stage in model.architecture.l_tdm_stages:
        first[stage] = next(m for m in getattr(model, f"res{stage}").modules() if isinstance(m, LongTermTDM))
    if not first:
        raise ValueError("this network has no L-TDM to look into")
    with _collected(first, lambda module, inputs, output: module.gate(inputs[0]).abs().mean(1)) as found:
        with torch.no_grad():
            logits = model(clip)
    return logits, {stage: unfold(sizes, model.num_segments) for stage, sizes in found.items()}


@contextmanager
def _collected(modules: dict, take: Callable[[nn.Module, tuple, Tensor], Tensor]) -> Iterator[dict]:
    """What `take` makes of each module's pass, under the module's name; its output stays as it is."""
    found: dict = {}

    def hook(name: object) -> Callable[[nn.Module, tuple, Tensor], None]:
        def keep(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            found[name] = take(module, inputs, output)

        return keep

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
