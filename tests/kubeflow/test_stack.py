import inspect

from kfp.dsl import pipeline_task

from nasflow.kubeflow.stack import without_sources


def callers() -> list[str]:
    """Who called, as kfp asks for it."""
    return [each[3] for each in pipeline_task.inspect.stack()]


def test_the_same_names() -> None:
    """kfp learns what `inspect` would have told it, and has its own `inspect` again afterwards."""
    with without_sources():
        quick = callers()
    assert pipeline_task.inspect is inspect
    assert quick == callers()
    assert quick[:2] == ["callers", "test_the_same_names"]
