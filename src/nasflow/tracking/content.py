"""What one run is to show, before any MLflow: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from nasflow.spec.hosts import Host

SEARCH_ID = "nasflow.search_id"
IDENTITY = "nasflow.identity"
CHILD_ID = "nasflow.child_id"
DIGEST = "nasflow.digest"
ROLE = "nasflow.role"
PARENT = "nasflow.parent"
ARM = "nasflow.arm"
ROUND = "nasflow.round"
CELL = "nasflow.cell"
"""The network's parts as text: a column of the table of runs."""
NOTE = "mlflow.note.content"
"""MLflow shows this tag as the run's description."""

_TAG_LENGTH = 5000


class Role(StrEnum):
    """What a run stands for: the search itself, or one of its networks."""

    SEARCH = "search"
    START = "start"
    CHILD = "child"
    SHORTLIST = "shortlist"
    """At full size, of those of which the final network's was chosen."""
    FINAL = "final"
    CONTROL = "control"
    """At full size, beside the final network."""


@dataclass(frozen=True)
class MetricValue:
    """One value of a metric; `step` is an epoch or a round, 0 where there is none."""

    key: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Story:
    """What a search has found, in words and as a page: made by those who can tell it."""

    description: str
    """Markdown: MLflow shows it at the head of the search's run, and as the card of the registered model."""
    lift: float | None = None
    """By how much the controller's children are better than the random arm's, in the objective's unit."""
    report: str | None = None
    """The search's page, HTML."""


@dataclass(frozen=True)
class RunContent:
    """All that one run is to show."""

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    values: tuple[MetricValue, ...]
    files: Mapping[str, str]
    """Text by file name."""
    status: Literal["RUNNING", "FINISHED", "FAILED"]
    seconds: float
    """How long the work took, over all attempts: records hold no time of day."""


def present(values: Mapping[str, object]) -> dict[str, str]:
    """As tags or params: what is None left out, the rest as text of a length that MLflow takes."""
    return {key: str(value)[:_TAG_LENGTH] for key, value in values.items() if value is not None}


def host_params(host: Host) -> dict[str, object]:
    """What sets hosts of one kind apart; what hardly anybody changes is in the configuration."""
    return {"host": host.kind, **host.model_dump(exclude={"kind", "stages", "reduction", "start"})}


_METRICS = {
    "held_out_accuracy": "accuracy",
    "train_loss": "training_loss",
    "train_accuracy": "training_accuracy",
}


def metric_name(figure: str) -> str:
    """What a measure or a figure of an epoch is called in MLflow: a curve as what it ends with."""
    return _METRICS.get(figure, figure)


def metric_values(values: Mapping[str, float | None], step: int = 0) -> tuple[MetricValue, ...]:
    """One metric a value, what is None left out."""
    return tuple(MetricValue(key, float(value), step) for key, value in values.items() if value is not None)
