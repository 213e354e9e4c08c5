"""The table: one compact file, with the configuration that it was made by."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field

from nasflow.base.document import Document, Frozen, canonical_json
from nasflow.base.packed import unpacked
from nasflow.search.config import SearchConfig
from nasflow.search.record import Epoch
from nasflow.spec.tree import TreeText

_RESTS_ON = {
    **dict.fromkeys(("seed", "data", "host", "start", "start_cell", "space", "child"), True),
    "finish": {"host", "recipe"},
}
"""What of a configuration a cell's truth depends on. Who searches, and for what, is not of it."""

_PLACES = 5
"""Decimal places that are kept: one image of 100,000, where it is an accuracy."""


class Curve(Frozen):
    """One training: a figure an epoch, the first epoch first."""

    train_loss: tuple[float, ...]
    """Mean over the epoch's images, as they went by."""
    train_accuracy: tuple[float, ...]
    held_out_loss: tuple[float, ...]
    held_out_accuracy: tuple[float, ...]

    @classmethod
    def of(cls, history: Iterable[Epoch]) -> Self:
        """That of a record."""
        epochs = tuple(history)
        return cls(
            **{
                name: tuple(round(getattr(epoch, name), _PLACES) for epoch in epochs)
                for name in cls.model_fields
            }
        )


class TrueCell(Frozen):
    """One cell, and what it is worth."""

    cell: TreeText
    parameters: int
    """Of the network of the search."""
    mult_adds: int
    full_parameters: int
    """Of the network at full size; the same where the finish has the host of the search."""
    full_mult_adds: int
    scratch: tuple[Curve | None, ...]
    """From scratch, as the search's finish trains: one a seed. None: not trained yet, or failed."""
    inherited: Curve | None
    """Grown from the start network and trained as the search trains a child."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it is trained."""
        return self.inherited is not None and None not in self.scratch


def question(asked: SearchConfig) -> str:
    """The canonical JSON of all that decides what a table of this configuration holds."""
    return canonical_json(asked.model_dump(mode="json", include=_RESTS_ON, exclude={"data": {"path"}}))


class TruthTable(Document):
    """All cells of a space, in an order that was drawn: the first of them are a fair sample."""

    asked: SearchConfig
    """The search that was asked about."""
    seeds: int = Field(ge=1)
    """From-scratch trainings a cell."""
    versions: dict[str, str]
    """Of what computed it."""
    start: Curve
    """The start network's own training."""
    cells: tuple[TrueCell, ...]

    @property
    def complete(self) -> tuple[TrueCell, ...]:
        """Those that are trained to the end, inherited and with each seed."""
        return tuple(cell for cell in self.cells if cell.is_complete)


def read_table(file: Path) -> TruthTable:
    """The table in a file; raise InvalidSpec with one line if it is none."""
    return unpacked(TruthTable, file, "a table of `nasflow study truth`")
