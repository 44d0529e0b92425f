"""95% intervals of shares, in percent."""

import math
from collections.abc import Sequence

_Z = 1.959964  # of the normal distribution, two-sided 95%


def wilson(percent: float, draws: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of `percent` seen in `draws` independent draws.

    Where several clips are one draw (a pair, the repeats of one clip), count the draws: the interval is then too wide
    rather than too narrow.
    """
    share = percent / 100
    middle = share + _Z**2 / (2 * draws)
    reach = _Z * math.sqrt(share * (1 - share) / draws + _Z**2 / (4 * draws**2))
    scale = 100 / (1 + _Z**2 / draws)
    return max(0.0, scale * (middle - reach)), min(100.0, scale * (middle + reach))


def of_mean(percents: Sequence[float], intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The interval of the mean of independent shares, from that of each (MOVER, Zou and Donner 2008)."""
    mean = sum(percents) / len(percents)
    below, above = (
        math.sqrt(sum((one - interval[side]) ** 2 for one, interval in zip(percents, intervals, strict=True)))
        for side in (0, 1)
    )
    return mean - below / len(percents), mean + above / len(percents)
