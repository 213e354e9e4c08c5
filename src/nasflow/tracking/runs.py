"""Runs in MLflow: found by their tags, and written so that doing it again changes nothing.

A run carries its digest once it is complete. One without was cut off: it is written again, and as
timestamps follow from the run's start, MLflow takes each of its rows for the one that it has.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nasflow.tracking.content import DIGEST, SEARCH_ID, MetricValue, RunContent

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

_PAGE = 1000
_BATCH = 900
"""MLflow takes 1000 entries at once, with params and tags."""


def find_runs(client: "MlflowClient", experiment: str, search_id: str) -> Iterator["Run"]:
    """Every run that is not deleted of the searches named `search_id`, a thousand a query."""
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment], f"tags.`{SEARCH_ID}` = '{search_id}'", max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def by_tags(client: "MlflowClient", runs: Iterable["Run"], *names: str) -> dict[tuple[str, ...], "Run"]:
    """One run for each value of the tags `names`; where two processes made one each, one is deleted."""
    groups: defaultdict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in runs:
        groups[tuple(run.data.tags.get(name, "") for name in names)].append(run)
    for group in groups.values():
        group.sort(key=lambda run: (DIGEST not in run.data.tags, run.info.start_time, run.info.run_id))
        for surplus in group[1:]:
            client.delete_run(surplus.info.run_id)
    return {key: group[0] for key, group in groups.items()}


def is_complete(run: "Run", content: RunContent) -> bool:
    """Whether the run shows this content already."""
    return bool(run.data.tags.get(DIGEST) == content.tags[DIGEST])


def create(client: "MlflowClient", experiment: str, content: RunContent, tags: Mapping[str, str]) -> "Run":
    """An empty run that `by_tags` finds again by `tags`."""
    start = round((time.time() - content.seconds) * 1000)
    return client.create_run(experiment, start_time=start, tags=dict(tags), run_name=content.name)


def fill_run(client: "MlflowClient", run: "Run", content: RunContent) -> None:
    """Fill a run; its digest comes last."""
    _log_files(client, run, content.files)
    _set_status(client, run, content)
    _log_values(client, run, content)


def _log_files(client: "MlflowClient", run: "Run", files: Mapping[str, str]) -> None:
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        client.log_artifacts(run.info.run_id, folder)


def _set_status(client: "MlflowClient", run: "Run", content: RunContent) -> None:
    if content.status != "RUNNING":
        end = run.info.start_time + round(content.seconds * 1000)
        client.set_terminated(run.info.run_id, content.status, end_time=end)
    elif run.info.status != "RUNNING":
        client.update_run(run.info.run_id, status="RUNNING")


def _log_values(client: "MlflowClient", run: "Run", content: RunContent) -> None:
    """Metrics in batches, then params and tags: the digest is the last row to be written."""
    from mlflow.entities import Param, RunTag

    run_id = run.info.run_id
    metrics = [_metric(each, run.info.start_time) for each in content.values]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    client.log_batch(
        run_id,
        params=[Param(key, value) for key, value in content.params.items()],
        tags=[RunTag(key, value) for key, value in content.tags.items()],
    )


def _metric(shown: MetricValue, start: int) -> "Metric":
    """At `start` plus a second a step, in milliseconds: the same whenever it is written."""
    from mlflow.entities import Metric

    return Metric(shown.key, shown.value, start + 1000 * shown.step, shown.step)
