"""The step `search` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def search(search: str) -> None:
    """Hand a search to Kubeflow, unless somebody has, and wait until it is over.

    It holds no accelerator. It ends with an error if the search was stopped, or if no run of it goes on.

    Args:
        search: Id of the search.
    """
    from nasflow.steps.pods import Pod

    Pod(search).search()
