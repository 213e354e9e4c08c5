"""The edits: one file a kind, each with its surgeon of the same name in `nasflow.surgery`."""

from typing import Annotated

from nasflow.base.plugins import OpenUnion
from nasflow.spec.edits.edit import CellEdit, Edit, apply_all
from nasflow.spec.edits.insert import Insert
from nasflow.spec.edits.replace import Replace
from nasflow.spec.edits.replicate import Replicate
from nasflow.spec.edits.split import Split

EDITS = (Replicate, Split, Insert, Replace)

AnyEdit = Annotated[Edit, OpenUnion("nasflow.edits", EDITS)]

__all__ = ["EDITS", "AnyEdit", "CellEdit", "Edit", "Insert", "Replace", "Replicate", "Split", "apply_all"]
