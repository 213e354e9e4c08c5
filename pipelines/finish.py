"""The finish of a search: choose the network, retrain it at full size, test it once, register it, report."""

from typing import Any

from kfp import dsl

from nasflow.components.advance.component import advance
from nasflow.components.evaluate_on_test.component import evaluate_on_test
from nasflow.components.register_and_report.component import register_and_report
from nasflow.components.retrain.component import retrain
from nasflow.components.select.component import select
from nasflow.pipelines.placement import Placement
from nasflow.steps.table import Step


def finish_pipeline(place: Placement) -> Any:
    """The pipeline of the finish; `advance` ends it too, so that a failed one is tried again."""

    @dsl.pipeline(name="nasflow-finish", description="Retrain, test, register and report the found network.")
    def nasflow_finish(search: str, number: int) -> None:
        last = place(advance(search=search, number=number), Step.ADVANCE)
        with dsl.ExitHandler(last, name="finish"):
            trained = None
            for turn, name in enumerate(("shortlist", "finalists"), start=1):
                trained = _full_size(place, search, turn, name, trained)
            tested = place(evaluate_on_test(search=search), Step.EVALUATE_ON_TEST).after(trained)
            place(register_and_report(search=search), Step.REGISTER_AND_REPORT).after(tested)

    return nasflow_finish


def _full_size(place: Placement, search: Any, turn: int, name: str, before: Any | None) -> Any:
    """select -> for each network: retrain. Without a shortlist the finalists come the first time, and
    none the second.
    """
    listed = place(select(search=search), Step.SELECT, turn)
    if before is not None:
        listed.after(before)
    with dsl.ParallelFor(listed.output, name=name, parallelism=place.cluster.parallelism) as each:
        return place(retrain(search=search, child=each), Step.RETRAIN, turn)
