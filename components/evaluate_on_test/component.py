"""The step `evaluate-on-test` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def evaluate_on_test(search: str, metrics: dsl.Output[dsl.Metrics]) -> None:
    """Look at the test images, once in a search.

    Args:
        search: Id of the search.
        metrics: The test accuracy of the found network, and of the start network beside it.
    """
    from nasflow.steps.pods import Pod

    Pod(search).evaluate_on_test(metrics.log_metric)
