"""What MLflow shows."""

import os
from typing import TYPE_CHECKING

import pytest

from nasflow.base.settings import by_name
from nasflow.search.ledger import Ledger
from nasflow.tracking.connection import QUIET

if TYPE_CHECKING:
    from mlflow.entities import Run


alike = pytest.mark.parametrize(
    "uri", ["sqlite", pytest.param("server", marks=pytest.mark.long)], indirect=True
)
"""For tests whose requests to a server others make too."""


class Shown:
    """What MLflow shows of one search."""

    def __init__(self, uri: str, name: str) -> None:
        os.environ.update(by_name(QUIET))
        from mlflow import MlflowClient

        self.client = MlflowClient(uri, uri)
        self.name = name

    @property
    def runs(self) -> "list[Run]":
        """All runs of the experiment that are not deleted."""
        experiment = self.client.get_experiment_by_name(self.name)
        return list(self.client.search_runs([experiment.experiment_id])) if experiment else []

    def run(self, **tags: str) -> "Run":
        """The one run with these tags, named without their prefix."""
        (run,) = [
            run
            for run in self.runs
            if all(run.data.tags.get(f"nasflow.{key}") == value for key, value in tags.items())
        ]
        return run

    def history(self, run: "Run", key: str) -> list[tuple[int, float]]:
        """(step, value) of each row of a metric."""
        rows = self.client.get_metric_history(run.info.run_id, key)
        return sorted((row.step, row.value) for row in rows)

    def files(self, run: "Run") -> set[str]:
        """The names of the run's artifacts."""
        return {file.path for file in self.client.list_artifacts(run.info.run_id)}


def assert_complete(look: Shown, ledger: Ledger) -> None:
    """Each record has exactly one run, each run one row a step, and no run is left open."""
    expected = [record.child for record in (ledger.start, *ledger.children, ledger.final) if record]
    runs = [run for run in look.runs if run.data.tags["nasflow.role"] != "search"]
    assert sorted(run.data.tags["nasflow.child_id"] for run in runs) == sorted(expected)
    assert {run.info.status for run in runs} <= {"FINISHED", "FAILED"}
    for run in look.runs:
        assert "nasflow.digest" in run.data.tags
        for key in run.data.metrics:
            steps = [step for step, _ in look.history(run, key)]
            assert len(set(steps)) == len(steps)
    parent = look.run(role="search")
    assert [step for step, _ in look.history(parent, "children")] == list(range(1, len(ledger.rounds) + 1))
    for run in runs:
        if run.info.status == "FINISHED":
            assert [step for step, _ in look.history(run, "training_loss")] == [1, 2]
