"""The experiment of a search as its reader finds it: of machine learning, with a sorted table of networks."""

import json
from typing import TYPE_CHECKING

from nasflow.search.resolved import ResolvedConfig
from nasflow.tracking.content import ARM, CELL, ROLE, ROUND, SEARCH_ID, Role, metric_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

_KIND, _MACHINE_LEARNING = "mlflow.experimentKind", "custom_model_development"
"""Without this tag MLflow 3 guesses what an experiment is."""
_AS_TRAINING = "workflowType=machine_learning"
"""Without this in an address MLflow 3.17 opens it as one of GenAI, whatever its tag says."""
_VIEW = "mlflow.sharedViewState."
"""MLflow keeps here how a table of runs looks that somebody shares."""


def furnish(client: "MlflowClient", experiment: str, config: ResolvedConfig) -> None:
    """Give the experiment its kind, unless it has one or is not nasflow's own, and the search its table."""
    known = client.get_experiment(experiment).tags
    wanted = {_VIEW + _view_name(config.name): json.dumps(_table(config))}
    if SEARCH_ID in known and _KIND not in known:
        wanted[_KIND] = _MACHINE_LEARNING
    for name, value in wanted.items():
        if known.get(name) != value:
            client.set_experiment_tag(experiment, name, value)


def experiment_address(ui: str, experiment: str) -> str:
    """Its page, below the address of MLflow's pages."""
    return f"{ui}/#/experiments/{experiment}?{_AS_TRAINING}"


def run_address(ui: str, experiment: str, run: str) -> str:
    """The page of one run."""
    return f"{ui}/#/experiments/{experiment}/runs/{run}?{_AS_TRAINING}"


def table_address(ui: str, experiment: str, search: str) -> str:
    """The page of the experiment's runs that shows all networks of the search, the best first."""
    return f"{ui}/#/experiments/{experiment}/runs?viewStateShareKey={_view_name(search)}&{_AS_TRAINING}"


def newest_tables(client: "MlflowClient", ui: str, count: int) -> list[str]:
    """The addresses of so many searches' tables, the search that was shown last comes first."""
    return [
        table_address(ui, each.experiment_id, each.tags[SEARCH_ID])
        for each in client.search_experiments(
            max_results=count,
            filter_string=f"tags.`{SEARCH_ID}` LIKE '%'",
            order_by=["last_update_time DESC"],
        )
    ]


def _view_name(search: str) -> str:
    # An experiment of Kubeflow's may hold several searches.
    return f"nasflow-{search}"


def _table(config: ResolvedConfig) -> dict[str, object]:
    """Sorted by a figure, MLflow shows a flat table: no run has to be opened to see those below it."""
    objective = config.objective
    figures = dict.fromkeys(
        map(metric_name, ("held_out_accuracy", *objective.measures, "parameters", "mult_adds"))
    )
    tags = (ROLE, ARM, ROUND, CELL)
    return {
        "searchFilter": f"tags.`{SEARCH_ID}` = '{config.name}' and tags.`{ROLE}` != '{Role.SEARCH.value}'",
        "orderByKey": f"metrics.`{metric_name(objective.measure)}`",
        "orderByAsc": not objective.is_maximised,
        "selectedColumns": [
            *(f"metrics.`{name}`" for name in figures),
            *(f"tags.`{name}`" for name in tags),
        ],
    }
