"""Networks: torch only. Nothing here knows files, labels or optimisers."""

from tdn.model.family import (
    BACKBONES,
    FAMILY,
    MOBILENET,
    RESNET50,
    RESNET101,
    SMALL,
    TINY,
    TINY_MOBILENET,
    Architecture,
    Backbone,
    Row,
    on_backbone,
    released_fusion_weights,
    system_name,
)
from tdn.model.tdn import TDN, without_values

__all__ = [
    "BACKBONES",
    "FAMILY",
    "MOBILENET",
    "RESNET50",
    "RESNET101",
    "SMALL",
    "TDN",
    "TINY",
    "TINY_MOBILENET",
    "Architecture",
    "Backbone",
    "Row",
    "on_backbone",
    "released_fusion_weights",
    "system_name",
    "without_values",
]
