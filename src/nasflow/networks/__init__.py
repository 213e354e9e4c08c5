"""Specs as torch modules: the maths of cells and hosts, nothing else."""

from nasflow.networks.build import all_places, build, check_fit, check_network, initialise, layout_of, thaw
from nasflow.networks.cell import Cell
from nasflow.networks.layers import cells

__all__ = [
    "Cell",
    "all_places",
    "build",
    "cells",
    "check_fit",
    "check_network",
    "initialise",
    "layout_of",
    "thaw",
]
