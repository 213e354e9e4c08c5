"""The experiment of a search as its reader finds it: of machine learning, with a sorted table of networks."""

import json
from typing import TYPE_CHECKING

from nasflow.search.resolved import ResolvedConfig
from nasflow.tracking.content import ARM, CELL, ROLE, ROUND, SEARCH_ID, Role, metric_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

_KIND, _MACHINE_LEARNING = "mlflow.experimentKind", "custom_model_development"
"""Without this tag MLflow 3 guesses, and may open an experiment as one of GenAI."""
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


def table_query(search: str) -> str:
    """What an experiment's page of runs is asked for, to show all networks of the search, the best first."""
    return f"viewStateShareKey={_view_name(search)}"


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
