"""A comparison on the cluster: its searches are handed to Kubeflow, and one run sees them through."""

from collections.abc import Mapping
from dataclasses import dataclass

from nasflow.backends.cluster import end_run, hand_over, stop
from nasflow.kubeflow import Arguments, Kubeflow, RunView
from nasflow.search.cluster import Cluster
from nasflow.search.config import SearchConfig
from nasflow.search.contenders import Comparison
from nasflow.steps.archive import Archive
from nasflow.steps.compare import read_comparison, write_comparison
from nasflow.steps.execute import settled_tasks
from nasflow.steps.succession import set_halted


@dataclass(frozen=True)
class Handed:
    """A comparison that Kubeflow has."""

    comparison: Comparison
    left: tuple[str, ...]
    """Ids of its searches that are not over."""
    run: RunView | None
    """That sees them through; None: none is left."""
    was_there: bool = False
    """Whether that run was going on already: what was stopped, or is stuck, waits for the next one."""


def submit_comparison(
    archive: Archive,
    name: str,
    wanted: Mapping[tuple[int, str], SearchConfig],
    rival: str,
    cluster: Cluster,
    kubeflow: Kubeflow,
    at_once: int = 1,
) -> Handed:
    """Hand a comparison to Kubeflow, or meet it again.

    Searches that are done are not run again; those that were stopped go on, with a new run. `at_once` of them
    run at a time, each with the cluster's parallelism. Raise what `hand_over` raises, KubeflowUnavailable.
    """
    from nasflow.pipelines import compile_comparison

    begun = {key: hand_over(archive, config, cluster) for key, config in wanted.items()}
    comparison = write_comparison(archive, name, begun, rival)
    left = tuple(search for search in begun.values() if settled_tasks(archive, search))
    if not left:
        return Handed(comparison, left, None)
    run = _run_name(name, comparison)
    present = kubeflow.find(run)
    if present and not present.state.is_over:
        return Handed(comparison, left, present, was_there=True)
    for search in left:
        set_halted(archive, search, False)
    arguments: Arguments = {"comparison": name, "searches": list(left)}
    pipeline = compile_comparison(name, cluster, at_once)
    return Handed(comparison, left, kubeflow.submit(run, pipeline, arguments, name, cluster.service_account))


def stop_comparison(archive: Archive, name: str, kubeflow: Kubeflow) -> tuple[str, ...]:
    """End the run of a comparison and those of its searches, and let none follow; returns what was left.

    Submitted again, they all go on. Raise NotFound, KubeflowUnavailable.
    """
    comparison = read_comparison(archive, name)
    left = tuple(each.search for each in comparison.searches if settled_tasks(archive, each.search))
    # All first: whoever hands one of them to Kubeflow at this moment takes it back.
    for search in left:
        set_halted(archive, search, True)
    run = find_run(archive, name, kubeflow)
    if run:
        end_run(archive, comparison.searches[0].search, kubeflow, run)
    for search in left:
        stop(archive, search, kubeflow)
    return left


def find_run(archive: Archive, name: str, kubeflow: Kubeflow) -> RunView | None:
    """The newest run that sees a comparison through; None if Kubeflow has forgotten it. Raise NotFound."""
    return kubeflow.find(_run_name(name, read_comparison(archive, name)))


def _run_name(name: str, comparison: Comparison) -> str:
    return f"{name}-compare-{comparison.tag}"
