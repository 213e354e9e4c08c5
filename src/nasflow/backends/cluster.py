"""The cluster backend: hand a search to Kubeflow, go on with it, stop it, see how it stands."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from nasflow.base.errors import Conflict, InvalidSpec, KubeflowUnavailable, NotReady
from nasflow.kubeflow import Kubeflow, RunState, RunView
from nasflow.kubeflow.nodes import missing_nodes
from nasflow.kubeflow.pods import PodView, failures, step_pods
from nasflow.kubeflow.stack import without_sources
from nasflow.search.cluster import Cluster, Run, Submission, Trouble
from nasflow.search.file import SearchFile
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import run_key, start_key, submission_key, troubles_prefix
from nasflow.steps.succession import (
    follow,
    last_run,
    measure_progress,
    note_id,
    read_submission,
    run_name,
)
from nasflow.store import check_writable, put_blob

_STOP_SECONDS = 120


@dataclass(frozen=True)
class ClusterStatus:
    """How a search stands on its cluster."""

    run: Run | None
    """The newest run; None: none was submitted yet."""
    state: RunState | None
    """Its state; None if Kubeflow has forgotten it."""
    halted: bool
    pods: tuple[PodView, ...]
    """Those of the newest run that execute steps."""
    attempts: int
    """How often Kubeflow tries a task in all."""
    troubles: tuple[Trouble, ...]
    """What steps wrote down before they ended with an error."""
    failures: tuple[str, ...] = ()
    """What Argo says of the newest run's failed pods."""
    note: str | None = None
    """What could not be seen, and why."""


def submit(archive: Archive, file: SearchFile, kubeflow: Kubeflow) -> Run | None:
    """Hand a search to Kubeflow, or meet it again: one search, whoever submits it and how often.

    Returns the run that is going on; None if the search is finished. Raise what `prepare` raises, and
    KubeflowUnavailable.
    """
    return go_on(archive, prepare(archive, file), kubeflow)


def prepare(archive: Archive, file: SearchFile) -> str:
    """All of `submit` that Kubeflow has no part in: images go into the store, pipelines are compiled.

    Returns the search's id. Raise what `begin` raises, and InvalidSpec without a cluster or a bucket.
    """
    from nasflow.steps.begin import begin
    from nasflow.steps.dataset import upload

    cluster = file.required_cluster()
    if not archive.store.url.startswith("s3://"):
        raise InvalidSpec(
            f"store {archive.store.url} is not in reach of a cluster's pods: --store s3://bucket/prefix"
        )
    # Before anything is read: the chart's own store makes its bucket at the first write.
    check_writable(archive.store)
    search = begin(archive, file.config())
    upload(archive, archive.read(start_key(search), ChildSpec).data)
    _write_submission(archive, search, cluster)
    return search


def leave_first_run(archive: Archive, search: str) -> str:
    """Leave the first run to somebody who submits the compiled pipeline in their own way.

    Returns the name that it must have: under this name `status`, `stop` and `resume` find it. Raise Conflict
    if the search has runs already.
    """
    wanted = Run(number=1, pipeline="search", progress=measure_progress(archive, search))
    archive.replace(run_key(search, 1), wanted, None)
    last = last_run(archive, search)
    if last and last.id:
        raise Conflict(f"search {search!r} is at run {last.number} already: `nasflow resume {search}`")
    submission, _ = read_submission(archive, search)
    return run_name(search, submission, 1)


def go_on(
    archive: Archive, search: str, kubeflow: Kubeflow, wait: Callable[[float], None] = time.sleep
) -> Run | None:
    """The run that is going on, or the next one, submitted; None if the search is finished.

    A run that is being stopped is waited for, two minutes at most.
    """
    _set_halted(archive, search, False)
    last, view = newest_run(archive, search, kubeflow)
    for _ in range(_STOP_SECONDS):
        if view is None or view.state is not RunState.CANCELING:
            break
        wait(1.0)
        view = kubeflow.run(view.id)
    if last and view and view.state is RunState.CANCELING:
        raise NotReady(f"run {last.number} of search {search!r} is still being stopped: try again in a while")
    if last and view and not view.state.is_over:
        return last
    # A claim that never became a run is taken up again, under its number.
    submitted = 0 if last is None else last.number if last.id else last.number - 1
    return follow(archive, search, kubeflow, submitted, is_asked=True, wait=wait)


def stop(archive: Archive, search: str, kubeflow: Kubeflow) -> Run | None:
    """End the run that is going on, and let no run follow; returns it. What is done is kept."""
    _set_halted(archive, search, True)
    last, view = newest_run(archive, search, kubeflow)
    if view:
        kubeflow.terminate(view.id)
    return last


def newest_run(archive: Archive, search: str, kubeflow: Kubeflow) -> tuple[Run | None, RunView | None]:
    """The newest run as the store and as Kubeflow know it.

    One whose id was lost, or that somebody submitted by hand, is found by its name, once and for all.
    """
    last = last_run(archive, search)
    if last is None:
        return None, None
    if last.id:
        return last, kubeflow.run(last.id)
    submission, _ = read_submission(archive, search)
    found = kubeflow.find(run_name(search, submission, last.number))
    return (note_id(archive, search, last, found.id), found) if found else (last, None)


def check_nodes(cluster: Cluster) -> None:
    """Raise NotReady if no node can take the pods; KubeflowUnavailable if that cannot be seen."""
    for name, pod in (("train", cluster.train), ("light", cluster.light)):
        if problem := missing_nodes(pod):
            raise NotReady(f"cluster.{name}: {problem} (--force submits all the same)")


def status(archive: Archive, search: str, kubeflow: Kubeflow) -> ClusterStatus:
    """How a search stands on its cluster, pods included where Kubernetes lets them be seen."""
    submission, _ = read_submission(archive, search)
    last, view = newest_run(archive, search, kubeflow)
    pods: tuple[PodView, ...] = ()
    note = None
    said: tuple[str, ...] = ()
    try:
        if view:
            pods = step_pods(submission.cluster.namespace, view.id)
            said = failures(submission.cluster.namespace, view.id)
    except KubeflowUnavailable as error:
        note = str(error)
    keys = archive.store.list(troubles_prefix(search))
    return ClusterStatus(
        run=last,
        state=view.state if view else None,
        halted=submission.halted,
        pods=pods,
        attempts=submission.cluster.retries + 1,
        troubles=tuple(archive.read(key, Trouble) for key in keys),
        failures=said,
        note=note,
    )


def _write_submission(archive: Archive, search: str, cluster: Cluster) -> None:
    """Compile the pipelines, and replace an older submission: its tag stays."""
    from nasflow.pipelines import compile_pipelines

    with without_sources():
        compiled = compile_pipelines(search, cluster)
    blobs = {name: put_blob(archive.store, data) for name, data in compiled.items()}
    key = submission_key(search)
    written = None
    while written is None:
        present, version = archive.find_changing(key, Submission)
        tag = present.tag if present else uuid4().hex[:6]
        halted = present.halted if present else False
        wanted = Submission(tag=tag, cluster=cluster, halted=halted, **blobs)
        written = archive.replace(key, wanted, version)


def _set_halted(archive: Archive, search: str, halted: bool) -> None:
    written = None
    while written is None:
        present, version = read_submission(archive, search)
        if present.halted == halted:
            return
        changed = present.model_copy(update={"halted": halted})
        written = archive.replace(submission_key(search), changed, version)
