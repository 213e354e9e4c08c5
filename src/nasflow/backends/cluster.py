"""The cluster backend: hand a search to Kubeflow, go on with it, stop it, see how it stands."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from nasflow.base.errors import Conflict, InvalidSpec, KubeflowUnavailable, NotReady
from nasflow.base.terminal import say
from nasflow.kubeflow import Kubeflow, RunState, RunView
from nasflow.kubeflow.pods import PodView, RunPods, is_lost, is_stuck, look
from nasflow.search.cluster import Cluster, Run, Submission, Trouble
from nasflow.search.config import SearchConfig
from nasflow.search.file import SearchFile
from nasflow.search.words import time_words
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import run_key, start_key, submission_key, troubles_prefix
from nasflow.steps.succession import (
    last_run,
    measure_progress,
    newest_run,
    read_submission,
    run_name,
    set_halted,
    take_up,
)
from nasflow.store import check_writable, put_blob
from nasflow.training.memory import UNKNOWN_ROOM, Room

_IDLE = timedelta(minutes=3)
"""For which a run may have no pod at work: the next one follows within seconds, but clocks differ."""


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
    helpers: int = 0
    """Kubeflow's own pods that are at work for it, before a step's pod is there."""
    hindrances: tuple[str, ...] = ()
    """Why some of those do not begin."""
    failures: tuple[str, ...] = ()
    """What Argo says of the newest run's failed pods."""
    note: str | None = None
    """What could not be seen, and why; or what is wrong with the run, and what to do."""


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
    return hand_over(archive, file.config(), file.required_cluster())


def hand_over(archive: Archive, config: SearchConfig, cluster: Cluster) -> str:
    """As `prepare`, of a search that no file tells."""
    from nasflow.steps.begin import begin
    from nasflow.steps.dataset import upload

    if not archive.store.url.startswith("s3://"):
        raise InvalidSpec(
            f"store {archive.store.url} is not in reach of a cluster's pods: --store s3://bucket/prefix"
        )
    # Before anything is read: the chart's own store makes its bucket at the first write.
    check_writable(archive.store)
    search = begin(archive, config, pod_room(cluster))
    upload(archive, archive.read(start_key(search), ChildSpec).data)
    _write_submission(archive, search, cluster)
    return search


