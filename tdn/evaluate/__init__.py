"""Accuracy: every view of every clip scored once, kept in a file, and each number computed from that file."""

from tdn.evaluate.ensemble import RULES, combine, expect_different
from tdn.evaluate.protocol import Protocol, SyntheticSet, match_labels, run_protocol
from tdn.evaluate.scores import Scores, label_order_warning, numbers

__all__ = [
    "RULES",
    "Protocol",
    "Scores",
    "SyntheticSet",
    "combine",
    "expect_different",
    "label_order_warning",
    "match_labels",
    "numbers",
    "run_protocol",
]
