"""The step `update` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def update(search: str, links: dsl.Output[dsl.Markdown]) -> None:
    """Teach the controller by the round that has been trained.

    The round's decisions are replayed from the store. MLflow is brought up to the round.

    Args:
        search: Id of the search.
        links: The search and the round's children in MLflow.
    """
    from nasflow.steps.pods import Pod

    Pod(search).update(links.path)
