"""What one look at the validation clips counts."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tdn.evaluate.calibration import sure_from


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
        """The probability from which on its answers are sure (`sure_from`)."""
        return sure_from(self.certainty)


def hits(logits: Tensor, labels: Tensor) -> list[Tensor]:
    """How many clips have their label among the best 1 and the best 5 scores, and how many clips there are."""
    best = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]  # [N, 5]
    return [best[:, 0].sum().double(), best.sum().double(), torch.tensor(len(labels), device=labels.device).double()]
