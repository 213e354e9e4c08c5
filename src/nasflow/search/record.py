"""What happened to a child: the documents that its steps write."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from nasflow.base.document import Document, Frozen, is_off
from nasflow.search.measures import Measured
from nasflow.spec.edits import AnyEdit
from nasflow.spec.parts import Parts
from nasflow.spec.tree import Path


class Birth(Frozen):
    """An operation that replaced an identity and is not open yet."""

    path: Path
    """Its edge, the same in each of the network's cells that it is in."""
    share: tuple[int, int] | None = None
    """(part, parts) of the channels it passes on while shut, where a later Split-Concat cut it."""
    place: str | None = Field(default=None, exclude_if=is_off)
    """The one cell that it is in; None: all that share one."""


class EditReceipt(Frozen):
    """One edit and what it did to the logits."""

    edit: AnyEdit
    difference: float | None = None
    """Largest absolute logit difference to before this edit, over the largest absolute logit; None: only all
    edits together were measured (`nasflow verify` measures each)."""


class Receipt(Frozen):
    """How far a child started from where its parent stood: the proof, where every edit preserves."""

    difference: float
    """Largest absolute logit difference, child against parent, over the parent's largest absolute logit."""
    tolerance: float | None
    """The most that it may be; None: an edit does not preserve, so the difference is only measured."""
    rounding: float | None = Field(default=None, exclude_if=is_off)
    """How far the parent's own logits in float32 are from those in float64, in the same measure: what a
    larger tolerance than 1e-6 rests on. None: the difference is so small that nobody asked."""
    images: int
    """Held-out images on which child and parent were compared; none of them calibrated anything."""
    parent_accuracy: float
    birth_accuracy: float
    edits: tuple[EditReceipt, ...]


def upgraded_receipt(given: Any) -> Any:
    """A receipt of schema 1, whose edits were called transforms."""
    if not isinstance(given, dict) or "transforms" not in given:
        return given
    edits = [{"edit": each["transform"], "difference": each["difference"]} for each in given["transforms"]]
    return {name: value for name, value in given.items() if name != "transforms"} | {"edits": edits}


class BirthRecord(Document):
    """A child before its first step: what `warm-start` leaves for `train`."""

    SCHEMA: ClassVar[int] = 2

    child: str
    weights: str
    """Blob of the initial weights (safetensors, named as in a network built from the spec)."""
    births: tuple[Birth, ...] = ()
    receipt: Receipt | None = None
    """None for a child from scratch."""

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """See `_without_failure`."""
        return _without_failure(data) | {"receipt": upgraded_receipt(data.get("receipt"))}


def _is_none(value: object) -> bool:
    return value is None


class Epoch(Frozen):
    """One epoch's metrics."""

    epoch: int
    """From 1."""
    train_loss: float
    """Mean over the epoch's images."""
    train_accuracy: float
    held_out_loss: float | None = Field(default=None, exclude_if=_is_none)
    """None: the held-out images were not shown after this epoch (`Recipe.curve`)."""
    held_out_accuracy: float | None = Field(default=None, exclude_if=_is_none)
    learning_rate: float
    """At the end of the epoch."""


class Checkpoint(Document):
    """Where a training stands: rewritten after each epoch, and within long ones, by compare-and-swap."""

    child: str
    state: str
    """Blob of the weights and the momentum."""
    history: tuple[Epoch, ...]
    step: int = Field(default=0, exclude_if=is_off)
    """Steps done of the epoch that follows."""

    @property
    def reached(self) -> tuple[int, int]:
        """How far it is, in an order: epochs, and steps of the next one."""
        return len(self.history), self.step


class TrainingRecord(Document):
    """The end of a training."""

    SCHEMA: ClassVar[int] = 2

    child: str
    weights: str
    """Blob of the trained weights."""
    history: tuple[Epoch, ...]

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """See `_without_failure`."""
        return _without_failure(data)


def _without_failure(data: dict[str, Any]) -> dict[str, Any]:
    """A document of schema 1, which had no weights and a reason where the child failed.

    What became of that child is in its record.
    """
    weights = "" if data["weights"] is None else data["weights"]
    return {name: value for name, value in data.items() if name != "failure"} | {"weights": weights}


