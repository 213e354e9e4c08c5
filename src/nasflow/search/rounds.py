"""What a search decided: the documents of its rounds and of its end."""

from collections.abc import Mapping
from enum import StrEnum
from statistics import fmean
from typing import Any, ClassVar, Literal

from pydantic import Field

from nasflow.base.document import Document, Frozen, is_off
from nasflow.search.controls import Control, Finalist, OnTest
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


class Shortlisted(Frozen):
    """One of the best children, and its network at full size."""

    child: str
    final: str


class ShortlistRecord(Document):
    """The children of which one is chosen by what it comes to at full size, the best first."""

    rounds: int
    entries: tuple[Shortlisted, ...] = Field(min_length=2)


class SearchStop(Document):
    """Why a search proposes no more, the child it chose, and what is trained at full size."""

    SCHEMA: ClassVar[int] = 2

    reason: Literal["budget", "exhausted", "failures"]
    detail: str
    rounds: int
    best: str | None
    finalists: tuple[Finalist, ...] = ()
    """The found network first, once a seed; then the controls. Of schema 1 they are not known."""
    missing: Mapping[Control, str] = Field(default_factory=dict)
    """The controls that were asked for and cannot be, each with its reason."""


class FinishRecord(Document):
    """The one look at the test set."""

    SCHEMA: ClassVar[int] = 2

    child: str
    """The searched child whose network was chosen."""
    held_out_accuracy: float
    """Of the found network at full size, by its first training."""
    test_images: int
    tested: tuple[OnTest, ...] = Field(min_length=1)
    """The found network first; a finalist that could not be trained is left out."""

    @property
    def final(self) -> str:
        """The found network at full size, by its first training: the one that is exported and registered."""
        return self.tested[0].finalist.child

    @property
    def test_accuracy(self) -> float:
        """Of that one."""
        return self.tested[0].right / self.test_images

    def of(self, control: Control | None) -> tuple[OnTest, ...]:
        """The trainings of one control, or of the found network."""
        return tuple(each for each in self.tested if each.finalist.control is control)

    def accuracy(self, control: Control | None) -> float | None:
        """On the test images, the mean over the trainings; None: it was not trained."""
        found = self.of(control)
        return fmean(each.right for each in found) / self.test_images if found else None

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 knew the start network alone, and shares of right images."""

        def tested(child: str, share: float, control: Control | None) -> dict[str, Any]:
            finalist = {"control": control, "seed": 0, "child": child}
            return {"finalist": finalist, "right": round(share * data["test_images"])}

        known = [tested(data["final"], data["test_accuracy"], None)]
        if data.get("start_test_accuracy") is not None:
            known.append(tested(data["start_final"], data["start_test_accuracy"], Control.START))
        kept = ("child", "held_out_accuracy", "test_images")
        return {name: data[name] for name in kept} | {"tested": known}
