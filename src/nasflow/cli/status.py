"""How a search, or a comparison, stands on its cluster: in words and as data."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasflow.backends.cluster import ClusterStatus
    from nasflow.kubeflow import Kubeflow
    from nasflow.search.cluster import Run, Trouble
    from nasflow.search.ledger import Ledger
    from nasflow.steps.archive import Archive

_OUT_OF_TIME = "Step exceeded its deadline"


def status_facts(archive: "Archive", name: str, kubeflow: "Kubeflow") -> dict[str, Any]:
    """A search or a comparison, for other programs; raise NotFound, KubeflowUnavailable."""
    from nasflow.steps.compare import is_comparison

    known = _comparison_facts if is_comparison(archive, name) else _search_facts
    return known(archive, name, kubeflow)


def status_text(archive: "Archive", name: str, kubeflow: "Kubeflow") -> str:
    """The same, for people, in lines."""
    from nasflow.steps.compare import is_comparison

    known = _comparison_text if is_comparison(archive, name) else _search_text
    return known(archive, name, kubeflow)


def _search_facts(archive: "Archive", search: str, kubeflow: "Kubeflow") -> dict[str, Any]:
    found, ledger = _look(archive, search, kubeflow)
    return asdict(found) | {
        "run": found.run and found.run.model_dump(mode="json"),
        "troubles": [each.model_dump(mode="json") for each in found.troubles],
        "rounds": len(ledger.rounds),
        "children": len(ledger.children),
        "status": ledger.standing,
    }


def _search_text(archive: "Archive", search: str, kubeflow: "Kubeflow") -> str:
    found, ledger = _look(archive, search, kubeflow)
    return "\n".join((_headline(search, ledger), *status_lines(found, archive.command("resume", search))))


def _comparison_facts(archive: "Archive", comparison: str, kubeflow: "Kubeflow") -> dict[str, Any]:
    from nasflow.backends.comparison import find_run

    run = find_run(archive, comparison, kubeflow)
    return {
        "comparison": comparison,
        "run": run and asdict(run),
        "searches": {
            search: _search_facts(archive, search, kubeflow) for search in _searches(archive, comparison)
        },
    }


def _comparison_text(archive: "Archive", comparison: str, kubeflow: "Kubeflow") -> str:
    """Its own run; of a search that is finished one line, of the others all."""
    from nasflow.backends.comparison import find_run

    run = find_run(archive, comparison, kubeflow)
    state = f"run {run.id}: {run.state}" if run else "its run is forgotten by Kubeflow"
    lines = [f"comparison {comparison}: {state}"]
    for search in _searches(archive, comparison):
        found, ledger = _look(archive, search, kubeflow)
        lines.append(_headline(search, ledger))
        if ledger.standing != "finished":
            lines += (f"  {line}" for line in status_lines(found, archive.command("resume", search)))
    return "\n".join(lines)


def _searches(archive: "Archive", comparison: str) -> Iterator[str]:
    from nasflow.steps.compare import read_comparison

    return (each.search for each in read_comparison(archive, comparison).searches)


def _look(archive: "Archive", search: str, kubeflow: "Kubeflow") -> "tuple[ClusterStatus, Ledger]":
    from nasflow.backends import cluster
    from nasflow.steps.ledger import read_ledger

    return cluster.status(archive, search, kubeflow), read_ledger(archive, search)


def _headline(search: str, ledger: "Ledger") -> str:
    from nasflow.report.figures import plural

    children, rounds = plural(len(ledger.children), "child", "children"), plural(len(ledger.rounds), "round")
    return f"search     {search}: {ledger.standing}, {children} in {rounds}"


def _trouble(trouble: "Trouble", run: "Run | None") -> str:
    """The same for each attempt of a task: its pod is left out; with its run, where that is not `run`."""
    what = f"{trouble.step} {trouble.child or ''}".rstrip()
    is_old = trouble.run is not None and run is not None and trouble.run != run.number
    return f"trouble    {what}{f' of run {trouble.run}' if is_old else ''}: {trouble.reason}"


def _state(found: "ClusterStatus", run: "Run") -> str:
    """Of the newest run; one that is claimed and not submitted yet has no id."""
    if found.state:
        return f"{run.id}: {found.state}"
    if run.id is None:
        return "is being handed to Kubeflow"
    # Where Kubeflow did not answer, the note says so.
    return f"{run.id}: not seen" if found.note else f"{run.id}: forgotten by Kubeflow"


def status_lines(found: "ClusterStatus", resume: str) -> list[str]:
    """How a search stands on its cluster, for people; `resume` is the command that goes on with it."""
    lines = []
    if found.run:
        lines.append(f"run        {found.run.number} ({found.run.pipeline}) {_state(found, found.run)}")
    if found.halted:
        lines.append(f"stopped    by `nasflow stop`: {resume} goes on")
    for pod in found.pods:
        if pod.phase != "Succeeded":
            what = f"{pod.task} {pod.child or ''}".strip()
            tried = f"attempt {pod.attempt} of {found.attempts}"
            lines.append(f"pod        {what}: {pod.phase}, {tried}  {pod.reason or ''}".rstrip())
    if found.helpers:
        lines.append(f"kubeflow   {found.helpers} of its own pods at work: they bring up the next steps")
    lines += [f"           one does not begin: {reason}" for reason in found.hindrances]
    # To a task that was stopped Argo says that its time is up.
    failures = [each for each in found.failures if not (found.halted and _OUT_OF_TIME in each)]
    lines += [f"argo       {text}" for text in failures]
    lines += list(dict.fromkeys(_trouble(each, found.run) for each in found.troubles))[-5:]
    if found.note:
        lines.append(f"note       {found.note}")
    return lines
