"""The step `warm-start` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def warm_start(search: str, child: str) -> None:
    """Build a child from its parent's trained weights.

    The child is checked against its parent on held-out images, and the preservation receipt goes to the
    store. A child that is not preserved is recorded as failed; the task succeeds.

    Args:
        search: Id of the search.
        child: Id of the child.
    """
    from nasflow.steps.pods import Pod

    Pod(search, child).warm_start()
