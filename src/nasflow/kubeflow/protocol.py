"""What nasflow needs of Kubeflow Pipelines: five calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Arguments = Mapping[str, str | int | list[str]]
"""What a pipeline is told."""


class RunState(StrEnum):
    """A run's state, in Kubeflow's words; just after its submission a run has none."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    PAUSED = "PAUSED"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in {RunState.SUCCEEDED, RunState.SKIPPED, RunState.FAILED, RunState.CANCELED}


@dataclass(frozen=True)
class RunView:
    """A run as Kubeflow shows it."""

    id: str
    name: str
    state: RunState


class Kubeflow(Protocol):
    """Runs in one namespace. Every method raises KubeflowUnavailable, in one line with the remedy."""

    @property
    def address(self) -> str:
        """The API's address, for messages."""
        ...

    def submit(
        self,
        name: str,
        pipeline: bytes,
        arguments: Arguments,
        experiment: str,
        account: str | None,
    ) -> RunView:
        """Start a run of a compiled pipeline (YAML) under a service account (None: Kubeflow's own)."""
        ...

    def find(self, name: str) -> RunView | None:
        """The newest run of this name; of several of one second the same one for whoever asks."""
        ...

    def run(self, id: str) -> RunView | None:
        """The run, or None if Kubeflow has forgotten it."""
        ...

    def terminate(self, id: str) -> None:
        """End a run; nothing happens to one that is over, or is being stopped already.

        One whose workflow somebody has deleted cannot end: it is forgotten.
        """
        ...

    def forget(self, id: str) -> None:
        """Delete a run, which then nobody finds any more, with its workflow if there is one."""
        ...
