"""A running search in words, a line at a time: where it stands, and what a network came to."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasflow.search.ledger import Ledger
    from nasflow.search.record import RoundRecord
    from nasflow.steps.follow import SearchView


def standing_text(view: "SearchView", lanes: int = 1, in_pods: bool = False) -> str:
    """Children, stage, and time left where `lanes` networks are trained at the same time: `7/20, round 2,
    about 3 min left`; of a search in pods, whose ways nobody foretells, `about 3 min of training left`.
    """
    from nasflow.search.remaining import remaining

    left = remaining(view.ledger).text(max(1, lanes), "of training left" if in_pods else "left")
    parts = [children_text(view.ledger), stage_text(view), left]
    return ", ".join(filter(None, parts))


def children_text(ledger: "Ledger") -> str:
    """`7/20`, or `7 children` where the budget is one of time; empty where none are looked for."""
    from nasflow.search.outlook import counted_children

    expected, done = counted_children(ledger.config), len(ledger.children)
    if ledger.is_transfer:
        return ""
    if expected is None:
        return "1 child" if done == 1 else f"{done} children"
    return f"{done}/{max(expected, done)}"


def stage_text(view: "SearchView") -> str:
    """What the search is at."""
    from nasflow.search.schedule import Learn, Propose, Test, Train

    if view.is_over:
        return "over"
    match view.tasks[0]:
        case Train() as task:
            return task.title
        case Propose(number) | Learn(number):
            return f"round {number}"
        case Test():
            return "test images"
    return "choosing"


def silence_text(view: "SearchView") -> str:
    """What to do where nobody seems to be at work; empty: somebody is, or it is too early to say."""
    from nasflow.search.words import time_words
    from nasflow.store import command_on

    if view.is_over or view.idle is None:
        return ""
    return (
        f"no network has been in training for {time_words(view.idle)}: if nobody is at work, "
        f"{command_on(view.store, 'resume', view.ledger.config.name)} goes on"
    )


def record_text(ledger: "Ledger", record: "RoundRecord") -> str:
    """What a network is there for, what it brought, and its parts."""
    from nasflow.report.network import network_text
    from nasflow.report.roles import roles

    role = roles(ledger).get(record.child, record.child)
    return f"{role}: {result_text(ledger, record)}  {network_text(record.parts, ledger.config.host)}"


def result_text(ledger: "Ledger", record: "RoundRecord", is_short: bool = False) -> str:
    """What a network brought, by the objective; or why it failed, or cannot win. In short, without the
    measures' names.
    """
    from nasflow.search.words import figure_text, with_unit

    if record.status == "failed":
        return record.failure
    judge = ledger.config.judge
    breach = judge.breach(record.measures)
    known = dict.fromkeys(_told_of(ledger, record))
    if is_short:
        figures = (record.measures[each] for each in known if each in record.measures)
        said = ", ".join(with_unit(each.value, each.unit) for each in figures)
        return f"{said}, over a limit" if breach else said
    # A network that was brought, and not trained, has no training loss.
    said = ", ".join(
        figure_text(each, found.value if (found := record.measures.get(each)) else None) for each in known
    )
    if record.status == "rung":
        said += f" after epoch {len(record.history)}"
    return f"{said} ({breach})" if breach else said


def _told_of(ledger: "Ledger", record: "RoundRecord") -> tuple[str, str]:
    """What it is judged by, and the accuracy, which people know. How a training went is compared among
    children, who are trained alike: of others the held-out loss is told.
    """
    from nasflow.search.measures import find_measure

    measure = ledger.config.objective.measure
    is_child = any(record.child in each.proposal.children for each in ledger.rounds)
    if find_measure(measure).is_of_training and not is_child:
        return "held_out_accuracy", "held_out_loss"
    return measure, "held_out_accuracy"
