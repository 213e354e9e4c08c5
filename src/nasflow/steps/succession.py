"""Continue-as-new: one Kubeflow run unrolls a few rounds, then submits the next one, each exactly once.

Kubeflow knows no loops, so a search is a chain of runs. A run is claimed in the store before it is
submitted, under a name that follows from search and number: whoever asks (the last task of the run before,
that task once more after a kill, `nasflow resume` on a laptop), the next run is the same one.
"""

import time
from collections.abc import Callable
from typing import Literal

from nasflow.base.errors import NotFound, Stuck
from nasflow.kubeflow import Kubeflow
from nasflow.search.cluster import Run, Submission, Trouble
from nasflow.search.record import Attempt, Checkpoint, TrainingRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.advance import Done, Finish, Round, advance
from nasflow.steps.archive import Archive, child_key, run_key, search_key
from nasflow.steps.evaluate import evaluate
from nasflow.steps.turn import children_at_work, unfinished
from nasflow.store import get_blob

CLAIM_SECONDS = 30.0
"""How long a claimed run may stay unsubmitted before somebody else submits it."""

_FEWEST_KILLS = 3
"""A child is given as many attempts as this at least: nodes go away, and people stop searches."""

_RUNS_TO_TRY = 2
"""A child is given up after as many runs' attempts: a bad node can use up those of one run in minutes."""

_MILESTONES = ("birth", "training", "record")
"""A child's documents that are written once."""


def read_submission(archive: Archive, search: str) -> tuple[Submission, str]:
    """How a search was handed to Kubeflow, and the version for a replacement; raise NotFound."""
    submission, version = archive.find_changing(search_key(search, "submission"), Submission)
    if submission is None or version is None:
        raise NotFound(
            f"search {search!r} in {archive.store.url} was never submitted to a cluster: "
            "`nasflow submit CONFIG` does it"
        )
    return submission, version


def last_run(archive: Archive, search: str) -> Run | None:
    """The newest run of a search."""
    keys = archive.store.list(f"searches/{search}/runs/")
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


def run_name(search: str, submission: Submission, number: int) -> str:
    """A run's name in Kubeflow: the tag keeps searches of one name in other stores apart."""
    return f"{search}-{submission.tag}-{number:04}"


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
        bury(archive, search, max(_FEWEST_KILLS, _RUNS_TO_TRY * (submission.cluster.retries + 1)))
    step = advance(archive, search)
    if isinstance(step, Done):
        return None
    pipeline: Literal["search", "finish"] = "finish" if isinstance(step, Finish) else "search"
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
            f"`nasflow status {search}` says what is wrong, `nasflow resume {search}` tries again"
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

    Attempts count because they lead to an end too: see `bury`.
    """
    start = archive.read(search_key(search, "start"), ChildSpec).id
    children = {start, *children_at_work(archive, search)}
    milestones = sum(
        archive.store.exists(child_key(child, name)) for child in children for name in _MILESTONES
    )
    rounds = len(archive.store.list(f"searches/{search}/rounds/"))
    finishes = len(archive.store.list(f"searches/{search}/finishes/"))
    epochs = sum(_epochs(archive, child) for child in children)
    attempts = sum(len(_attempts(archive, child)) for child in _mortal(archive, search))
    return (
        f"rounds {rounds}, finishes {finishes}, children {milestones}, epochs {epochs}, attempts {attempts}"
    )


def _epochs(archive: Archive, child: str) -> int:
    """Epochs that are kept of a child that is being trained."""
    checkpoint, _ = archive.find_changing(child_key(child, "checkpoint"), Checkpoint)
    return len(checkpoint.history) if checkpoint else 0


def bury(archive: Archive, search: str, limit: int) -> tuple[str, ...]:
    """Give up children whose last `limit` attempts all ended before another epoch was kept.

    A pod that is killed (out of memory, most often) can write down nothing: without this, one child
    could hold up a search for ever. Each gets a failed record, and the search goes on. The start network
    and the finalists are never given up: without them there is no search, and a person has to help.
    """
    hopeless = [each for each in _mortal(archive, search) if _kills(archive, each) >= limit]
    for child in hopeless:
        words = _last_words(archive, search, child)
        reason = f"{limit} attempts ended before another epoch was kept, the last one: {words}"
        archive.create(
            child_key(child, "training"),
            TrainingRecord(child=child, weights=None, history=(), failure=reason),
        )
        evaluate(archive, child)
    return tuple(hopeless)


def _mortal(archive: Archive, search: str) -> tuple[str, ...]:
    """The children of the open round that have no record yet: only they may be given up."""
    if not isinstance(advance(archive, search), Round):
        return ()
    return unfinished(archive, children_at_work(archive, search))


def _attempts(archive: Archive, child: str) -> list[str]:
    """Keys of the attempts at a child, in order."""
    return archive.store.list(f"children/{child}/attempts/")


def _last_words(archive: Archive, search: str, child: str) -> str:
    """What a step of the child wrote down before it failed."""
    troubles = (archive.read(key, Trouble) for key in archive.store.list(f"searches/{search}/troubles/"))
    said = [each.reason for each in troubles if each.child == child]
    return said[-1] if said else "killed, for want of memory most likely"


def _kills(archive: Archive, child: str) -> int:
    """Attempts at a child, the latest ones, that ended without a result and without a kept epoch."""
    kills = 0
    for key in reversed(_attempts(archive, child)):
        attempt, _ = archive.find_changing(key, Attempt)
        if attempt is None or attempt.outcome is not None or attempt.kept_seconds > 0:
            break
        kills += 1
    return kills
