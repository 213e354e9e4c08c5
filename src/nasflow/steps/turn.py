"""A round as a pipeline sees it: it knows no numbers, so the ledger says which children come next."""

from nasflow.base.errors import StoreError
from nasflow.search.record import ChildRecord, ControllerUpdate, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.steps.advance import Done, Finish, Round, Start, advance
from nasflow.steps.archive import Archive, child_key, round_key, search_key
from nasflow.steps.finish import select
from nasflow.steps.propose import propose
from nasflow.steps.update import update


def children_to_train(archive: Archive, search: str) -> tuple[str, ...]:
    """The start network, or the next round's children that have no record; none when rounds are over."""
    match advance(archive, search):
        case Round(number):
            propose(archive, search, number)
        case Finish() | Done():
            return ()
    return unfinished(archive, children_at_work(archive, search))


def finalists_to_train(archive: Archive, search: str) -> tuple[str, ...]:
    """The full-size networks that have no record; none before the finish and after it."""
    if not isinstance(advance(archive, search), Finish):
        return ()
    return unfinished(archive, children_at_work(archive, search))


def children_at_work(archive: Archive, search: str) -> tuple[str, ...]:
    """The children of the stage that a search is in, finished or not; none between two rounds."""
    match advance(archive, search):
        case Start():
            return (archive.read(search_key(search, "start"), ChildSpec).id,)
        case Round(number):
            proposal = archive.find(round_key(search, number, "proposal"), Proposal)
            return proposal.children if proposal else ()
        case Finish(stop):
            return select(archive, search, stop).ids
        case Done():
            return ()


def learn(archive: Archive, search: str) -> ControllerUpdate | None:
    """Teach the controller by the round that is open; None where there is none (the start network)."""
    step = advance(archive, search)
    if not isinstance(step, Round):
        return None
    proposal = archive.find(round_key(search, step.number, "proposal"), Proposal)
    if proposal is None:
        return None
    # A proposal without children is learned from too: so an exhausted space ends the search.
    missing = unfinished(archive, proposal.children)
    if missing:
        raise StoreError(
            f"round {step.number} of search {search!r} cannot teach yet: {', '.join(missing)} have no "
            f"record; `nasflow resume {search}` trains them"
        )
    return update(archive, search, step.number)


def unfinished(archive: Archive, children: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `children` that have no record."""
    return tuple(each for each in children if archive.find(child_key(each, "record"), ChildRecord) is None)
