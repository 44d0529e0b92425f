"""What the optimiser moves, how fast, and when the rate falls."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from tdn.model import TDN
from tdn.train.recipe import Recipe
from tdn.weights.start import is_backbone


def new_optimizer(recipe: Recipe, model: TDN) -> torch.optim.Optimizer:
    """SGD with momentum 0.9 (released `main.py:106-109`) or AdamW over the recipe's parameter groups."""
    if recipe.param_groups == "released":
        groups = [{"params": list(model.parameters())}]
    else:
        groups = {"tsm": tsm_groups, "trunk_half": trunk_half_groups}[recipe.param_groups](recipe, model)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, weight_decay=recipe.weight_decay)


def tsm_groups(recipe: Recipe, model: TDN) -> list[dict]:
    """Parameters by their multiples of rate and decay, as TSM's `get_optim_policies` sets and applies them.

    Weights 1 and 1, biases of convolutions 2 and 0, batch norms 1 and 0; the new head 5 and 1, its bias 10 and 0.
    """
    norms = {id(p) for module in model.modules() if isinstance(module, NORMS) for p in module.parameters()}
    groups: dict[tuple[int, int], list] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) in norms:
            multiples = (1, 0)
        elif name.endswith("bias"):
            multiples = (10 if name.startswith("head.") else 2, 0)
        else:
            multiples = (5 if name.startswith("head.") else 1, 1)
        groups.setdefault(multiples, []).append(parameter)
    return [
        {"params": parameters, "rate_multiple": rate, "weight_decay": decay * recipe.weight_decay}
        for (rate, decay), parameters in groups.items()
    ]


def trunk_half_groups(recipe: Recipe, model: TDN) -> list[dict]:
    """The 2-D backbone at half the rate: it starts from ImageNet weights, all else from nothing. Our choice."""
    is_trunk = {name: is_backbone(name) for name, _ in model.named_parameters()}
    trunk, fresh = ([p for name, p in model.named_parameters() if is_trunk[name] == part] for part in (True, False))
    return [{"params": trunk, "rate_multiple": 0.5}, {"params": fresh}]


NORMS = (nn.modules.batchnorm._BatchNorm,)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("rate_multiple", 1)


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int, plateau_drops: int = 0) -> float:
    """The rate of one step of the whole run, 0-based. `plateau_drops` counts what `Plateau` has decided so far."""
    total = recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_share * total)
    if recipe.warmup_share:
        warmup = max(1, warmup)
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    if recipe.schedule == "cosine":
        return recipe.rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
    if recipe.schedule == "plateau":
        return recipe.rate * 0.1**plateau_drops
    return recipe.rate * 0.1 ** sum(step >= epoch * steps_per_epoch for epoch in recipe.drops)


@dataclass
class Plateau:
    """Counts epochs without a better validation top-1, and the drops of the rate that follow from them."""

    best: float = -1.0
    waited: int = 0
    drops: int = 0

    def update(self, top1: float, patience: int) -> bool:
        """Take note of an epoch; whether it was the best so far."""
        if top1 > self.best:
            self.best, self.waited = top1, 0
            return True
        self.waited += 1
        if self.waited > patience:
            self.waited, self.drops = 0, self.drops + 1
        return False


def size_at(recipe: Recipe, epoch: int) -> int:
    """Pixels of the input's side in an epoch: the first of `sizes` whose share of the run is not over."""
    done = (epoch + 0.5) / recipe.epochs
    return next(pixels for share, pixels in recipe.sizes if done < share or share >= 1)
