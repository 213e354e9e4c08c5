"""Surgery on a trained network, from outside: every transform preserves the function."""

from nasflow.surgery.gates import Gates, calibrate
from nasflow.surgery.operate import Grown, gated_logits, grow, grow_network
from nasflow.surgery.receipt import TOLERANCE, relative_difference

__all__ = [
    "TOLERANCE",
    "Gates",
    "Grown",
    "calibrate",
    "gated_logits",
    "grow",
    "grow_network",
    "relative_difference",
]
