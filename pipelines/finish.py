"""The finish of a search: choose the cell, retrain it at full size, test it once, register it, report."""

from typing import Any

from kfp import dsl

from nasflow.components.advance.component import advance
from nasflow.components.evaluate_on_test.component import evaluate_on_test
from nasflow.components.register_and_report.component import register_and_report
from nasflow.components.retrain.component import retrain
from nasflow.components.select.component import select
from nasflow.pipelines.placement import on_light_pod, on_train_pod
from nasflow.spec.cluster import Cluster


def finish_pipeline(cluster: Cluster) -> Any:
    """The pipeline of the finish; `advance` ends it too, so that a failed one is tried again."""

    @dsl.pipeline(name="nasflow-finish", description="Retrain, test, register and report the found cell.")
    def nasflow_finish(search: str, number: int) -> None:
        last = on_light_pod(advance(search=search, number=number), cluster, "advance")
        with dsl.ExitHandler(last, name="finish"):
            chosen = on_light_pod(select(search=search), cluster, "select")
            with dsl.ParallelFor(chosen.output, name="finalists", parallelism=cluster.parallelism) as each:
                trained = on_train_pod(retrain(search=search, child=each), cluster, "retrain")
            tested = on_train_pod(evaluate_on_test(search=search), cluster, "evaluate-on-test").after(trained)
            on_light_pod(register_and_report(search=search), cluster, "register-and-report").after(tested)

    return nasflow_finish
