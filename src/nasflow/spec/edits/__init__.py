"""The edits: one file a kind, each with its surgeon of the same name in `nasflow.surgery`."""

from typing import Annotated

from nasflow.base.plugins import OpenUnion
from nasflow.spec.edits.deepen import Deepen
from nasflow.spec.edits.edit import CellEdit, Edit, apply_all
from nasflow.spec.edits.insert import Insert
from nasflow.spec.edits.narrow import Narrow
from nasflow.spec.edits.remove import Remove
from nasflow.spec.edits.replace import Replace
from nasflow.spec.edits.replicate import Replicate
from nasflow.spec.edits.split import Split
from nasflow.spec.edits.widen import Widen

EDITS = (Replicate, Split, Insert, Replace, Widen, Deepen, Narrow, Remove)

AnyEdit = Annotated[Edit, OpenUnion("nasflow.edits", EDITS)]

__all__ = [
    "EDITS",
    "AnyEdit",
    "CellEdit",
    "Deepen",
    "Edit",
    "Insert",
    "Narrow",
    "Remove",
    "Replace",
    "Replicate",
    "Split",
    "Widen",
    "apply_all",
]
