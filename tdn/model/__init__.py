"""Networks: torch only. Nothing here knows files, labels or optimisers."""

from tdn.model.family import (
    FAMILY,
    RESNET50,
    RESNET101,
    SMALL,
    TINY,
    Architecture,
    Backbone,
    Row,
    released_fusion_weights,
)
from tdn.model.tdn import TDN, Taps

__all__ = [
    "FAMILY",
    "RESNET50",
    "RESNET101",
    "SMALL",
    "TDN",
    "TINY",
    "Architecture",
    "Backbone",
    "Row",
    "Taps",
    "released_fusion_weights",
]
