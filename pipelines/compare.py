"""A comparison: each of its searches runs as it always does, and this run waits for them and tells."""

from typing import Any

from kfp import dsl

from nasflow.components.compare.component import compare
from nasflow.components.search.component import search
from nasflow.pipelines.placement import Placement
from nasflow.steps.table import Step


def compare_pipeline(place: Placement, at_once: int) -> Any:
    """A pipeline that sees `at_once` searches through at a time; `compare` ends it, whatever became of them.

    A search is a chain of runs of its own, because Kubeflow has no loops: so one that is stopped, resumed or
    stuck is handled like any other search, and costs this run no more than its own row.
    """

    @dsl.pipeline(name="nasflow-compare", description="Searches of several arms, at equal budget.")
    def nasflow_compare(comparison: str, searches: list[str]) -> None:
        last = place(compare(comparison=comparison), Step.COMPARE)
        with (
            dsl.ExitHandler(last, name="searches"),
            dsl.ParallelFor(searches, name="search", parallelism=at_once) as each,
        ):
            place(search(search=each), Step.SEARCH)

    return nasflow_compare
