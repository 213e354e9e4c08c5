"""What a search decided: the documents of its rounds and of its end."""

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from nasflow.base.document import Document, Frozen, is_off
from nasflow.spec.edits import AnyEdit
from nasflow.spec.parts import Parts


class Arm(StrEnum):
    """Who drew a child."""

    CONTROLLER = "controller"
    RANDOM = "random"


class Episode(Frozen):
    """The decisions that made one child, and what they made; replayed by the update."""

    arm: Arm
    decisions: tuple[int, ...]
    """Index of each choice among its options; options follow from the space and the start network."""
    tries: int = Field(ge=1)
    """Episodes drawn until this one was new: a rising figure is a collapsing policy."""
    parts: Parts
    """What stands in the places of the child's host."""
    parent: str | None = Field(default=None, exclude_if=is_off)
    """Id of the record that it grows from; None: of none (or, in what an older nasflow wrote, the start)."""
    edits: tuple[AnyEdit, ...] = Field(default=(), exclude_if=is_off)
    """Of the parent's network."""


class Proposal(Document):
    """One round's children, in order."""

    SCHEMA: ClassVar[int] = 2

    round: int = Field(ge=1)
    controller: str | None
    """Digest of the controller state that proposed; None: the initial one."""
    seed: int
    episodes: tuple[Episode, ...]
    children: tuple[str, ...]
    """Child ids, one an episode."""
    banked: tuple[str, ...] = ()
    """Those of them that the child bank held already: they cost nothing."""

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 knew the cell of an episode."""
        episodes = [
            {("parts" if name == "cell" else name): value for name, value in each.items()}
            for each in data["episodes"]
        ]
        return data | {"episodes": episodes}


class ControllerUpdate(Document):
    """The controller after a round."""

    round: int = Field(ge=1)
    controller: str | None
    """Digest of the new state; None for a controller without one."""
    metrics: dict[str, float]


class SearchStop(Document):
    """Why a search proposes no more, and the child it chose."""

    reason: Literal["budget", "exhausted", "failures"]
    detail: str
    rounds: int
    best: str | None


class FinishRecord(Document):
    """The one look at the test set."""

    child: str
    """The searched child whose network was chosen."""
    final: str
    """The child trained at full size."""
    held_out_accuracy: float
    test_accuracy: float
    test_images: int
    start_final: str | None = None
    """The start network in the same place with the same training: what the found one is measured against."""
    start_test_accuracy: float | None = None
