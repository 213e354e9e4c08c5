"""The finish of a search: choose the cell, retrain it at full size, test it once, register it, report."""

from typing import Any

from kfp import dsl

from nasflow.components.advance.component import advance
from nasflow.components.evaluate_on_test.component import evaluate_on_test
from nasflow.components.register_and_report.component import register_and_report
from nasflow.components.retrain.component import retrain
from nasflow.components.select.component import select
from nasflow.pipelines.placement import Placement


def finish_pipeline(place: Placement) -> Any:
    """The pipeline of the finish; `advance` ends it too, so that a failed one is tried again."""

    @dsl.pipeline(name="nasflow-finish", description="Retrain, test, register and report the found cell.")
    def nasflow_finish(search: str, number: int) -> None:
        last = place.last(advance(search=search, number=number), "advance")
        with dsl.ExitHandler(last, name="finish"):
            chosen = place.light(select(search=search), "select")
            with dsl.ParallelFor(
                chosen.output, name="finalists", parallelism=place.cluster.parallelism
            ) as each:
                trained = place.train(retrain(search=search, child=each), "retrain")
            tested = place.train(evaluate_on_test(search=search), "evaluate-on-test").after(trained)
            place.light(register_and_report(search=search), "register-and-report").after(tested)

    return nasflow_finish
