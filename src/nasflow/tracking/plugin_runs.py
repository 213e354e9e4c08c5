"""Kubeflow's own MLflow runs: where its plugin has made one for a task, the task's child is shown there.

The plugin (Kubeflow 2.17) makes a run a task and puts MLFLOW_RUN_ID, MLFLOW_EXPERIMENT_ID and
MLFLOW_TRACKING_URI into the pod (its setting `injectUserEnvVars`). The pod marks that run as its child's;
whoever publishes the search fills it, and makes no second one.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nasflow.base.settings import PLUGIN_EXPERIMENT, PLUGIN_RUN, TRACKING_CREDENTIALS, TRACKING_URI, own
from nasflow.tracking.connection import catch_up, connected
from nasflow.tracking.content import CHILD_ID, IDENTITY, ROLE, SEARCH_ID, Role

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_MOST = 1000
"""Experiments that are looked through."""


def choose_server() -> None:
    """Make nasflow's own MLflow the pod's, unless the plugin has named another one: its run is there.

    Our credentials never go to another server.
    """
    ours, named = own(TRACKING_URI).get(), TRACKING_URI.get()
    if not ours or (named and named.rstrip("/") != ours.rstrip("/")):
        return
    for variable in (TRACKING_URI, *TRACKING_CREDENTIALS):
        if value := own(variable).get():
            variable.set_if_absent(value)


def claim_run(uri: str, search_id: str, child_id: str) -> None:
    """Mark the run of this task as the child's; nothing happens where no plugin made one.

    Raise TrackingUnavailable if MLflow cannot be used.
    """
    run = PLUGIN_RUN.get()
    if run is None:
        return
    with connected(uri, catch_up(search_id)) as client:
        client.set_tag(run, SEARCH_ID, search_id)
        client.set_tag(run, CHILD_ID, child_id)


def home(client: "MlflowClient", search_id: str, identity: str) -> str | None:
    """The experiment that shows the search already, or else the plugin's; None: nasflow's own.

    Asked at each call, because `nasflow sync` on a laptop knows nothing of the plugin.
    """
    experiments = [each.experiment_id for each in client.search_experiments(max_results=_MOST)]
    wanted = (
        f"tags.`{SEARCH_ID}` = '{search_id}' and tags.`{ROLE}` = '{Role.SEARCH.value}' "
        f"and tags.`{IDENTITY}` = '{identity}'"
    )
    found = client.search_runs(experiments, wanted, max_results=1) if experiments else []
    if found:
        return str(found[0].info.experiment_id)
    return PLUGIN_EXPERIMENT.get() if PLUGIN_RUN.is_set else None


def claimed_runs(runs: Iterable["Run"]) -> dict[str, "Run"]:
    """Marked runs that are not filled yet by child; of several (a child that went on) the newest."""
    marked = [run for run in runs if ROLE not in run.data.tags and CHILD_ID in run.data.tags]
    marked.sort(key=lambda run: run.info.start_time)
    return {run.data.tags[CHILD_ID]: run for run in marked}
