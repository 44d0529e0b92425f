"""Does a map mark what the network uses? Change the clip where the map is bright and see what the score does.

A patch that is put over one frame of a window, or that lies elsewhere from frame to frame, is motion to S-TDM. So every
mask here is the same in all five frames of a window. What is taken away is either the picture (blurred: deletion,
insertion) or its motion alone (frozen at the centre frame).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.explain.clip_changes import freeze_where
from tdn.explain.gradcam import grad_cam
from tdn.explain.inside import logits_of
from tdn.explain.methods import GRAD_CAM, Rule
from tdn.explain.network_changes import randomised
from tdn.explain.scale import over_windows
from tdn.networks import Network, as_network

# Shares of the clip that are taken away, brightest first.
STEPS = tuple(step / 10 for step in range(11))
STAGES = (6, 5, 4, 3, 2, 1)
BLUR = 0.08  # standard deviation of the blur, as a share of the short side


def ranks(maps: Tensor, height: int, width: int, seed: int = 0, segments: int | None = None) -> Tensor:
    """Each place's rank in its clip: raw maps [N, T', h, w] -> [N, T, height, width], 0 the brightest, 1 the darkest.

    Ties, such as all places without evidence, are put in a random order.
    """
    seen = over_windows(maps.float(), segments or maps.shape[1], height, width).flatten(1)
    generator = torch.Generator().manual_seed(seed)
    noise = (
        torch.rand(seen.shape, generator=generator).to(seen.device) * seen.amax(1, keepdim=True).clamp(min=1e-20) * 1e-6
    )
    order = (-seen - noise).argsort(1)
    places = torch.linspace(0, 1, seen.shape[1], device=seen.device).expand_as(seen)
    return torch.empty_like(seen).scatter_(1, order, places).unflatten(1, (segments or maps.shape[1], height, width))


def blurred(clip: Tensor) -> Tensor:
    """Every frame of a clip [N, T, L, 3, H, W] without detail, and with it without most of its motion."""
    height, width = clip.shape[-2:]
    sigma = BLUR * min(height, width)
    reach = max(1, int(3 * sigma))
    kernel = torch.exp(-(torch.arange(-reach, reach + 1, device=clip.device) ** 2) / (2 * sigma**2)).to(clip.dtype)
    kernel = kernel / kernel.sum()
    flat = clip.flatten(0, 3).unsqueeze(1)  # [N*T*L*3, 1, H, W]
    flat = nnf.conv2d(nnf.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel[None, None, None])
    flat = nnf.conv2d(nnf.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel[None, None, :, None])
    return flat.squeeze(1).unflatten(0, clip.shape[:4])


@torch.inference_mode()
def deletion(
    network: Network | nn.Module, clip: Tensor, target: Sequence[int], maps: Tensor, steps: Sequence[float] = STEPS
) -> Tensor:
    """Logit of the target as the brightest places are blurred: [len(steps), N]. Falls fast for a faithful map.

    RISE (Petsiuk et al. 2018), with one mask for all frames of a window.
    """
    return _scores_without(network, clip, target, maps, steps, keep_bright=False)


@torch.inference_mode()
def insertion(
    network: Network | nn.Module, clip: Tensor, target: Sequence[int], maps: Tensor, steps: Sequence[float] = STEPS
) -> Tensor:
    """Logit of the target as the brightest places of a blurred clip are restored: rises fast for a faithful map."""
    return _scores_without(network, clip, target, maps, steps, keep_bright=True)


def _scores_without(
    network: Network | nn.Module,
    clip: Tensor,
    target: Sequence[int],
    maps: Tensor,
    steps: Sequence[float],
    keep_bright: bool,
) -> Tensor:
    place = ranks(maps, *clip.shape[-2:], segments=clip.shape[1])[:, :, None, None]  # [N, T, 1, 1, H, W]
    without = blurred(clip)
    scores = []
    for step in steps:
        is_bright = place < step if step < 1 else torch.ones_like(place, dtype=torch.bool)
        shown = torch.where(is_bright, clip, without) if keep_bright else torch.where(is_bright, without, clip)
        scores.append(_target_logits(network, shown, target))
    return torch.stack(scores)


def area_under(scores: Tensor, steps: Sequence[float] = STEPS) -> Tensor:
    """Area under curves [len(steps), N] -> [N], as a share of the way from the first to the last share of `steps`."""
    return torch.trapezoid(scores, torch.tensor(steps, dtype=scores.dtype, device=scores.device), dim=0)


@torch.inference_mode()
def freeze_inside_outside(
    network: Network | nn.Module, clip: Tensor, target: Sequence[int], maps: Tensor, share: float = 0.1, seed: int = 0
) -> Tensor:
    """Loss of the target's logit when only the brightest `share` is frozen, less that of as large an area elsewhere.

    [N]. Appearance stays, motion goes: above 0 the map marks motion that the network uses. The other area is as
    many places drawn at random outside the brightest ones.
    """
    place = ranks(maps, *clip.shape[-2:], segments=clip.shape[1])
    inside = place < share
    generator = torch.Generator().manual_seed(seed)
    chance = torch.rand(place.shape, generator=generator).to(place.device)
    outside = ~inside & (_rank_of(torch.where(inside, torch.full_like(chance, 2.0), chance)) < share)
    as_it_is = _target_logits(network, clip, target)
    lost_inside, lost_outside = (
        as_it_is - _target_logits(network, freeze_where(clip, where), target) for where in (inside, outside)
    )
    return lost_inside - lost_outside


def _target_logits(network: Network | nn.Module, clip: Tensor, target: Sequence[int]) -> Tensor:
    """The logit of each clip's class: [N]."""
    network = as_network(network)
    logits = logits_of(network, network.arrange(clip))
    return logits.gather(1, torch.as_tensor(list(target), device=logits.device)[:, None])[:, 0]


