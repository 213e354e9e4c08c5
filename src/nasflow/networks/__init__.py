"""Specs as torch modules: the maths of cells and hosts, nothing else."""

from nasflow.networks.build import build, check_fit, initialise, thaw
from nasflow.networks.cell import Cell

__all__ = ["Cell", "build", "check_fit", "initialise", "thaw"]
