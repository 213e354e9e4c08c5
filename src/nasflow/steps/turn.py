"""A turn of a search as a pipeline sees it: it knows no numbers, so the schedule says which children come
next.
"""

from nasflow.base.errors import StoreError
from nasflow.search.record import RungRecord
from nasflow.search.rounds import ControllerUpdate, FinishRecord
from nasflow.search.schedule import Learn, Propose, Test, Train
from nasflow.steps.archive import Archive
from nasflow.steps.execute import execute, settled_tasks, tasks_of
from nasflow.steps.ledger import read_config, read_ledger


def children_to_train(archive: Archive, search: str) -> tuple[str, ...]:
    """The start network, or the next round's children that have no record; none when rounds are over."""
    tasks = tasks_of(archive, search)
    for task in tasks:
        if isinstance(task, Propose):
            execute(archive, search, task)
            tasks = tasks_of(archive, search)
    return tuple(task.child for task in tasks if isinstance(task, Train) and task.stage != "finish")


def rung_of(archive: Archive, search: str, child: str) -> int | None:
    """The epoch that a child is to be trained until, by now; None: to its end."""
    for each in reversed(read_ledger(archive, search).rounds):
        for known, record in zip(each.proposal.children, each.records, strict=True):
            if known == child:
                return record.epoch if isinstance(record, RungRecord) else each.until
    return None


def finalists_to_train(archive: Archive, search: str) -> tuple[str, ...]:
    """The full-size networks that have no record; none before the finish and after it."""
    tasks = settled_tasks(archive, search)
    return tuple(task.child for task in tasks if isinstance(task, Train) and task.stage == "finish")


def run_test_if_due(archive: Archive, search: str) -> FinishRecord | None:
    """The one look at the test images, if all that it needs is trained."""
    from nasflow.steps.finish import run_test

    for task in settled_tasks(archive, search):
        if isinstance(task, Test):
            return run_test(archive, search, task.stop)
    return None


def learn_from_round(archive: Archive, search: str) -> ControllerUpdate | None:
    """Teach the controller by the round that is open; None where there is none (the start network), or where
    the better children of a halved round are still to be trained on, which is another turn.
    """
    from nasflow.steps.learn import learn

    tasks = tasks_of(archive, search)
    rungs = read_config(archive, search).halving
    missing = [task for task in tasks if isinstance(task, Train) and task.stage == "round"]
    if missing and not (rungs and missing[0].until != rungs.rungs[0]):
        children = ", ".join(task.child for task in missing)
        raise StoreError(
            f"search {search!r} cannot teach yet: {children} have no record; "
            f"{archive.command('resume', search)} trains them"
        )
    lesson = next((task for task in tasks if isinstance(task, Learn)), None)
    return learn(archive, search, lesson.round) if lesson else None
