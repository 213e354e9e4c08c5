"""What a network costs and is worth: one file a family of measures; their names are in `nasflow.search`."""

from nasflow.measure.subject import Subject
from nasflow.measure.take import counted, take

__all__ = ["Subject", "counted", "take"]
