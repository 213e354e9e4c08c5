"""Propose a round's children from the stored controller."""

import math
from collections.abc import Iterable
from functools import partial

from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.controllers import Controller, Draw, Parent, Request, make_controller
from nasflow.measure import counted
from nasflow.networks import check_fit, check_network
from nasflow.search.controller import RandomController
from nasflow.search.finalists import full_size
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, Episode, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import apply_all
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Scratch
from nasflow.steps.archive import Archive
from nasflow.steps.keys import proposal_key, record_key, spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.store import get_blob


def propose(archive: Archive, search: str, number: int) -> Proposal:
    """The children of round `number`, with their specs written; the proposal that was first stays."""
    known = archive.find(proposal_key(search, number), Proposal)
    return known or archive.create(proposal_key(search, number), _draw(archive, search, number))


def controller_of(config: ResolvedConfig) -> Controller:
    """The controller that the configuration names, with the search's seed for its first state."""
    return make_controller(config.controller, derive(config.seed, "controller"))


def excess(ledger: Ledger, network: NetworkSpec) -> float:
    """How far a network is from what can be had, see Request; inf: it does not fit a host.

    Limits hold for the network as it is searched and at full size, as far as they can be counted.
    """
    try:
        # Often they are one: then it is counted once.
        both = dict.fromkeys((network, full_size(ledger, network.parts).network))
        return sum((_excess(ledger.config, each) for each in both), 0.0)
    except ValueError:
        return math.inf


def _excess(config: ResolvedConfig, network: NetworkSpec) -> float:
    """Of one of them; raise ValueError if it does not fit its host."""
    check_fit(network.parts, network.host)
    found = config.judge.excess(counted(network, config.counted_limits))
    if not found:
        # Which builds it once more: that is for those that are kept.
        check_network(network)
    return found


def _draw(archive: Archive, search: str, number: int) -> Proposal:
    # As it was: if somebody has proposed the round by now, the same is drawn again, and no other children.
    ledger = read_ledger(archive, search, until=number - 1)
    config = ledger.config
    state = _controller_state(ledger)
    seed = derive(config.seed, "round", number)
    parents = _parents(ledger)
    count = _room(ledger)
    taken = _taken(ledger)
    at_random = config.random_children(count)
    random = make_controller(RandomController(), seed)
    uniform = random.propose(None, _request(ledger, derive(seed, Arm.RANDOM.value), at_random, taken))
    taken |= {draw.network.name for draw in uniform}
    # Fewer than were asked for: the space is exhausted, for the controller too.
    own = count - at_random if len(uniform) == at_random else 0
    wanted = _request(ledger, derive(seed, Arm.CONTROLLER.value), own, taken, parents)
    chosen = controller_of(config).propose(get_blob(archive.store, state) if state else None, wanted)
    drawn = [(Arm.CONTROLLER, draw) for draw in chosen] + [(Arm.RANDOM, draw) for draw in uniform]
    episodes = tuple(_episode(ledger, arm, draw, parents) for arm, draw in drawn)
    specs = [_child(ledger, episode) for episode in episodes]
    banked = [spec.id for spec in specs if archive.store.exists(record_key(spec.id))]
    for spec in specs:
        archive.create(spec_key(spec.id), spec)
    return Proposal(
        round=number,
        controller=state,
        seed=seed,
        episodes=episodes,
        children=tuple(spec.id for spec in specs),
        banked=tuple(banked),
    )


def _controller_state(ledger: Ledger) -> str | None:
    """Digest of the controller after the last round that has taught it; None: it has learned nothing."""
    updates = [each.update for each in ledger.rounds if each.update]
    return updates[-1].controller if updates else None


def _room(ledger: Ledger) -> int:
    """Children of the next round: no more than the budget leaves."""
    wanted, most = ledger.config.children_per_round, ledger.config.budget.children
    proposed = sum(len(each.proposal.children) for each in ledger.rounds)
    return wanted if most is None else max(0, min(wanted, most - proposed))


def _taken(ledger: Ledger) -> frozenset[str]:
    """Names of all networks that this search has had, the start's included."""
    start = ledger.start_spec.network
    parts = [episode.parts for each in ledger.rounds for episode in each.proposal.episodes]
    return frozenset(start.with_parts(each).name for each in (start.parts, *parts))


def _parents(ledger: Ledger) -> tuple[Parent, ...]:
    """The records that a child may inherit from, in the order of their training; those that may win."""
    start = ledger.start_spec.network
    asked = (ledger.start, *ledger.children) if ledger.config.parents == "found" else (ledger.start,)
    records = [each for each in asked if each]
    found: dict[str, Parent] = {}
    for record, score in zip(records, ledger.config.judge.worths(records), strict=True):
        if isinstance(record, TrainedRecord) and (score is not None or record is ledger.start):
            worth = float("-inf") if score is None else score
            found.setdefault(record.child, Parent(record.child, start.with_parts(record.parts), worth))
    return tuple(found.values())


def _request(
    ledger: Ledger, seed: int, count: int, taken: frozenset[str], parents: Iterable[Parent] = ()
) -> Request:
    return Request(
        space=ledger.config.space,
        start=ledger.start_spec.network,
        seed=seed,
        count=count,
        taken=taken,
        excess=partial(excess, ledger),
        parents=tuple(parents) if ledger.config.parents == "found" else (),
    )


def _episode(ledger: Ledger, arm: Arm, draw: Draw, parents: tuple[Parent, ...]) -> Episode:
    """A draw with the record that it grows from: the one that the controller wishes, or the nearest one."""
    space = ledger.config.space
    if ledger.config.parents == "none":
        parts = draw.network.canonical().parts
        return Episode(arm=arm, decisions=draw.decisions, tries=draw.tries, parts=parts)
    wished = [each for each in parents if each.id == draw.parent]
    ways = [(each, space.edits(each.network, draw.network)) for each in wished or parents]
    able = [(parent, edits) for parent, edits in ways if edits is not None]
    if not able:
        raise InvalidSpec(f"the space {space.kind} has no edits from its own start to {draw.network.name}")
    parent, edits = min(able, key=lambda way: (len(way[1]), -way[0].score))
    return Episode(
        arm=arm,
        decisions=draw.decisions,
        tries=draw.tries,
        parts=apply_all(edits, parent.network).parts,
        parent=parent.id,
        edits=edits,
    )


def _child(ledger: Ledger, episode: Episode) -> ChildSpec:
    network = ledger.start_spec.network.model_dump() | {"parts": episode.parts}
    parent = episode.parent
    origin = Grown(parent=parent, edits=episode.edits) if parent else Scratch()
    return ledger.child(NetworkSpec.model_validate(network), origin, ledger.config.child)
