"""Surgery on a trained network, from outside: what an edit does to a spec, done to weights."""

from nasflow.surgery.gates import Gates, calibrate, gated_logits
from nasflow.surgery.operate import operate, operate_all, receipts
from nasflow.surgery.operated import Operated
from nasflow.surgery.receipt import TOLERANCE, most_allowed, relative_difference, tolerance_of

__all__ = [
    "TOLERANCE",
    "Gates",
    "Operated",
    "calibrate",
    "gated_logits",
    "most_allowed",
    "operate",
    "operate_all",
    "receipts",
    "relative_difference",
    "tolerance_of",
]
