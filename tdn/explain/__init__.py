"""Where a network finds its evidence: raw maps, what changes them, honest scales."""

from tdn.explain.gradcam import closed_form_final, explain_logits, grad_cam
from tdn.explain.methods import METHODS, Rule

__all__ = ["METHODS", "Rule", "closed_form_final", "explain_logits", "grad_cam"]
