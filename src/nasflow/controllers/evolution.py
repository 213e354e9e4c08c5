"""Regularised evolution (Real et al., AAAI 2019): the other control that later papers ask for.

The newest cells are the population; the best of a random few of them is changed in one decision, and the
oldest one dies, however good it is.
"""

import numpy as np

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.controllers.finder import Finder
from nasflow.controllers.protocol import Batch, Request
from nasflow.controllers.summary import summarise
from nasflow.search.config import EvolutionController, Space
from nasflow.search.record import Arm, Episode
from nasflow.search.spaces.path.walk import Head, Walk, replay
from nasflow.spec.tree import Path, Tree

MUTATION_TRIES = 100
"""Mutations for one child before it is drawn uniformly: then almost all neighbours are known."""


class Member(Frozen):
    """A child that was trained: how to build it, and what it was worth."""

    decisions: tuple[int, ...]
    reward: float


class Population(Document):
    """The state of the evolution: its members, the oldest one first."""

    members: tuple[Member, ...] = ()


class RegularisedEvolution:
    """Mutates the winner of a small tournament; the first children are drawn uniformly."""

    def __init__(self, spec: EvolutionController) -> None:
        self._spec = spec

    def propose(self, state: bytes | None, request: Request) -> list[Episode]:
        """See Controller."""
        members = _unpack(state).members
        random = np.random.default_rng(request.seed)
        finder = Finder(request, random)
        found = (self._child(members, request, finder, random) for _ in range(request.count))
        return [episode for episode in found if episode]

    def update(self, state: bytes | None, batch: Batch) -> tuple[bytes | None, dict[str, float]]:
        """See Controller; children that failed do not live on."""
        before = _unpack(state)
        own = [
            (episode, reward)
            for episode, reward in zip(batch.episodes, batch.rewards, strict=True)
            if episode.arm is Arm.CONTROLLER
        ]
        if not own:
            return state, {}
        for episode, _ in own:
            replay(batch.start, batch.space, episode.decisions)
        born = [Member(decisions=each.decisions, reward=reward) for each, reward in own if reward is not None]
        members = (*before.members, *born)[-self._spec.population :]
        figures = summarise([episode for episode, _ in own], [reward for _, reward in own])
        return Population(members=members).to_bytes(), figures

    def _child(
        self, members: tuple[Member, ...], request: Request, finder: Finder, random: np.random.Generator
    ) -> Episode | None:
        if len(members) < self._spec.population:
            return finder.find(Arm.CONTROLLER)
        for number in range(1, MUTATION_TRIES + 1):
            drawn = random.choice(len(members), size=self._spec.tournament, replace=False)
            parent = max((members[place] for place in drawn), key=lambda member: member.reward)
            walk = mutate(request.start, request.space, parent.decisions, random)
            if episode := finder.admit(walk, Arm.CONTROLLER, number):
                return episode
        return finder.find(Arm.CONTROLLER, MUTATION_TRIES)


def mutate(start: Tree, space: Space, decisions: tuple[int, ...], random: np.random.Generator) -> Walk:
    """Another episode: one decision that had a choice is made differently, the others stay.

    What stays is the answer to the same question about the same edge, as far as it is asked again;
    new questions are answered uniformly.
    """
    parent = _answers(start, space, decisions)
    changeable = [question for question, (_, legal) in parent.items() if len(legal) > 1]
    changed = changeable[random.integers(len(changeable))] if changeable else None
    walk = Walk(start, space)
    while walk.question:
        asked = (walk.question.head, walk.question.path)
        legal = _legal(walk)
        known, _ = parent.get(asked, (None, ()))
        if asked == changed:
            legal = [option for option in legal if option != known] or legal
        elif known in legal:
            legal = [known]
        walk.answer(legal[random.integers(len(legal))])
    return walk


def _answers(
    start: Tree, space: Space, decisions: tuple[int, ...]
) -> dict[tuple[Head, Path], tuple[int, list[int]]]:
    """For each question of an episode, its answer and all that it could have been."""
    found = {}
    walk = Walk(start, space)
    for choice in decisions:
        if walk.question:
            found[walk.question.head, walk.question.path] = choice, _legal(walk)
        walk.answer(choice)
    return found


def _legal(walk: Walk) -> list[int]:
    assert walk.question
    return [number for number, allowed in enumerate(walk.question.legal) if allowed]


def _unpack(state: bytes | None) -> Population:
    if state is None:
        return Population()
    try:
        return Population.from_json(state, "state of the evolution")
    except UnicodeDecodeError:
        raise InvalidSpec("state of the evolution: these bytes are no text") from None
