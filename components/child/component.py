"""The step `child` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def child(search: str, child: str, metrics: dsl.Output[dsl.Metrics], network: dsl.Output[dsl.HTML]) -> None:
    """The whole of one child in one pod: warm-start, train, evaluate.

    The layout `fused`: it holds the accelerator during all three, and saves two tasks' time.

    Args:
        search: Id of the search.
        child: Id of the child.
        metrics: Its accuracy, size and cost.
        network: A drawing of it.
    """
    from nasflow.steps.pods import Pod

    Pod(search, child).child(metrics.log_metric, network.path)
