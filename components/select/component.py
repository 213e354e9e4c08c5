"""The step `select` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def select(search: str) -> list[str]:
    """Choose the network, and say which networks are trained at full size.

    Args:
        search: Id of the search.

    Returns:
        Ids of the full-size networks: the chosen one, and the start network to compare it with.
    """
    from nasflow.steps.pods import Pod

    return Pod(search).select()
