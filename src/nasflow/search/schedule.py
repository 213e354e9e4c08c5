"""What a search does next: a pure function of its ledger, which every backend asks.

A search that is new, that was killed, or that was extended is the same to it. Tasks that are given together
may be done at the same time, in any order and by anybody: each does nothing where it is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from nasflow.search.costs import costs
from nasflow.search.inheritance import heirs
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Attempt, ChildRecord, FailedRecord, TrainedRecord
from nasflow.search.rounds import SearchStop
from nasflow.search.shortlist import choice, shortlist


@dataclass(frozen=True)
class Train:
    """Bring a child to its record, or to the end of an epoch."""

    child: str
    stage: Literal["start", "round", "finish"]
    """What it is: the start network, a child of a round, a network at full size."""
    round: int | None = None
    """Of a child: the number of its round."""
    until: int | None = None
    """The last epoch of a rung; None: to its end, with a record."""

    @property
    def title(self) -> str:
        """What it belongs to, for people."""
        if self.round is not None:
            return f"round {self.round}"
        return "start network" if self.stage == "start" else "full size"


@dataclass(frozen=True)
class Propose:
    """Draw the children of a round."""

    round: int


@dataclass(frozen=True)
class Learn:
    """Teach the controller by a round."""

    round: int


@dataclass(frozen=True)
class GiveUp:
    """Write down that a child failed whose attempts were all killed."""

    child: str
    kills: int
    """In a row, at its end."""


@dataclass(frozen=True)
class Shortlist:
    """Write down which of the best children are trained at full size, before one of them is chosen."""

    rounds: int
    """After so many."""


@dataclass(frozen=True)
class Conclude:
    """Write down why there are no more rounds, and which networks are trained at full size."""

    stop: SearchStop


@dataclass(frozen=True)
class Test:
    """Look at the test images, once, with the networks at full size."""

    stop: SearchStop


Task = Train | Propose | Learn | GiveUp | Shortlist | Conclude | Test


def next_tasks(ledger: Ledger, patience: int | None = None) -> tuple[Task, ...]:
    """What is to be done now; nothing when the search is over, for its present budget.

    What is done but has lost its blob is done again, with the same result. With `patience`, children of the
    open round are given up whose last attempts, so many of them, ended before another epoch was kept. The
    start network and the finalists never are: without them there is no search, and a person has to help.
    """
    if not _is_here(ledger, ledger.start):
        return (Train(ledger.start_spec.id, "start"),)
    open_round = _open_round(ledger)
    if open_round:
        return _in_round(ledger, open_round, patience)
    stop = decide(ledger)
    if stop is None:
        return (Propose(len(ledger.rounds) + 1),)
    return _at_end(ledger, ledger.stop or stop)


def is_finish(tasks: tuple[Task, ...]) -> bool:
    """Whether the rounds of a search are over, and its end is to be done."""
    return any(
        isinstance(task, Test) or (isinstance(task, Train) and task.stage == "finish") for task in tasks
    )


def decide(ledger: Ledger) -> SearchStop | None:
    """Why the search stops after its last complete round; None: it goes on."""
    for reason, detail in (
        ("failures", _failures(ledger)),
        ("exhausted", _exhausted(ledger)),
        ("budget", _spent(ledger)),
    ):
        if detail:
            winner = choice(ledger)
            if winner is None and ledger.is_transfer and isinstance(ledger.start, TrainedRecord):
                winner = ledger.start
            return SearchStop(
                reason=reason,
                detail=detail,
                rounds=len(ledger.rounds),
                best=winner.child if winner and reason != "failures" else None,
            )
    return None


def kills(ledger: Ledger, child: str) -> int:
    """How many of a child's last attempts ended before another epoch was kept, and without a result.

    Those that were stopped or hindered, or given up to somebody else, say nothing of the child.
    """
    count = 0
    for attempt in sorted(_attempts(ledger, child), key=lambda each: -each.number):
        if attempt.kept_seconds > 0 or attempt.outcome in {"useful", "failed"}:
            break
        count += attempt.outcome is None
    return count


def _attempts(ledger: Ledger, child: str) -> list[Attempt]:
    return [each for each in ledger.attempts if each.child == child]


def _is_here(ledger: Ledger, record: ChildRecord | None) -> bool:
    """Whether a network has a result, with its weights."""
    if isinstance(record, TrainedRecord):
        return record.weights not in ledger.lost
    return record is not None


def _open_round(ledger: Ledger) -> LedgerRound | None:
    """The round to be gone on with: the first of the latest whose controller states are lost, or the newest
    one, if it is not complete."""
    found = None
    for each in reversed(ledger.rounds):
        if each.update and each.update.controller not in ledger.lost:
            break
        found = each if each.update else found
    newest = ledger.rounds[-1] if ledger.rounds else None
    return found or (newest if newest and not newest.is_complete else None)


def _in_round(ledger: Ledger, each: LedgerRound, patience: int | None) -> tuple[Task, ...]:
    number = each.proposal.round
    if patience is not None:
        killed = ((child, kills(ledger, child)) for child in each.unfinished)
        given_up = tuple(GiveUp(child, count) for child, count in killed if count >= patience)
        if given_up:
            return given_up
    children = (Train(child, "round", number, each.until) for child in each.unfinished)
    # A proposal without children is learned from too: so an exhausted space ends the search.
    return _parents_first(ledger, children) or (Learn(number),)


def _at_end(ledger: Ledger, stop: SearchStop) -> tuple[Task, ...]:
    if ledger.stop is None:
        return (_shortlisting(ledger) if stop.best else ()) or (Conclude(stop),)
    if stop.best is None or (ledger.finish and _is_here(ledger, ledger.final)):
        return ()
    missing = (Train(each.spec.id, "finish") for each in ledger.finals if not _is_here(ledger, each.record))
    return _parents_first(ledger, missing) or (Test(stop),)


def _shortlisting(ledger: Ledger) -> tuple[Task, ...]:
    """What is missing before a network can be chosen; only its figures are wanted, not its weights."""
    if not ledger.shortlist:
        return (Shortlist(len(ledger.rounds)),) if shortlist(ledger) else ()
    missing = (Train(each.spec.id, "finish") for each in ledger.shortlist if each.record is None)
    return _parents_first(ledger, missing)


def _parents_first(ledger: Ledger, trainings: Iterable[Train]) -> tuple[Train, ...]:
    """The trainings; in the place of one that grows from lost weights, the training that brings them back."""
    lines = heirs(ledger)
    found: dict[Train, None] = {}
    for each in trainings:
        gone = [_eldest_lost(ledger, line) for line in lines.get(each.child, ())]
        needed = [_again(ledger, child) for child in gone if child]
        found |= dict.fromkeys(needed or [each])
    return tuple(found)


def _eldest_lost(ledger: Ledger, line: Iterable[TrainedRecord]) -> str | None:
    """The child to be trained first where the weights at the beginning of a line are lost."""
    lost = list(takewhile(lambda record: record.weights in ledger.lost, line))
    return lost[-1].child if lost else None


def _again(ledger: Ledger, child: str) -> Train:
    rounds = (each.proposal.round for each in ledger.rounds if child in each.proposal.children)
    return Train(child, "round", next(rounds, None))


def _failures(ledger: Ledger) -> str | None:
    """The failure budget: a broken start network, or too many broken children."""
    if isinstance(ledger.start, FailedRecord):
        return f"the start network failed: {ledger.start.failure}"
    failed = [record for record in ledger.children if isinstance(record, FailedRecord)]
    if len(failed) > ledger.config.failure_share * max(1, len(ledger.children)):
        return f"{len(failed)} of {len(ledger.children)} children failed, the last one: {failed[-1].failure}"
    return None


def _exhausted(ledger: Ledger) -> str | None:
    if ledger.rounds and not ledger.rounds[-1].proposal.children:
        limits = " and keeps the limits" if ledger.config.limits else ""
        return f"no other network was found in the space that fits the hosts{limits}"
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
