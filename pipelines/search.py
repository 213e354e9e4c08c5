"""The rounds of a search: Kubeflow has no loops, so a run unrolls a few of them and asks for the next run."""

from typing import Any

from kfp import dsl

from nasflow.components.advance.component import advance
from nasflow.components.child.component import child
from nasflow.components.evaluate.component import evaluate
from nasflow.components.propose.component import propose
from nasflow.components.train.component import train
from nasflow.components.update.component import update
from nasflow.components.warm_start.component import warm_start
from nasflow.components.work.component import work
from nasflow.pipelines.placement import Placement
from nasflow.steps.table import Step


def search_pipeline(place: Placement) -> Any:
    """A pipeline of `cluster.rounds_per_run` rounds; `advance` ends it, whether it succeeds or fails.

    The first round of a search trains its start network; a round for which there is no budget is empty.
    Workers do all rounds that there are.
    """

    @dsl.pipeline(name="nasflow-search", description="Some rounds of an architecture search.")
    def nasflow_search(search: str, number: int) -> None:
        last = place(advance(search=search, number=number), Step.ADVANCE)
        with dsl.ExitHandler(last, name="rounds"):
            if place.cluster.layout == "workers":
                _workers(place, search)
            else:
                _rounds(place, search)

    return nasflow_search


def _workers(place: Placement, search: Any) -> None:
    count = place.cluster.workers
    with dsl.ParallelFor(list(range(1, count + 1)), name="workers", parallelism=count) as each:
        place(work(search=search, worker=each), Step.WORK)


def _rounds(place: Placement, search: Any) -> None:
    before = None
    for turn in range(1, place.cluster.rounds_per_run + 1):
        before = _round(place, search, turn, before)


def _round(place: Placement, search: Any, turn: int, before: Any | None) -> Any:
    """propose -> for each child: warm-start -> train -> evaluate -> update; returns the update's task."""
    grow = _fused if place.cluster.layout == "fused" else _steps
    proposed = place(propose(search=search), Step.PROPOSE, turn)
    if before is not None:
        proposed.after(before)
    with dsl.ParallelFor(
        proposed.output, name=f"children-{turn}", parallelism=place.cluster.parallelism
    ) as each:
        trained = grow(place, search, each)
    return place(update(search=search), Step.UPDATE, turn).after(trained)


def _fused(place: Placement, search: Any, each: Any) -> Any:
    return place(child(search=search, child=each), Step.CHILD)


def _steps(place: Placement, search: Any, each: Any) -> Any:
    born = place(warm_start(search=search, child=each), Step.WARM_START)
    trained = place(train(search=search, child=each), Step.TRAIN).after(born)
    return place(evaluate(search=search, child=each), Step.EVALUATE).after(trained)
