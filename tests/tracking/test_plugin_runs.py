import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nasflow.search.record import TrainedRecord
from nasflow.tracking import choose_server, claim_run, publish

from .shown import Shown

if TYPE_CHECKING:
    from .searches import Searches


@pytest.fixture
def plugin(uri: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """What the plugin leaves: an experiment with a run for a pipeline and, below it, one for a task."""
    client = Shown(uri, name).client
    experiment = client.create_experiment(f"kfp-{name}", (tmp_path / "artifacts").as_uri())
    parent = client.create_run(experiment, run_name="pipeline")
    task = client.create_run(experiment, run_name="child", tags={"mlflow.parentRunId": parent.info.run_id})
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    monkeypatch.setenv("MLFLOW_RUN_ID", task.info.run_id)
    return experiment, task.info.run_id


def test_a_child_is_shown_in_kubeflows_run(
    uri: str, name: str, searches: "Searches", plugin: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin's run is filled and comes below the search's run; the child has no second one anywhere."""
    experiment, task = plugin
    ledger = searches.running(name)
    record = ledger.children[0]
    assert isinstance(record, TrainedRecord)
    claim_run(uri, name, record.child)
    publish(uri, ledger, {})
    # From a laptop, where no plugin says where the search is.
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
    monkeypatch.delenv("MLFLOW_RUN_ID")
    publish(uri, ledger, {})
    client = Shown(uri, name).client
    assert client.get_experiment_by_name(name) is None
    runs = [run for run in client.search_runs([experiment]) if "nasflow.search_id" in run.data.tags]
    (shown,) = [run for run in runs if run.data.tags.get("nasflow.child_id") == record.child]
    (parent,) = [run for run in runs if run.data.tags["nasflow.role"] == "search"]
    assert shown.info.run_id == task
    assert shown.info.run_name == "round-001-child-01"
    assert shown.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert shown.data.metrics["accuracy"] == record.history[-1].held_out_accuracy


def test_without_the_plugin(uri: str, name: str, searches: "Searches") -> None:
    """Where no run was made, nothing is adopted and the search has its own experiment."""
    claim_run(uri, name, "0123456789abcdef")
    publish(uri, searches.running(name), {})
    assert Shown(uri, name).run(role="search")


VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
VALUES = ("http://ours", "me", "mine")
OURS = {f"NASFLOW_{name}": value for name, value in zip(VARIABLES, VALUES, strict=True)}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, ("http://ours", "me", "mine")),
        ({"MLFLOW_TRACKING_URI": "http://ours/"}, ("http://ours/", "me", "mine")),
        ({"MLFLOW_TRACKING_URI": "http://theirs"}, ("http://theirs", None, None)),
        ({"MLFLOW_TRACKING_USERNAME": "plugin"}, ("http://ours", "plugin", "mine")),
    ],
)
def test_which_mlflow_a_pod_uses(
    named: dict[str, str], expected: tuple[str | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nasflow's own, unless the plugin names another one, which never gets our credentials."""
    monkeypatch.setattr("os.environ", OURS | named)
    choose_server()
    assert tuple(map(os.environ.get, VARIABLES)) == expected


def test_no_mlflow_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody names one, none is made up."""
    monkeypatch.setattr("os.environ", {"NASFLOW_MLFLOW_TRACKING_URI": ""})
    choose_server()
    assert "MLFLOW_TRACKING_URI" not in os.environ
