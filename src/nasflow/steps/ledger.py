"""Read a whole search from the store."""

from collections.abc import Iterable, Iterator

from nasflow.base.errors import NotFound
from nasflow.report.analysis import chosen
from nasflow.search.config import BudgetRecord, SearchConfig
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Attempt, ChildRecord, ControllerUpdate, FinishRecord, Proposal, SearchStop
from nasflow.spec.cells import NAMED_CELLS, find_cell
from nasflow.spec.child import ChildSpec
from nasflow.spec.tree import Tree
from nasflow.steps.archive import Archive, child_key, finish_key, round_key, search_key


def read_config(archive: Archive, search: str) -> SearchConfig:
    """The configuration with its present budget; raise NotFound with the remedy."""
    try:
        config = archive.read(search_key(search, "config"), SearchConfig)
    except NotFound:
        raise NotFound(
            f"no search {search!r} in {archive.store.url}: `nasflow list` shows what is there"
        ) from None
    present, _ = archive.find_changing(search_key(search, "budget"), BudgetRecord)
    return config.model_copy(update={"budget": present.budget}) if present else config


def search_ids(archive: Archive) -> list[str]:
    """The searches of a store, by name."""
    keys = archive.store.list("searches/")
    return [key.split("/")[1] for key in keys if key.endswith("/config.json")]


def found_cell(archive: Archive, text: str) -> Tree:
    """A cell in its text form or of a published name; or the best one of the search with this id.

    Raise InvalidSpec if it is no cell, NotFound if there is no such search, or none that has found one.
    """
    if "(" in text or text in NAMED_CELLS:
        return find_cell(text)
    winner = chosen(read_ledger(archive, text))
    if winner is None:
        raise NotFound(f"search {text!r} has found no cell yet: `nasflow resume {text}` goes on")
    return winner.cell


def read_ledger(archive: Archive, search: str) -> Ledger:
    """Everything that is known of a search now."""
    config = read_config(archive, search)
    start = archive.find(search_key(search, "start"), ChildSpec)
    rounds = tuple(_read_rounds(archive, search))
    stop = archive.find(finish_key(search, len(rounds), "stop"), SearchStop)
    finish = archive.find(finish_key(search, len(rounds), "finish"), FinishRecord)
    return Ledger(
        config=config,
        start_spec=start,
        start=_record(archive, start.id if start else None),
        rounds=rounds,
        stop=stop,
        finish=finish,
        final=_record(archive, finish.final if finish else None),
        final_start=_record(archive, finish.start_final if finish else None),
        attempts=tuple(_read_attempts(archive, search, start, rounds)),
    )


def _read_rounds(archive: Archive, search: str) -> Iterator[LedgerRound]:
    number = 1
    while proposal := archive.find(round_key(search, number, "proposal"), Proposal):
        yield LedgerRound(
            proposal=proposal,
            records=tuple(_record(archive, child) for child in proposal.children),
            update=archive.find(round_key(search, number, "update"), ControllerUpdate),
        )
        number += 1


def _record(archive: Archive, child: str | None) -> ChildRecord | None:
    return archive.find(child_key(child, "record"), ChildRecord) if child else None


def _read_attempts(
    archive: Archive, search: str, start: ChildSpec | None, rounds: Iterable[LedgerRound]
) -> Iterator[Attempt]:
    """All attempts at the search's children, those of each of its finishes included."""
    children = [start.id] if start else []
    for each in rounds:
        children += each.proposal.children
    for key in archive.store.list(f"searches/{search}/finishes/"):
        if key.endswith("/finish.json"):
            finish = archive.read(key, FinishRecord)
            children += [child for child in (finish.final, finish.start_final) if child]
    # The final start cell can be the start network itself: each attempt is told once.
    for child in dict.fromkeys(children):
        for key in archive.store.list(f"children/{child}/attempts/"):
            attempt, _ = archive.find_changing(key, Attempt)
            if attempt:
                yield attempt
