"""Teach the controller by a finished round."""

from nasflow.controllers import Lesson, Results
from nasflow.search.rounds import Arm, ControllerUpdate, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import proposal_key, start_key, update_key
from nasflow.steps.ledger import read_config
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
    proposal = archive.read(proposal_key(search, number), Proposal)
    state = get_blob(archive.store, proposal.controller) if proposal.controller else None
    controller = controller_of(read_config(archive, search))
    new, metrics = controller.learn(state, _results(archive, search, proposal))
    digest = put_blob(archive.store, new) if new is not None else None
    learned = archive.create(key, ControllerUpdate(round=number, controller=digest, metrics=metrics))
    archive.require(learned.controller, f"the controller after round {number}")
    return learned


def _results(archive: Archive, search: str, proposal: Proposal) -> Results:
    config = read_config(archive, search)
    start = archive.read(start_key(search), ChildSpec)
    lessons = [
        Lesson(
            decisions=episode.decisions,
            tries=episode.tries,
            reward=config.judge.reward(read_record(archive, child), start.data.held_out_images),
        )
        for episode, child in zip(proposal.episodes, proposal.children, strict=True)
        if episode.arm is Arm.CONTROLLER
    ]
    return Results(config.space, start.network, proposal.seed, tuple(lessons))
