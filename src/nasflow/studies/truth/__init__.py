"""The truth of a small space: what each of its cells is worth, inherited and from scratch, epoch by epoch."""

from nasflow.studies.truth.table import Curve, TrueCell, TruthTable, question, read_table
from nasflow.studies.truth.train import Truth

__all__ = ["Curve", "TrueCell", "Truth", "TruthTable", "question", "read_table"]
