"""The step `select` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def select(search: str) -> list[str]:
    """Choose the network, once a shortlist is trained, and say which networks are trained at full size.

    Args:
        search: Id of the search.

    Returns:
        Ids of the full-size networks: those of the shortlist, or the chosen one and its controls.
    """
    from nasflow.steps.pods import Pod

    return Pod(search).select()
