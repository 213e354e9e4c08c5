"""Teach the controller by a finished round."""

from nasflow.controllers import Batch, reward
from nasflow.search.record import Arm, ChildRecord, ControllerUpdate, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive, child_key, round_key, search_key
from nasflow.steps.ledger import read_config
from nasflow.steps.propose import controller_of
from nasflow.store import get_blob, put_blob


def update(archive: Archive, search: str, number: int) -> ControllerUpdate:
    """The controller after round `number`, all of whose children have records.

    Only its own children teach it: the random arm's were not drawn by its policy.
    """
    key = round_key(search, number, "update")
    known = archive.find(key, ControllerUpdate)
    if known and archive.holds(known.controller):
        return known
    proposal = archive.read(round_key(search, number, "proposal"), Proposal)
    state = get_blob(archive.store, proposal.controller) if proposal.controller else None
    new, metrics = controller_of(read_config(archive, search)).update(
        state, _batch(archive, search, proposal)
    )
    digest = put_blob(archive.store, new) if new is not None else None
    learned = archive.create(key, ControllerUpdate(round=number, controller=digest, metrics=metrics))
    archive.require(learned.controller, f"the controller after round {number}")
    return learned


def _batch(archive: Archive, search: str, proposal: Proposal) -> Batch:
    config = read_config(archive, search)
    images = archive.read(search_key(search, "start"), ChildSpec).data.held_out_images
    own = [
        (episode, archive.read(child_key(child, "record"), ChildRecord).accuracy)
        for episode, child in zip(proposal.episodes, proposal.children, strict=True)
        if episode.arm is Arm.CONTROLLER
    ]
    return Batch(
        start=config.start_cell,
        space=config.space,
        seed=proposal.seed,
        episodes=tuple(episode for episode, _ in own),
        rewards=tuple(None if accuracy is None else reward(accuracy, images) for _, accuracy in own),
    )