class ChildRecord(Document):
    """A child's result, trained or failed: the entry of the child bank. It holds no time of day."""

    SCHEMA: ClassVar[int] = 2

    child: str
    parts: Parts
    """What stood in its host's places."""
    status: Literal["trained", "failed", "rung"]
    measures: Mapping[str, Measured]
    """By name; of a failed one what can be counted."""
    receipt: Receipt | None = None
    history: tuple[Epoch, ...] = ()

    @property
    def parameters(self) -> int:
        """Of its network."""
        return int(self.measures["parameters"].value)

    @property
    def mult_adds(self) -> int:
        """Multiplications with additions for one image (convolutions and the classifier)."""
        return int(self.measures["mult_adds"].value)

    @classmethod
    def from_data(cls, data: Any, where: str) -> Self:
        """See Document; a record is read as what its status says."""
        kinds: dict[str, type[ChildRecord]] = {
            "trained": TrainedRecord,
            "failed": FailedRecord,
            "rung": RungRecord,
        }
        status = data.get("status") if isinstance(data, dict) and cls is ChildRecord else None
        kind = kinds.get(status) if isinstance(status, str) else None
        return kind.from_data(data, where) if kind else super().from_data(data, where)  # type: ignore[return-value]

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 knew a cell and three figures, and one class for both outcomes."""
        known = {name: value for name, value in data.items() if name not in _FIGURES}
        figures: dict[str, Any] = {
            "parameters": {"value": data["parameters"], "unit": "parameters"},
            "mult_adds": {"value": data["mult_adds"], "unit": "mult-adds"},
        }
        if known["status"] == "failed":
            known.pop("weights", None)
        else:
            known.pop("failure", None)
            figures["held_out_accuracy"] = {"value": data["accuracy"], "unit": "share"}
        receipt = upgraded_receipt(data.get("receipt"))
        return known | {"parts": data["cell"], "measures": figures, "receipt": receipt}


_FIGURES = {"cell", "accuracy", "parameters", "mult_adds"}


class TrainedRecord(ChildRecord):
    """A child that was trained to its end."""

    status: Literal["trained"] = "trained"
    weights: str
    """Blob of the trained weights."""
    guess: float | None = Field(default=None, exclude_if=_is_none)
    """What naming the commonest class, always, gets right of the held-out images; None: nobody looked."""

    @property
    def accuracy(self) -> float:
        """The share of the held-out images that it tells right."""
        return self.measures["held_out_accuracy"].value


class FailedRecord(ChildRecord):
    """A child that could not be born or trained."""

    status: Literal["failed"] = "failed"
    failure: str
    """Why, in one line."""


class RungRecord(ChildRecord):
    """A child as it was after an epoch before its last: where a round is halved, and where it may stop.

    Everybody who trains the child so far gets this one; whether it stops there is the search's to say.
    """

    status: Literal["rung"] = "rung"

    @property
    def epoch(self) -> int:
        """After which it was measured."""
        return len(self.history)


AnyRecord = Annotated[TrainedRecord | FailedRecord, Field(discriminator="status")]
"""What the bank has of a child."""

RoundRecord = Annotated[TrainedRecord | FailedRecord | RungRecord, Field(discriminator="status")]
"""What became of a child in a round."""


class Outcome(StrEnum):
    """What an attempt's seconds were good for."""

    USEFUL = "useful"
    FAILED = "failed"
    PREEMPTED = "preempted"
    REUSED = "reused"
    LOST = "lost"


class Attempt(Document):
    """One process's work on one child: the cost ledger's entry, kept apart from the results."""

    child: str
    number: int
    device: str
    """`cpu` or the GPU's name."""
    seconds: float
    """From its start to its last sign of life."""
    kept_seconds: float
    """The part that a checkpoint or a result has kept."""
    outcome: Literal["useful", "failed", "stopped", "hindered", "lost"] | None
    """None while it runs; for ever None if it was killed, which the cost ledger counts as preempted, as it
    does one that was stopped, or hindered by its store or its images. Lost: somebody else did the same."""
    worker: str | None = Field(default=None, exclude_if=is_off)
    """The process, as `steps.worker` knows it; None of one of older code."""
    trained_seconds: float | None = Field(default=None, exclude_if=is_off)
    """What its training steps took, and what is done between them; the first one, which waits for images and
    libraries, counts as one like the others. None: it had fewer than two, or did not come to their end."""
