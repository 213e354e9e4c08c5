"""The step `evaluate` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def evaluate(
    search: str, child: str, metrics: dsl.Output[dsl.Metrics], network: dsl.Output[dsl.HTML]
) -> None:
    """Judge a trained child by the held-out images.

    Args:
        search: Id of the search.
        child: Id of the child.
        metrics: Its accuracy, size and cost.
        network: A drawing of it.
    """
    from nasflow.steps.pods import Pod

    Pod(search, child).evaluate(metrics.log_metric, network.path)
