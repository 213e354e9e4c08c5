"""The step `advance` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def advance(search: str, number: int) -> None:
    """Submit the next run of a search, once.

    It runs at the end of each run, failed or not: the next run does what this one could not. No run follows
    when the search is finished or stopped, or when this run has added nothing.

    Args:
        search: Id of the search.
        number: Number of this run.
    """
    from nasflow.steps.pods import Pod

    Pod(search).advance(number)
