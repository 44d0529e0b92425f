"""How far a network's probabilities can be believed, and how much evidence an answer stands on.

Temperature scaling and the reliability diagram: Guo et al., ICML 2017. Energy: Liu et al., NeurIPS 2020.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tdn.model import TDN

# The page calls answers sure from the probability on from which this share of them is right, and a clip unlike those
# that a network knows where it gives less evidence than all but this many in a hundred of its own kind.
SURE = 0.98
UNLIKE = 5.0


@dataclass(frozen=True)
class Bin:
    """Answers whose probability lies from `low` up to `high`: how many, their mean probability, the share right (0-1).

    Both are 0 where there are none.
    """

    low: float
    high: float
    clips: int
    probability: float
    right: float


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T > 0 for which softmax(logits / T) says most of the labels: least mean cross-entropy.

    `logits` [N, K], `labels` int64 [N], from clips that the network was not trained on and that are not reported.
    """
    logits, log_temperature = logits.double(), torch.zeros((), dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        found = cross_entropy(logits / log_temperature.exp(), labels)
        found.backward()
        return found

    search.step(loss)
    return float(log_temperature.detach().exp())


@torch.no_grad()
def fold_temperature(model: TDN, temperature: float) -> None:
    """Divide the classifier by `temperature`: logits change by that factor, answers and the places of maps do not."""
    if not temperature > 0:
        raise ValueError(f"temperature: expected a number above 0, got {temperature}")
    model.head.weight /= temperature
    model.head.bias /= temperature


def reliability(logits: Tensor, labels: Tensor, bins: int = 10) -> list[Bin]:
    """Answers by their probability, in `bins` steps of equal width (the reliability diagram)."""
    probability, said = logits.double().softmax(1).max(1)
    right = (said == labels).double()
    place = (probability * bins).long().clamp(max=bins - 1)
    found = []
    for number in range(bins):
        here = place == number
        means = [float(values[here].mean()) if here.any() else 0.0 for values in (probability, right)]
        found.append(Bin(number / bins, (number + 1) / bins, int(here.sum()), *means))
    return found


def calibration_error(found: list[Bin]) -> float:
    """Mean distance of probability and share right, weighted by clips (expected calibration error, 0-1)."""
    clips = sum(one.clips for one in found)
    return sum(one.clips * abs(one.probability - one.right) for one in found) / max(1, clips)


def sure_from(certainty: Tensor) -> float | None:
    """The lowest probability from which on `SURE` of the answers are right, in steps of 0.01.

    `certainty` [2, 100] counts wrong and right answers by the percent of their probability. 1 where even the most
    probable ones are wrong more often, so that no answer is sure; None of no answers.
    """
    wrong, right = certainty.flip(1).cumsum(1).flip(1).double()  # answers at least that probable
    enough = (right >= SURE * (right + wrong)) & (right > 0)
    if not certainty.any():
        return None
    return int(enough.double().argmax()) / 100 if enough.any() else 1.0


def is_sure(probability: float, sure_above: float) -> bool:
    """Whether an answer of this probability is sure by `sure_from`: none is where that is 1, however probable."""
    return sure_above <= probability and sure_above < 1


def sure_above(logits: Tensor, labels: Tensor) -> float | None:
    """`sure_from` of logits [N, K] and their labels [N]."""
    probability, said = logits.double().softmax(1).max(1)
    certainty, percent = torch.zeros(2, 100, dtype=torch.int64), (100 * probability).long().clamp(max=99)
    certainty.index_put_(((said == labels).long(), percent), torch.ones_like(percent), accumulate=True)
    return sure_from(certainty)


def energy(logits: np.ndarray) -> np.ndarray:
    """How much evidence there is for any class at all, log sum exp of the logits: [..., K] -> [...]."""
    return np.logaddexp.reduce(np.asarray(logits, np.float64), axis=-1)


def probability(logits: np.ndarray) -> float:
    """That of the likeliest class, of logits [K]."""
    return float(np.exp(logits.max() - energy(logits)))


def known_above(logits: Tensor) -> float:
    """The energy below which `UNLIKE` percent of these clips lie: those with less are called unlike them."""
    return float(np.percentile(energy(logits.numpy()), UNLIKE))
