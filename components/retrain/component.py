"""The step `retrain` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def retrain(search: str, child: str, metrics: dsl.Output[dsl.Metrics], network: dsl.Output[dsl.HTML]) -> None:
    """Train a full-size network from scratch.

    It is a child as any other, without a parent: killed, it goes on from its last epoch.

    Args:
        search: Id of the search.
        child: Id of the full-size network.
        metrics: Its accuracy, size and cost.
        network: A drawing of it.
    """
    from nasflow.steps.pods import Pod

    Pod(search, child).retrain(metrics.log_metric, network.path)
