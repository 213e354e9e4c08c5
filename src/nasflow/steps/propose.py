"""Propose a round's children from the stored controller."""

from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.controllers import Controller, Request, make_controller
from nasflow.networks import check_fit
from nasflow.search.config import RandomController, SearchConfig
from nasflow.search.ledger import Ledger
from nasflow.search.record import Arm, Episode, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.spec.growth import plan
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree
from nasflow.steps.archive import Archive, child_key, round_key, search_key
from nasflow.steps.ledger import read_ledger
from nasflow.store import get_blob


def propose(archive: Archive, search: str, number: int) -> Proposal:
    """The children of round `number`, with their specs written; the proposal that was first stays."""
    known = archive.find(round_key(search, number, "proposal"), Proposal)
    return known or archive.create(round_key(search, number, "proposal"), _draw(archive, search, number))


def controller_of(config: SearchConfig) -> Controller:
    """The controller that the configuration names, with the search's seed for its first state."""
    return make_controller(config.controller, derive(config.seed, "controller"))


def fits(config: SearchConfig, cell: Tree) -> bool:
    """Whether the cell fits the host of the search and the host of the finish."""
    try:
        for host in config.hosts:
            check_fit(cell, host)
    except InvalidSpec:
        return False
    return True


def controller_state(archive: Archive, ledger: Ledger) -> str | None:
    """Digest of the controller after the last round that has taught it; None: it has learned nothing."""
    updates = [each.update for each in ledger.rounds if each.update]
    return updates[-1].controller if updates else None


def _draw(archive: Archive, search: str, number: int) -> Proposal:
    ledger = read_ledger(archive, search)
    config = ledger.config
    state = controller_state(archive, ledger)
    seed = derive(config.seed, "round", number)
    count = _room(ledger)
    random_count = config.random_children(count)
    taken = {str(config.start_cell)}
    taken |= {str(e.cell.canonical()) for each in ledger.rounds for e in each.proposal.episodes}
    random = make_controller(RandomController(), seed)
    uniform = random.propose(None, _request(config, derive(seed, Arm.RANDOM.value), random_count, taken))
    taken |= {str(episode.cell.canonical()) for episode in uniform}
    chosen = controller_of(config).propose(
        get_blob(archive.store, state) if state else None,
        _request(config, derive(seed, Arm.CONTROLLER.value), count - len(uniform), taken),
    )
    episodes = tuple(
        [episode.model_copy(update={"arm": Arm.CONTROLLER}) for episode in chosen]
        + [episode.model_copy(update={"arm": Arm.RANDOM}) for episode in uniform]
    )
    specs = [_child(archive, search, episode) for episode in episodes]
    banked = [spec.id for spec in specs if archive.store.exists(child_key(spec.id, "record"))]
    for spec in specs:
        archive.create(child_key(spec.id, "spec"), spec)
    return Proposal(
        round=number,
        controller=state,
        seed=seed,
        episodes=episodes,
        children=tuple(spec.id for spec in specs),
        banked=tuple(banked),
    )


def _room(ledger: Ledger) -> int:
    """Children of the next round: no more than the budget leaves."""
    wanted, most = ledger.config.children_per_round, ledger.config.budget.children
    proposed = sum(len(each.proposal.children) for each in ledger.rounds)
    return wanted if most is None else max(0, min(wanted, most - proposed))


def _request(config: SearchConfig, seed: int, count: int, taken: set[str]) -> Request:
    return Request(
        start=config.start_cell,
        space=config.space,
        seed=seed,
        count=count,
        taken=frozenset(taken),
        fits=lambda cell: fits(config, cell),
    )


def _child(archive: Archive, search: str, episode: Episode) -> ChildSpec:
    start = archive.read(search_key(search, "start"), ChildSpec)
    config = archive.read(search_key(search, "config"), SearchConfig)
    cell = _growable(config.start_cell, episode.cell)
    network = NetworkSpec.model_validate(start.network.model_dump() | {"cell": cell})
    return ChildSpec(network=network, parent=start.id, data=start.data, recipe=config.child, seed=config.seed)


def _growable(start: Tree, cell: Tree) -> Tree:
    """The cell in canonical order, unless the start cell's own branches would have to change places."""
    try:
        plan(start, cell.canonical())
    except InvalidSpec:
        return cell
    return cell.canonical()
