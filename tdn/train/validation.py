"""What one look at the validation clips counts."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tdn.evaluate.calibration import SURE


@dataclass
class Validation:
    """`confusion` [K true, K said], mean loss and top-5 in percent of the clips read, and how many were `missing`.

    `certainty` [2, 100] counts wrong and right answers by the percent of their probability.
    """

    confusion: Tensor
    certainty: Tensor
    loss: float
    top5: float
    missing: int

    @property
    def top1(self) -> float:
        return float(100 * self.confusion.diagonal().sum() / self.confusion.sum())

    @property
    def sure_above(self) -> float | None:
        """The lowest probability from which on `SURE` of the answers are right, in steps of 0.01; None without one."""
        wrong, right = self.certainty.flip(1).cumsum(1).flip(1).double()  # answers at least that probable
        enough = (right >= SURE * (right + wrong)) & (right > 0)
        return int(enough.double().argmax()) / 100 if enough.any() else None


def hits(logits: Tensor, labels: Tensor) -> list[Tensor]:
    """How many clips have their label among the best 1 and the best 5 scores, and how many clips there are."""
    best = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]  # [N, 5]
    return [best[:, 0].sum().double(), best.sum().double(), torch.tensor(len(labels), device=labels.device).double()]
