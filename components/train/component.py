"""The step `train` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def train(search: str, child: str) -> None:
    """Train a child from its birth, or from its last checkpoint.

    Each epoch is kept in the store, so that a killed pod's successor goes on from there. A child that
    diverges or needs too much of the accelerator's memory is recorded as failed; the task succeeds.

    Args:
        search: Id of the search.
        child: Id of the child.
    """
    from nasflow.steps.pods import Pod

    Pod(search, child).train()