def _rank_of(values: Tensor) -> Tensor:
    """Rank of each value in its clip, 0 to 1, the smallest first."""
    flat = values.flatten(1)
    places = torch.linspace(0, 1, flat.shape[1], device=flat.device).expand_as(flat)
    return torch.empty_like(flat).scatter_(1, flat.argsort(1), places).view_as(values)


def model_randomisation(
    network: Network | nn.Module,
    clip: Tensor,
    target: Sequence[int],
    layers: Sequence[str] | None = None,
    seed: int = 0,
    rule: Rule = GRAD_CAM,
) -> dict[str, dict[int, float]]:
    """How alike maps stay as weights are drawn anew, from the classifier down: {layer: {stage: rank correlation}}.

    Spearman's over all places of the clips (Adebayo et al. 2018). Key 6 is the classifier alone, 1 everything,
    which is all there is for a network whose stages are not known. A map
    that shows what was learnt loses its likeness; one that stays is an edge or motion detector.
    """
    network = as_network(network)
    layers = network.layers if layers is None else layers
    inputs = network.arrange(clip)
    before = grad_cam(network, inputs, target, layers, rule)
    found: dict[str, dict[int, float]] = {layer: {} for layer in layers}
    for stage in STAGES if network.stages else STAGES[-1:]:
        after = grad_cam(randomised(network, down_to=stage, seed=seed), inputs, target, layers, rule)
        for layer in layers:
            found[layer][stage] = spearman(before[layer], after[layer])
    return found


def spearman(one: Tensor, other: Tensor) -> float:
    """Rank correlation of all values of two tensors of one shape; ties share the mean of their ranks."""
    a, b = (_mean_ranks(values.flatten().double()) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    length = a.norm() * b.norm()
    return float(a @ b / length) if length > 0 else 0.0


def _mean_ranks(values: Tensor) -> Tensor:
    _, place, counts = values.unique(return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    return (ends - (counts - 1) / 2)[place]
