"""Specs as torch modules: the maths of cells and hosts, nothing else."""

from nasflow.networks.build import build, check_fit, initialise, thaw
from nasflow.networks.cell import Cell
from nasflow.networks.cost import Cost, measure

__all__ = ["Cell", "Cost", "build", "check_fit", "initialise", "measure", "thaw"]
