"""Do one task of a search's schedule: what every backend calls.

Only a task brings torch in: to look at a schedule, as `nasflow status` and most pods do, takes none.
"""

from nasflow.search.schedule import Conclude, GiveUp, Learn, Propose, Shortlist, Task, Test, Train, next_tasks
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_ledger
from nasflow.steps.progress import Progress, unseen


def tasks_of(archive: Archive, search: str, patience: int | None = None) -> tuple[Task, ...]:
    """What is to be done now, by the ledger as it is in the store; nothing when the search is over."""
    return next_tasks(read_ledger(archive, search), patience)


def settled_tasks(archive: Archive, search: str) -> tuple[Task, ...]:
    """What is to be done now, once it is written down that the rounds are over, if they are, and who is
    trained at full size.
    """
    tasks = tasks_of(archive, search)
    while any(isinstance(task, Shortlist | Conclude) for task in tasks):
        for task in tasks:
            execute(archive, search, task)
        tasks = tasks_of(archive, search)
    return tasks


def execute(archive: Archive, search: str, task: Task, progress: Progress = unseen) -> None:
    """Do a task; it does nothing where it is done. `progress` is told of a training."""
    match task:
        case Train():
            from nasflow.steps.child import run_child

            run_child(archive, task.child, progress, task.until)
        case Propose(number):
            from nasflow.steps.propose import propose

            propose(archive, search, number)
        case Learn(number):
            from nasflow.steps.learn import learn

            learn(archive, search, number)
        case GiveUp(child, kills):
            from nasflow.steps.give_up import give_up

            give_up(archive, search, child, kills)
        case Shortlist(rounds):
            from nasflow.steps.finish import draw_up_shortlist

            draw_up_shortlist(archive, search, rounds)
        case Conclude(stop):
            from nasflow.steps.finish import conclude

            conclude(archive, search, stop)
        case Test(stop):
            from nasflow.steps.finish import run_test

            run_test(archive, search, stop)
