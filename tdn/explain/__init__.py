"""Where a network finds its evidence: one door to a map, changes of clip and network, honest scales."""

from tdn.explain.changes import Change, parse_change
from tdn.explain.explanation import Explanation, Question, explain
from tdn.explain.forward_pass import ForwardPass
from tdn.explain.gradcam import grad_cam
from tdn.explain.methods import METHODS, Rule

__all__ = ["METHODS", "Change", "Explanation", "ForwardPass", "Question", "Rule", "explain", "grad_cam", "parse_change"]
