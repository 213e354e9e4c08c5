"""Surgery on a trained network, from outside: every transform preserves the function."""

from nasflow.transform.birth import Gates, calibrate
from nasflow.transform.grow import Grown, grow, grow_network
from nasflow.transform.receipt import TOLERANCE, relative_difference

__all__ = ["TOLERANCE", "Gates", "Grown", "calibrate", "grow", "grow_network", "relative_difference"]
