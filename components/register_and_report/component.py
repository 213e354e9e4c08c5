"""The step `register-and-report` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def register_and_report(search: str, report: dsl.Output[dsl.HTML], links: dsl.Output[dsl.Markdown]) -> None:
    """Register the winner in MLflow and write the report.

    Args:
        search: Id of the search.
        report: The search's page, also in the store.
        links: The search and its final network in MLflow.
    """
    from nasflow.steps.pods import Pod

    Pod(search).register_and_report(report.path, links.path)
