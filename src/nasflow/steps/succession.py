"""Continue-as-new: one Kubeflow run unrolls a few rounds, then submits the next one, each exactly once.

Kubeflow knows no loops, so a search is a chain of runs. A run is claimed in the store before it is
submitted, under a name that follows from search and number: whoever asks (the last task of the run before,
that task once more after a kill, `nasflow resume` on a laptop), the next run is the same one.
"""

import time
from collections.abc import Callable
from typing import Literal

from nasflow.base.errors import NotFound, NotReady, Stuck
from nasflow.kubeflow import Kubeflow, RunState, RunView
from nasflow.search.cluster import Cluster, Run, Submission
from nasflow.search.schedule import GiveUp, Train, is_finish, next_tasks
from nasflow.steps.archive import Archive
from nasflow.steps.execute import execute, settled_tasks, tasks_of
from nasflow.steps.keys import (
    birth_key,
    finishes_prefix,
    record_key,
    rounds_prefix,
    run_key,
    runs_prefix,
    submission_key,
    training_key,
)
from nasflow.steps.ledger import read_config, read_ledger
from nasflow.steps.records import kept_epochs
from nasflow.store import get_blob

CLAIM_SECONDS = 30.0
"""How long a claimed run may stay unsubmitted before somebody else submits it."""

_STOP_SECONDS = 120

_FEWEST_KILLS = 3
"""A child is given as many attempts as this at least: nodes go away, and people stop searches."""

_RUNS_TO_TRY = 2
"""A child is given up after as many runs' attempts: a bad node can use up those of one run in minutes."""

_MILESTONES = (birth_key, training_key, record_key)
"""A child's documents that are written once."""


def read_submission(archive: Archive, search: str) -> tuple[Submission, str]:
    """How a search was handed to Kubeflow, and the version for a replacement; raise NotFound."""
    submission, version = archive.find_changing(submission_key(search), Submission)
    if submission is None or version is None:
        # Whether there is such a search at all.
        read_config(archive, search)
        raise NotFound(
            f"search {search!r} in {archive.store.url} was never submitted to a cluster: `nasflow submit "
            f"CONFIG` does it; {archive.command('watch', search)} shows it, wherever it runs"
        )
    return submission, version


def find_cluster(archive: Archive, search: str) -> Cluster | None:
    """The cluster that a search was handed to; None: it was not."""
    submission, _ = archive.find_changing(submission_key(search), Submission)
    return submission.cluster if submission else None


def hopeless_after(cluster: Cluster) -> int:
    """After so many attempts in a row that brought nothing a child is given up."""
    return max(_FEWEST_KILLS, _RUNS_TO_TRY * (cluster.retries + 1))


def last_run(archive: Archive, search: str) -> Run | None:
    """The newest run of a search."""
    keys = archive.store.list(runs_prefix(search))
    return archive.find_changing(keys[-1], Run)[0] if keys else None


def note_id(archive: Archive, search: str, run: Run, id: str) -> Run:
    """Write down what a run that was claimed has become; the id that was first stays."""
    key = run_key(search, run.number)
    while True:
        present, version = archive.find_changing(key, Run)
        if present and present.id:
            return present
        named = (present or run).model_copy(update={"id": id})
        if archive.replace(key, named, version):
            return named


def set_halted(archive: Archive, search: str, halted: bool) -> None:
    """Let no run follow, or let runs follow again."""
    written = None
    while written is None:
        present, version = read_submission(archive, search)
        if present.halted == halted:
            return
        changed = present.model_copy(update={"halted": halted})
        written = archive.replace(submission_key(search), changed, version)


def run_name(search: str, submission: Submission, number: int) -> str:
    """A run's name in Kubeflow: the tag keeps searches of one name in other stores apart."""
    return f"{search}-{submission.tag}-{number:04}"


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


def take_up(
    archive: Archive, search: str, kubeflow: Kubeflow, wait: Callable[[float], None] = time.sleep
) -> Run | None:
    """The run that is going on, or the next one, submitted; None if the search is over or was stopped.

    A run that is being stopped is waited for, two minutes at most.
    """
    last, view = newest_run(archive, search, kubeflow)
    for _ in range(_STOP_SECONDS):
        if view is None or view.state is not RunState.CANCELING:
            break
        wait(1.0)
        view = kubeflow.run(view.id)
    if last and view and view.state is RunState.CANCELING:
        raise NotReady(
            f"run {last.number} of search {search!r} is still being stopped: try again in a while; if that "
            f"does not help, {archive.command('stop', search)} forgets a run that cannot come to its end"
        )
    if last and view and not view.state.is_over:
        return last
    # A claim that never became a run is taken up again, under its number.
    submitted = 0 if last is None else last.number if last.id else last.number - 1
    return follow(archive, search, kubeflow, submitted, is_asked=True, wait=wait)


