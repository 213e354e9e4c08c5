"""Surgery on a trained network, from outside: every transform preserves the function."""

from nasflow.transform.birth import Gates, calibrate
from nasflow.transform.grow import Grown, gated_logits, grow, grow_network
from nasflow.transform.receipt import TOLERANCE, relative_difference

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