def pod_room(cluster: Cluster) -> Room:
    """The memory that a training has in a pod; how much its accelerator has, only its node knows."""
    from kubernetes.utils import parse_quantity

    pod, lanes = cluster.train, cluster.lanes
    owner = "a pod of cluster.train" if lanes == 1 else f"each of {lanes} lanes in a pod of cluster.train"
    return UNKNOWN_ROOM if pod.accelerator else Room(int(parse_quantity(pod.memory)) // lanes, owner)


def leave_first_run(archive: Archive, search: str) -> str:
    """Leave the first run to somebody who submits the compiled pipeline in their own way.

    Returns the name that it must have: under this name `status`, `stop` and `resume` find it. Raise Conflict
    if the search has runs already.
    """
    wanted = Run(number=1, pipeline="search", progress=measure_progress(archive, search))
    archive.replace(run_key(search, 1), wanted, None)
    last = last_run(archive, search)
    if last and last.id:
        raise Conflict(
            f"search {search!r} is at run {last.number} already: {archive.command('resume', search)}"
        )
    submission, _ = read_submission(archive, search)
    return run_name(search, submission, 1)


def go_on(
    archive: Archive, search: str, kubeflow: Kubeflow, wait: Callable[[float], None] = time.sleep
) -> Run | None:
    """The run that is going on, or the next one, submitted; None if the search is finished.

    One that is being stopped is waited for, two minutes at most, and forgotten if it cannot come to its end.
    Raise NotReady if it is still at it, or if a run's workflow was deleted.
    """
    set_halted(archive, search, False)
    _refuse_lost(archive, search, kubeflow)
    try:
        return take_up(archive, search, kubeflow, wait)
    except NotReady:
        _, view = newest_run(archive, search, kubeflow)
        if view is None or not _forget_stuck(archive, search, kubeflow, view):
            raise
        return take_up(archive, search, kubeflow, wait)


def stop(archive: Archive, search: str, kubeflow: Kubeflow) -> Run | None:
    """End the run that is going on, and let no run follow; returns it. What is done is kept."""
    set_halted(archive, search, True)
    last, view = newest_run(archive, search, kubeflow)
    if view:
        end_run(archive, search, kubeflow, view)
    return last


def end_run(archive: Archive, search: str, kubeflow: Kubeflow, view: RunView) -> None:
    """End a run in the namespace of a search; one that is being stopped, and cannot, is forgotten."""
    kubeflow.terminate(view.id)
    _forget_stuck(archive, search, kubeflow, view)


def _refuse_lost(archive: Archive, search: str, kubeflow: Kubeflow) -> None:
    """Raise NotReady if the newest run's workflow was deleted: Kubeflow would call it running for ever.

    It is not forgotten: whoever asks another cluster's Kubernetes sees no workflow of a live run either.
    """
    last, view = newest_run(archive, search, kubeflow)
    namespace = read_submission(archive, search)[0].cluster.namespace
    if last is None or view is None or view.state.is_over or view.state is RunState.CANCELING:
        return
    if is_lost(namespace, view.id):
        raise NotReady(
            f"nothing goes on in run {last.number} of search {search!r}: {_deleted(archive, search)}; or "
            "KUBECONFIG names another cluster than Kubeflow's"
        )


def _deleted(archive: Archive, search: str) -> str:
    commands = (archive.command(verb, search) for verb in ("stop", "resume"))
    return f"its workflow was deleted: {', then '.join(commands)}"


def _forget_stuck(archive: Archive, search: str, kubeflow: Kubeflow, view: RunView) -> bool:
    """Forget a run, pods and all, that would be stopping for ever; return whether it was one."""
    namespace = read_submission(archive, search)[0].cluster.namespace
    if view.state is not RunState.CANCELING or not is_stuck(namespace, view.id):
        return False
    kubeflow.forget(view.id)
    return True


def status(archive: Archive, search: str, kubeflow: Kubeflow) -> ClusterStatus:
    """How a search stands on its cluster, pods included where Kubernetes lets them be seen."""
    stored = status_in_store(archive, search)
    last, view = newest_run(archive, search, kubeflow)
    seen = RunPods((), 0, (), is_lost=False)
    note = None
    try:
        if view:
            seen = look(read_submission(archive, search)[0].cluster.namespace, view.id)
        if view and not view.state.is_over:
            note = _what_is_wrong(archive, seen, search)
    except KubeflowUnavailable as error:
        note = str(error)
    return replace(
        stored,
        run=last,
        state=view.state if view else None,
        pods=seen.steps,
        helpers=seen.helpers,
        hindrances=seen.hindrances,
        failures=seen.failures,
        note=note,
    )


def _what_is_wrong(archive: Archive, seen: RunPods, search: str) -> str | None:
    """With a run that goes on, as Kubeflow says."""
    if seen.is_lost:
        return _deleted(archive, search)
    idle = datetime.now(UTC) - seen.idle_since if seen.idle_since else timedelta()
    if idle > _IDLE:
        return (
            f"no pod of it has been at work for {time_words(idle.total_seconds())}: is Argo's workflow "
            "controller up, which makes them? (kubectl get deployments -A | grep workflow-controller)"
        )
    return None


def status_in_store(archive: Archive, search: str, note: str | None = None) -> ClusterStatus:
    """What the store alone knows of it; `note` says why nobody else was asked."""
    submission, _ = read_submission(archive, search)
    keys = archive.store.list(troubles_prefix(search))
    return ClusterStatus(
        run=last_run(archive, search),
        state=None,
        halted=submission.halted,
        pods=(),
        attempts=submission.cluster.retries + 1,
        troubles=tuple(archive.read(key, Trouble) for key in keys),
        note=note,
    )


def _write_submission(archive: Archive, search: str, cluster: Cluster) -> None:
    """Compile the pipelines, and replace an older submission: its tag stays."""
    from nasflow.pipelines import compile_pipelines

    blobs = {name: put_blob(archive.store, data) for name, data in compile_pipelines(search, cluster).items()}
    key = submission_key(search)
    written = present = wanted = None
    while written is None:
        present, version = archive.find_changing(key, Submission)
        tag = present.tag if present else uuid4().hex[:6]
        halted = present.halted if present else False
        wanted = Submission(tag=tag, cluster=cluster, halted=halted, **blobs)
        written = archive.replace(key, wanted, version)
    # One that was stopped has its next run when it goes on.
    if present and present != wanted and not present.halted and last_run(archive, search):
        say(
            "what is new under cluster: takes effect with the next run; one that goes on keeps what it began "
            f"with, until {archive.command('stop', search)} and {archive.command('resume', search)}"
        )
