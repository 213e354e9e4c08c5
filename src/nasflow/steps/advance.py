"""Decide from the ledger alone what comes next: what every backend asks, and what `resume` means."""

from dataclasses import dataclass

from nasflow.report.analysis import best, costs
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord, SearchStop
from nasflow.steps.archive import Archive, finish_key
from nasflow.steps.ledger import read_ledger


@dataclass(frozen=True)
class Start:
    """Train the start network."""


@dataclass(frozen=True)
class Round:
    """Do round `number`, or the rest of it."""

    number: int


@dataclass(frozen=True)
class Finish:
    """No more rounds: choose, retrain, test, register, report."""

    stop: SearchStop


@dataclass(frozen=True)
class Done:
    """Finished, for this budget."""

    stop: SearchStop


Next = Start | Round | Finish | Done


def advance(archive: Archive, search: str) -> Next:
    """What is to be done now. A stop is written down once for the number of rounds it came after.

    What is done but has lost its blob (a damaged one was deleted) is done again, with the same result.
    """
    ledger = read_ledger(archive, search)
    if not _is_here(archive, ledger.start):
        return Start()
    lost = _lost_round(archive, ledger)
    if lost:
        return Round(lost)
    if ledger.rounds and not ledger.rounds[-1].is_complete:
        return Round(len(ledger.rounds))
    stop = decide(ledger)
    if stop is None:
        return Round(len(ledger.rounds) + 1)
    stop = archive.create(finish_key(search, stop.rounds, "stop"), stop)
    is_finished = ledger.finish is not None and _is_here(archive, ledger.final)
    return Done(stop) if is_finished or stop.best is None else Finish(stop)


def _is_here(archive: Archive, record: ChildRecord | None) -> bool:
    return record is not None and archive.holds(record.weights)


def _lost_round(archive: Archive, ledger: Ledger) -> int | None:
    """The first of the latest rounds whose controller states are gone; None: the newest one is there."""
    lost = None
    for each in reversed(ledger.rounds):
        if each.update and archive.holds(each.update.controller):
            break
        lost = each.proposal.round if each.update else None
    return lost


def decide(ledger: Ledger) -> SearchStop | None:
    """Why the search stops after its last complete round; None: it goes on."""
    for reason, detail in (
        ("failures", _failures(ledger)),
        ("exhausted", _exhausted(ledger)),
        ("budget", _spent(ledger)),
    ):
        if detail:
            winner = best(ledger.children) or (ledger.start if ledger.is_transfer else None)
            return SearchStop(
                reason=reason,
                detail=detail,
                rounds=len(ledger.rounds),
                best=winner.child if winner and reason != "failures" else None,
            )
    return None


def _failures(ledger: Ledger) -> str | None:
    """The failure budget: a broken start network, or too many broken children."""
    if ledger.start and ledger.start.status == "failed":
        return f"the start network failed: {ledger.start.failure}"
    failed = [record for record in ledger.children if record.status == "failed"]
    if len(failed) > ledger.config.failure_share * max(1, len(ledger.children)):
        return f"{len(failed)} of {len(ledger.children)} children failed, the last one: {failed[-1].failure}"
    return None


def _exhausted(ledger: Ledger) -> str | None:
    if ledger.rounds and not ledger.rounds[-1].proposal.children:
        return "every cell of the space has been tried"
    return None


def _spent(ledger: Ledger) -> str | None:
    """The first limit of the budget that is reached."""
    budget = ledger.config.budget
    children = sum(len(each.proposal.children) for each in ledger.rounds)
    cost = costs(ledger)
    for name, spent, limit in (
        ("children", children, budget.children),
        ("rounds", len(ledger.rounds), budget.rounds),
        ("seconds", cost.cpu.total + cost.gpu.total, budget.seconds),
        ("gpu_hours", cost.gpu.total / 3600, budget.gpu_hours),
    ):
        if limit is not None and spent >= limit:
            return f"{name}: {spent:g} of {limit:g}"
    return None
