"""Read a whole search from the store."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice, takewhile

from nasflow.base.errors import NotFound
from nasflow.search.budget import BudgetRecord
from nasflow.search.contenders import Comparison
from nasflow.search.halving import halved
from nasflow.search.inheritance import heirs
from nasflow.search.ledger import Candidate, Ledger, LedgerFinal, LedgerRound
from nasflow.search.record import Attempt, FailedRecord, RoundRecord, RungRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import ControllerUpdate, FinishRecord, Proposal, SearchStop, ShortlistRecord
from nasflow.spec.cells import NAMED_CELLS, find_cell
from nasflow.spec.child import ChildSpec
from nasflow.spec.parts import Parts
from nasflow.steps.archive import Archive
from nasflow.steps.keys import (
    SEARCHES,
    attempts_prefix,
    budget_key,
    comparison_key,
    config_key,
    finish_key,
    finishes_among,
    finishes_prefix,
    proposal_key,
    searches_among,
    shortlist_key,
    shortlists_among,
    spec_key,
    start_key,
    stop_key,
    stops_among,
    update_key,
)
from nasflow.steps.records import find_record, find_rung


def read_config(archive: Archive, search: str) -> ResolvedConfig:
    """The configuration with its present budget; raise NotFound with the remedy."""
    try:
        config = archive.read(config_key(search), ResolvedConfig)
    except NotFound:
        raise NotFound(_unknown(archive, search)) from None
    present, _ = archive.find_changing(budget_key(search), BudgetRecord)
    return config.model_copy(update={"budget": present.budget}) if present else config


def _unknown(archive: Archive, search: str) -> str:
    comparison, _ = archive.find_changing(comparison_key(search), Comparison)
    if comparison:
        searches = ", ".join(each.search for each in comparison.searches)
        return f"{search!r} is a comparison, and no search: name one of its searches: {searches}"
    near = get_close_matches(search, search_ids(archive), n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "`nasflow list` shows what is there"
    return f"no search {search!r} in {archive.store.url}: {remedy}"


def search_ids(archive: Archive) -> list[str]:
    """The searches of a store, by name."""
    return searches_among(archive.store.list(SEARCHES))


def found_parts(archive: Archive, text: str) -> Parts:
    """A cell in its text form or of a published name; or what the search with this id has found.

    Raise InvalidSpec if it is no cell, NotFound if there is no such search, or none that has found one.
    """
    if "(" in text or text in NAMED_CELLS:
        return Parts(cell=find_cell(text))
    winner = read_ledger(archive, text).chosen
    if winner is None:
        raise NotFound(f"search {text!r} has found no cell yet: {archive.command('resume', text)} goes on")
    return winner.parts


@dataclass(frozen=True)
class Memory:
    """What cannot change any more of a search that is read again and again: it is not read again.

    A blob that was there once counts as there: who goes on with a search looks with a new memory.
    """

    rounds: dict[int, LedgerRound] = field(default_factory=dict)
    """Those that are complete."""
    attempts: dict[str, tuple[Attempt, ...]] = field(default_factory=dict)
    """By child, of those that are done."""
    blobs: set[str] = field(default_factory=set)
    """Those that are there."""


def read_ledger(
    archive: Archive, search: str, memory: Memory | None = None, until: int | None = None
) -> Ledger:
    """Everything that is known of a search now; raise NotFound if it is not there, or was never begun.

    With the `memory` of the look before, only what can have changed since is asked for. With `until`, the
    search as it was after so many rounds: what a decision is made from that somebody else may have made, and
    gone on from, meanwhile.
    """
    memory = memory or Memory()
    config = read_config(archive, search)
    start = archive.find(start_key(search), ChildSpec)
    if start is None:
        raise NotFound(
            f"search {search!r} in {archive.store.url} was interrupted before it began: "
            "`nasflow search` with its configuration begins it"
        )
    rounds = tuple(islice(_read_rounds(archive, config, memory.rounds), until))
    ledger = Ledger(
        config=config,
        start_spec=start,
        start=find_record(archive, start.id),
        rounds=rounds,
        stop=archive.find(stop_key(search, len(rounds)), SearchStop),
        finish=archive.find(finish_key(search, len(rounds)), FinishRecord),
    )
    ends = {"shortlist": tuple(_shortlist(archive, ledger)), "finals": tuple(_finals(archive, ledger))}
    ledger = ledger.model_copy(update=ends)
    ledger = ledger.model_copy(update={"attempts": tuple(_read_attempts(archive, ledger, memory.attempts))})
    return ledger.model_copy(update={"lost": frozenset(_lost(archive, ledger, memory.blobs))})


def read_round(archive: Archive, config: ResolvedConfig, proposal: Proposal) -> LedgerRound:
    """What became of a proposal by now."""
    children = proposal.children
    records: tuple[RoundRecord | None, ...] = tuple(find_record(archive, child) for child in children)
    rungs: dict[int, tuple[RungRecord | FailedRecord | None, ...]] = {}
    until = None
    if config.halving:
        rungs = {
            epoch: tuple(find_rung(archive, child, epoch) for child in children)
            for epoch in config.halving.rungs
        }
        records, until = halved(config.halving, config.judge, records, rungs)
    update = archive.find(update_key(config.name, proposal.round), ControllerUpdate)
    return LedgerRound(proposal=proposal, records=records, rungs=rungs, until=until, update=update)


def _read_rounds(
    archive: Archive, config: ResolvedConfig, known: dict[int, LedgerRound]
) -> Iterator[LedgerRound]:
    number = 1
    while proposal := archive.find(proposal_key(config.name, number), Proposal):
        found = known.get(number) or read_round(archive, config, proposal)
        if found.is_complete:
            known[number] = found
        yield found
        number += 1


def _shortlist(archive: Archive, ledger: Ledger) -> Iterator[Candidate]:
    known = archive.find(shortlist_key(ledger.config.name, len(ledger.rounds)), ShortlistRecord)
    for each in known.entries if known else ():
        spec = archive.read(spec_key(each.final), ChildSpec)
        yield Candidate(child=each.child, spec=spec, record=find_record(archive, spec.id))


def _finals(archive: Archive, ledger: Ledger) -> Iterator[LedgerFinal]:
    known = ledger.stop.finalists if ledger.stop else ()
    # An older nasflow wrote them down in the finish alone.
    for finalist in known or (each.finalist for each in (ledger.finish.tested if ledger.finish else ())):
        spec = archive.read(spec_key(finalist.child), ChildSpec)
        yield LedgerFinal(finalist=finalist, spec=spec, record=find_record(archive, spec.id))


def _lost(archive: Archive, ledger: Ledger, known: set[str]) -> Iterator[str]:
    """The blobs that a search must have to go on, and the store has not."""
    records = (ledger.start, *(each.record for each in ledger.finals))
    wanted = [record.weights for record in records if isinstance(record, TrainedRecord)]

    def is_lost(digest: str) -> bool:
        if digest not in known and archive.holds(digest):
            known.add(digest)
        return digest not in known

    yield from filter(is_lost, dict.fromkeys(wanted))
    for lines in heirs(ledger).values():
        for line in lines:
            yield from takewhile(is_lost, (record.weights for record in line))
    for each in reversed(ledger.rounds):
        state = each.update.controller if each.update else None
        if each.update and (state is None or not is_lost(state)):
            return
        if state:
            yield state


def _read_attempts(
    archive: Archive, ledger: Ledger, known: dict[str, tuple[Attempt, ...]]
) -> Iterator[Attempt]:
    """All attempts at the search's children, those of each of its finishes included."""
    done = {record.child for record in ledger.networks}
    for child in _tried(archive, ledger):
        found = known.get(child)
        if found is None:
            found = tuple(read_attempts(archive, child))
            # The last word on an attempt comes after the child's record.
            if child in done and (not found or found[-1].outcome):
                known[child] = found
        yield from found


def read_attempts(archive: Archive, child: str) -> Iterator[Attempt]:
    """All attempts at a child, the oldest first."""
    for key in archive.store.list(attempts_prefix(child)):
        attempt, _ = archive.find_changing(key, Attempt)
        if attempt:
            yield attempt


def _tried(archive: Archive, ledger: Ledger) -> list[str]:
    """The search's children, and what was trained at each of its ends."""
    children = [ledger.start_spec.id]
    for each in ledger.rounds:
        children += each.proposal.children
    ends = archive.store.list(finishes_prefix(ledger.config.name))
    for key in shortlists_among(ends):
        children += [each.final for each in archive.read(key, ShortlistRecord).entries]
    for key in stops_among(ends):
        children += [each.child for each in archive.read(key, SearchStop).finalists]
    for key in finishes_among(ends):
        # Of an older nasflow, whose stops do not name them.
        children += [each.finalist.child for each in archive.read(key, FinishRecord).tested]
    # The final start network can be the start network itself: each attempt is told once.
    return list(dict.fromkeys(children))
