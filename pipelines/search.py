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
from nasflow.pipelines.placement import on_light_pod, on_train_pod
from nasflow.spec.cluster import Cluster


def search_pipeline(cluster: Cluster) -> Any:
    """A pipeline of `cluster.rounds_per_run` rounds; `advance` ends it, whether it succeeds or fails.

    The first round of a search trains its start network; a round for which there is no budget is empty.
    """

    @dsl.pipeline(name="nasflow-search", description="Some rounds of an architecture search.")
    def nasflow_search(search: str, number: int) -> None:
        last = on_light_pod(advance(search=search, number=number), cluster, "advance")
        with dsl.ExitHandler(last, name="rounds"):
            before = None
            for turn in range(1, cluster.rounds_per_run + 1):
                before = _round(cluster, search, turn, before)

    return nasflow_search


def _round(cluster: Cluster, search: Any, turn: int, before: Any | None) -> Any:
    """propose -> for each child: warm-start -> train -> evaluate -> update; returns the update's task."""
    proposed = on_light_pod(propose(search=search), cluster, f"propose {turn}")
    if before is not None:
        proposed.after(before)
    with dsl.ParallelFor(proposed.output, name=f"children-{turn}", parallelism=cluster.parallelism) as each:
        trained = (
            _fused(cluster, search, each) if cluster.layout == "fused" else _steps(cluster, search, each)
        )
    return on_light_pod(update(search=search), cluster, f"update {turn}").after(trained)


def _fused(cluster: Cluster, search: Any, each: Any) -> Any:
    return on_train_pod(child(search=search, child=each), cluster, "child")


def _steps(cluster: Cluster, search: Any, each: Any) -> Any:
    born = on_light_pod(warm_start(search=search, child=each), cluster, "warm-start")
    trained = on_train_pod(train(search=search, child=each), cluster, "train").after(born)
    return on_light_pod(evaluate(search=search, child=each), cluster, "evaluate").after(trained)
