"""Teach the controller by a finished round."""

from nasflow.controllers import Lesson, Results
from nasflow.search.ledger import LedgerRound
from nasflow.search.record import RoundRecord, RungRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, ControllerUpdate, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.checkpoints import drop_checkpoint
from nasflow.steps.keys import proposal_key, start_key, update_key
from nasflow.steps.ledger import read_config, read_ledger, read_round
from nasflow.steps.propose import controller_of
from nasflow.steps.records import read_record
from nasflow.store import get_blob, put_blob


def learn(archive: Archive, search: str, number: int) -> ControllerUpdate:
    """The controller after round `number`, all of whose children have records.

    Only its own children teach it: the random arm's were not drawn by its policy.
    """
    key = update_key(search, number)
    known = archive.find(key, ControllerUpdate)
    if known and archive.holds(known.controller):
        return known
    config, proposal = read_config(archive, search), archive.read(proposal_key(search, number), Proposal)
    each = read_round(archive, config, proposal)
    state = get_blob(archive.store, proposal.controller) if proposal.controller else None
    new, metrics = controller_of(config).learn(state, _results(archive, config, each))
    digest = put_blob(archive.store, new) if new is not None else None
    # Before the round is over, so that a kill in between leaves nothing behind.
    for record in each.records:
        # Those that were stopped are not gone on with.
        if isinstance(record, RungRecord):
            drop_checkpoint(archive, record.child)
    learned = archive.create(key, ControllerUpdate(round=number, controller=digest, metrics=metrics))
    archive.require(learned.controller, f"the controller after round {number}")
    return learned


def _results(archive: Archive, config: ResolvedConfig, each: LedgerRound) -> Results:
    start, proposal = archive.read(start_key(config.name), ChildSpec), each.proposal
    before = _before(archive, config, proposal.round)
    rewards = config.judge.rewards(_known(archive, each), before, start.data.held_out_images)
    lessons = [
        Lesson(decisions=episode.decisions, tries=episode.tries, reward=reward)
        for episode, reward in zip(proposal.episodes, rewards, strict=True)
        if episode.arm is Arm.CONTROLLER
    ]
    return Results(config.space, start.network, proposal.seed, tuple(lessons))


def _before(archive: Archive, config: ResolvedConfig, number: int) -> tuple[RoundRecord, ...]:
    """The children of the rounds before, where the objective is one that sees a child beside all others."""
    if not config.objective.pareto:
        return ()
    rounds = read_ledger(archive, config.name, until=number - 1).rounds
    return tuple(record for each in rounds for record in each.records if record)


def _known(archive: Archive, each: LedgerRound) -> tuple[RoundRecord, ...]:
    """What tells the children of a round apart; raise NotFound if it is not complete."""
    return tuple(
        record or read_record(archive, child)
        for child, record in zip(each.proposal.children, each.lessons, strict=True)
    )
