"""The step `propose` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def propose(search: str) -> list[str]:
    """Choose the children that the next round trains.

    The controller's state and the ledger are read from the store. The start network comes first, as a
    round of its own; when the budget is spent, there are no children, and the rest of the run does nothing.

    Args:
        search: Id of the search.

    Returns:
        Ids of the children.
    """
    from nasflow.steps.pods import Pod

    return Pod(search).propose()