def is_over(
    archive: Archive, search: str, kubeflow: Kubeflow, wait: Callable[[float], None] = time.sleep
) -> bool:
    """Whether a search has come to its end; raise NotReady if it was stopped, Stuck if no run goes on.

    A run that is claimed and has no id is about to be submitted: here, if its claimer has died.
    """
    last, view = newest_run(archive, search, kubeflow)
    # Read after the run's state: what a run that has ended wrote is seen, and so is the run that follows it.
    if not settled_tasks(archive, search):
        return True
    if read_submission(archive, search)[0].halted:
        raise NotReady(f"search {search!r} was stopped: {archive.command('resume', search)} goes on with it")
    if last and last.id is None:
        take_up(archive, search, kubeflow, wait)
        return False
    if last == last_run(archive, search) and (view is None or view.state.is_over):
        raise Stuck(
            f"no run of search {search!r} goes on: {archive.command('status', search)} says what is wrong, "
            f"{archive.command('resume', search)} tries again"
        )
    return False


def follow(
    archive: Archive,
    search: str,
    kubeflow: Kubeflow,
    after: int,
    is_asked: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> Run | None:
    """Submit the run after run `after` (0: the first one), once; None where none is wanted.

    None is wanted of a search that is finished or was stopped. A run's last task asks, or a person
    (`is_asked`): then no child is given up, and a run that added nothing has a successor all the same.
    Otherwise raise Stuck after such a run, because its successor would add nothing either.
    """
    submission, _ = read_submission(archive, search)
    if submission.halted:
        return None
    known, _ = archive.find_changing(run_key(search, after + 1), Run)
    if known and known.id:
        return known
    if not is_asked:
        give_up_hopeless(archive, search, hopeless_after(submission.cluster))
    tasks = settled_tasks(archive, search)
    if not tasks:
        return None
    pipeline: Literal["search", "finish"] = "finish" if is_finish(tasks) else "search"
    wanted = Run(number=after + 1, pipeline=pipeline, progress=measure_progress(archive, search))
    if not is_asked:
        _refuse_to_repeat(archive, search, wanted)
    return _submit(archive, search, kubeflow, wanted, wait)


def _refuse_to_repeat(archive: Archive, search: str, wanted: Run) -> None:
    """Raise Stuck if the run before `wanted` was claimed for the same work at the same point."""
    before, _ = archive.find_changing(run_key(search, wanted.number - 1), Run)
    if before and (before.pipeline, before.progress) == (wanted.pipeline, wanted.progress):
        raise Stuck(
            f"run {before.number} of search {search!r} has added nothing, so no run follows it: "
            f"{archive.command('status', search)} says what is wrong, "
            f"{archive.command('resume', search)} tries again"
        )


def _submit(
    archive: Archive, search: str, kubeflow: Kubeflow, wanted: Run, wait: Callable[[float], None]
) -> Run | None:
    """Claim the run, then submit it, unless somebody else has claimed it and does."""
    submission, _ = read_submission(archive, search)
    key, name = run_key(search, wanted.number), run_name(search, submission, wanted.number)
    is_mine = archive.replace(key, wanted, None) is not None
    for _ in range(0 if is_mine else int(CLAIM_SECONDS)):
        claimed, _ = archive.find_changing(key, Run)
        if claimed and claimed.id:
            return claimed
        wait(1.0)
    found = kubeflow.find(name) or kubeflow.submit(
        name,
        get_blob(archive.store, submission.finish if wanted.pipeline == "finish" else submission.search),
        {"search": search, "number": wanted.number},
        experiment=search,
        account=submission.cluster.service_account,
    )
    return _name(archive, search, kubeflow, wanted.model_copy(update={"id": found.id}))


def _name(archive: Archive, search: str, kubeflow: Kubeflow, submitted: Run) -> Run | None:
    """Write down the run's id. A run that lost to another one of its number is ended, as is one of a search
    that was stopped in the meantime."""
    named = note_id(archive, search, submitted, str(submitted.id))
    if named.id != submitted.id:
        kubeflow.terminate(str(submitted.id))
        return named
    if read_submission(archive, search)[0].halted:
        kubeflow.terminate(str(submitted.id))
        return None
    return named


def measure_progress(archive: Archive, search: str) -> str:
    """A text that changes with every step, epoch and attempt of a search, and with nothing else.

    Attempts at the children of an open round count because they lead to an end too: it is given up. What
    its store or its images hindered does not: another run would be hindered too.
    """
    ledger = read_ledger(archive, search)
    training = [task for task in next_tasks(ledger) if isinstance(task, Train)]
    children = {ledger.start_spec.id, *(task.child for task in training)}
    if ledger.rounds:
        children |= set(ledger.rounds[-1].proposal.children)
    milestones = sum(archive.store.exists(key(child)) for child in children for key in _MILESTONES)
    rounds = len(archive.store.list(rounds_prefix(search)))
    finishes = len(archive.store.list(finishes_prefix(search)))
    epochs = sum(len(kept_epochs(archive, child)) for child in children)
    mortal = {task.child for task in training if task.stage == "round"}
    attempts = sum(each.child in mortal and each.outcome != "hindered" for each in ledger.attempts)
    return (
        f"rounds {rounds}, finishes {finishes}, children {milestones}, epochs {epochs}, attempts {attempts}"
    )


def give_up_hopeless(archive: Archive, search: str, patience: int) -> tuple[str, ...]:
    """Give up the children of the open round whose last attempts, `patience` of them, were all killed."""
    given_up = [task for task in tasks_of(archive, search, patience) if isinstance(task, GiveUp)]
    for task in given_up:
        execute(archive, search, task)
    return tuple(task.child for task in given_up)
