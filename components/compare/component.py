"""The step `compare` as a Kubeflow component."""

from kfp import dsl


@dsl.component(base_image="nasflow", install_kfp_package=False)
def compare(comparison: str, tables: dsl.Output[dsl.Markdown], curves: dsl.Output[dsl.HTML]) -> None:
    """Put the searches of a comparison beside each other, as far as they have come.

    It runs at the end, whether all of them have succeeded or not.

    Args:
        comparison: Name of the comparison.
        tables: What each search came to, and what each arm has before another, with intervals.
        curves: The arms' rounds.
    """
    from nasflow.steps.pods import Pod

    Pod().compare(comparison, tables.path, curves.path)
