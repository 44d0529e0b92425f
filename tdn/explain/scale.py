"""From raw maps to values between 0 and 1, by a rule that stands beside the picture."""

from dataclasses import dataclass

import numpy as np

# Below this a map's maximum is rounding, not evidence: raw maps are fractions of a logit.
NOTHING = 1e-8


@dataclass(frozen=True)
class ScaledMap:
    """`values` float32 [T, h, w] in 0..1; `maximum` the raw value that became 1; `rule` the name of the scale."""

    values: np.ndarray
    maximum: float
    rule: str

    @property
    def is_empty(self) -> bool:
        """No cell speaks for the class: there is nothing to colour."""
        return self.maximum <= NOTHING


def scale_per_clip(raw: np.ndarray) -> ScaledMap:
    """Divide raw maps [T, h, w] >= 0 by the clip's maximum.

    No minimum is subtracted: zero already means no positive evidence, and segments stay comparable with each other.
    """
    raw = np.asarray(raw, np.float32)
    maximum = float(raw.max())
    values = raw / maximum if maximum > NOTHING else np.zeros_like(raw)
    return ScaledMap(values, maximum, "per clip")


def evidence_share(raw: np.ndarray) -> np.ndarray:
    """Each segment's share of the clip's evidence: [T, h, w] -> [T], summing to 1, or zeros for an empty map."""
    per_segment = np.asarray(raw, np.float64).sum((1, 2))
    total = per_segment.sum()
    return per_segment / total if total > NOTHING else per_segment * 0
