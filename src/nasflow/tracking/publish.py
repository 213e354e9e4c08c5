"""The one call that makes MLflow show what the records say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nasflow.base.errors import TrackingUnavailable
from nasflow.search.ledger import Ledger
from nasflow.tracking.address import artifact_folder
from nasflow.tracking.children import Shown, child_content, children
from nasflow.tracking.connection import catch_up, connected
from nasflow.tracking.content import CHILD_ID, IDENTITY, ROLE, SEARCH_ID, Role, RunContent, Story
from nasflow.tracking.experiment import furnish
from nasflow.tracking.plugin_runs import claimed_runs, home
from nasflow.tracking.runs import by_tags, create, fill_run, find_runs, is_complete
from nasflow.tracking.search import search_content

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Published:
    """Where a search is shown."""

    experiment: str
    """Id of its experiment."""
    runs: Mapping[tuple[str, str], str]
    """Run id by role and child id."""


def publish(uri: str, ledger: Ledger, drawings: Mapping[str, str], story: Story | None = None) -> Published:
    """Show a search at the MLflow at `uri`: one experiment, a parent run, a child run a network.

    `drawings` holds cells as SVG, by child id; `story` tells what was found. What is shown already
    is left alone, so that the call may be repeated at any time, also after one that was killed. Raise
    TrackingUnavailable, which is worth one warning, if MLflow cannot be used.
    """
    with connected(uri, catch_up(ledger.config.name)) as client:
        return publish_through(client, uri, ledger, drawings, story)


def publish_through(
    client: "MlflowClient",
    uri: str,
    ledger: Ledger,
    drawings: Mapping[str, str],
    story: Story | None = None,
) -> Published:
    """As `publish`, for a client that is connected."""
    name, content = ledger.config.name, search_content(ledger, story)
    experiment = home(client, name, content.tags[IDENTITY]) or _experiment(client, uri, name)
    furnish(client, experiment, ledger.config)
    found = list(find_runs(client, experiment, name))
    parent = _parent(client, experiment, content, found)
    below = [run for run in found if run.data.tags.get(_PARENT) == parent.info.run_id]
    known, waiting = by_tags(client, below, ROLE, CHILD_ID), claimed_runs(found)
    runs = {
        shown.key: _show_child(
            client,
            parent,
            known.get(shown.key) or waiting.pop(shown.record.child, None),
            child_content(shown, ledger, _drawing(shown, drawings)),
        )
        for shown in children(ledger)
    }
    # Last: a search that is FINISHED here has all its children here.
    if not is_complete(parent, content):
        fill_run(client, parent, content)
    return Published(experiment, runs)


def _drawing(shown: Shown, drawings: Mapping[str, str]) -> str | None:
    return drawings.get(shown.record.child)


def _experiment(client: "MlflowClient", uri: str, name: str) -> str:
    """Id of the search's experiment, created if need be."""
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_folder(uri), tags={SEARCH_ID: name}))
        except MlflowException:
            # Another process may have been faster.
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
    if experiment.lifecycle_stage != "active":
        raise TrackingUnavailable(
            f"the MLflow experiment {name!r} was deleted: `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}`, then `nasflow sync {name}`, shows the search again"
        )
    return str(experiment.experiment_id)


def _parent(client: "MlflowClient", experiment: str, content: RunContent, found: list["Run"]) -> "Run":
    """The run of the search itself; another search of the same name has one of its own."""
    tags = {name: content.tags[name] for name in (SEARCH_ID, ROLE, IDENTITY)}
    parents = [run for run in found if run.data.tags.get(ROLE) == Role.SEARCH]
    known = by_tags(client, parents, IDENTITY)
    return known.get((tags[IDENTITY],)) or create(client, experiment, content, tags)


def _show_child(client: "MlflowClient", parent: "Run", known: "Run | None", content: RunContent) -> str:
    """Id of the run that shows `content`, completed or created if need be."""
    if known and is_complete(known, content):
        return str(known.info.run_id)
    tags = {name: content.tags[name] for name in (SEARCH_ID, ROLE, CHILD_ID)} | {_PARENT: parent.info.run_id}
    run = known or create(client, parent.info.experiment_id, content, tags)
    if run.data.tags.get(_PARENT) != parent.info.run_id:
        # Made by Kubeflow's plugin, below a run of its own and under the task's name.
        client.set_tag(run.info.run_id, _PARENT, parent.info.run_id)
        client.update_run(run.info.run_id, name=content.name)
    fill_run(client, run, content)
    return str(run.info.run_id)
