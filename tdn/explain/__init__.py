"""Where a network finds its evidence: raw maps, honest scales, overlays, figures."""

from tdn.explain.gradcam import closed_form_final, explain_logits, grad_cam

__all__ = ["closed_form_final", "explain_logits", "grad_cam"]
