"""What happened: the documents that steps write and the ledger is made of."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from nasflow.base.document import Document, Frozen
from nasflow.spec.growth import Transform
from nasflow.spec.tree import Path, TreeText


class Arm(StrEnum):
    """Who drew a child."""

    CONTROLLER = "controller"
    RANDOM = "random"


class Episode(Frozen):
    """The decisions that made one child, in the order of the paper; replayed by the update."""

    arm: Arm
    cell: TreeText
    """The cell as the decisions built it (a child's own spec holds the canonical order)."""
    decisions: tuple[int, ...]
    """Index of each choice among its options; options follow from space and cell."""
    tries: int = Field(ge=1)
    """Episodes drawn until this one was new: a rising figure is a collapsing policy."""


class Proposal(Document):
    """One round's children, in order."""

    round: int = Field(ge=1)
    controller: str | None
    """Digest of the controller state that proposed; None: the initial one."""
    seed: int
    episodes: tuple[Episode, ...]
    children: tuple[str, ...]
    """Child ids, one an episode."""
    banked: tuple[str, ...] = ()
    """Those of them that the child bank held already: they cost nothing."""


class ControllerUpdate(Document):
    """The controller after a round."""

    round: int = Field(ge=1)
    controller: str | None
    """Digest of the new state; None for a controller without one."""
    metrics: dict[str, float]


class Birth(Frozen):
    """An operation that replaced an identity and is not open yet."""

    path: Path
    """Its edge, the same in each of the network's cells."""
    share: tuple[int, int] | None = None
    """(part, parts) of the channels it passes on while shut, where a later Split-Concat cut it."""


class TransformReceipt(Frozen):
    """One transform and what it did to the logits."""

    transform: Transform
    difference: float
    """Largest absolute logit difference to before this transform, over the largest absolute logit."""


class Receipt(Frozen):
    """The proof that a child started where its parent stood."""

    difference: float
    """Largest absolute logit difference, child against parent, over the parent's largest absolute logit."""
    tolerance: float
    images: int
    """Held-out images on which child and parent were compared (a single transform: on the first of them);
    none of them calibrated anything."""
    parent_accuracy: float
    birth_accuracy: float
    transforms: tuple[TransformReceipt, ...]


class BirthRecord(Document):
    """A child before its first step: what `warm-start` leaves for `train`."""

    child: str
    weights: str | None
    """Blob of the initial weights (safetensors, named as in a network built from the spec); None: failed."""
    births: tuple[Birth, ...] = ()
    receipt: Receipt | None = None
    """None for a child from scratch."""
    failure: str | None = None


class Epoch(Frozen):
    """One epoch's metrics."""

    epoch: int
    """From 1."""
    train_loss: float
    """Mean over the epoch's images."""
    train_accuracy: float
    held_out_loss: float
    held_out_accuracy: float
    learning_rate: float
    """At the end of the epoch."""


class Checkpoint(Document):
    """Where a training stands: rewritten after each epoch by compare-and-swap."""

    child: str
    state: str
    """Blob of the weights and the momentum."""
    history: tuple[Epoch, ...]


class TrainingRecord(Document):
    """The end of a training."""

    child: str
    weights: str | None
    """Blob of the trained weights; None: failed."""
    history: tuple[Epoch, ...]
    failure: str | None = None


class ChildRecord(Document):
    """A child's result: the entry of the child bank. It holds no time, so that it is the same on each run."""

    child: str
    cell: TreeText
    status: Literal["trained", "failed"]
    failure: str | None = None
    """Why, in one line."""
    accuracy: float | None = None
    """On the held-out images: the reward rests on it. None: failed."""
    parameters: int
    mult_adds: int
    """Multiplications with additions for one image (convolutions and the classifier)."""
    weights: str | None = None
    receipt: Receipt | None = None
    history: tuple[Epoch, ...] = ()


class Outcome(StrEnum):
    """What an attempt's seconds were good for."""

    USEFUL = "useful"
    FAILED = "failed"
    PREEMPTED = "preempted"
    REUSED = "reused"


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
    outcome: Literal["useful", "failed"] | None
    """None while it runs; for ever None if it was killed, which the cost ledger counts as preempted."""


class SearchStop(Document):
    """Why a search proposes no more, and the child it chose."""

    reason: Literal["budget", "exhausted", "failures"]
    detail: str
    rounds: int
    best: str | None


class FinishRecord(Document):
    """The one look at the test set."""

    child: str
    """The searched child whose cell was chosen."""
    final: str
    """The child trained from scratch at full size."""
    held_out_accuracy: float
    test_accuracy: float
    test_images: int
    start_final: str | None = None
    """The start cell in the same place with the same training: what the found cell is measured against."""
    start_test_accuracy: float | None = None
