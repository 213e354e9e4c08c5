"""The step `work` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def work(search: str, worker: int) -> None:
    """Whatever is next, beside other workers, until the rounds of a search are over.

    The layout `workers`: each holds an accelerator all the time, and between two children no pod begins.

    Args:
        search: Id of the search.
        worker: Its number: the first one shows the search in MLflow.
    """
    from nasflow.steps.pods import Pod

    Pod(search).work(worker)
