"""Regularised evolution (Real et al., AAAI 2019): the other control that later papers ask for.

The newest children are the population; the best of a random few of them is changed in one decision, and the
oldest one dies, however good it is. Where children may grow from any record, a mutant grows from the member
that it was mutated from, if the space has edits from the one to the other; else it has no wish, and grows from
the record that is nearest.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace

import numpy as np

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.controllers.finder import Finder
from nasflow.controllers.protocol import Draw, Parent, Request, Results
from nasflow.controllers.summary import summarise
from nasflow.search.controller import EvolutionController
from nasflow.search.spaces import Space, Walk, replay
from nasflow.spec.network import NetworkSpec

MUTATION_TRIES = 100
"""Mutations for one child before it is drawn uniformly: then almost all neighbours are known."""


class Member(Frozen):
    """A child that was trained: how to make it, and what it was worth."""

    decisions: tuple[int, ...]
    reward: float


class Population(Document):
    """The state of the evolution: its members, the oldest one first."""

    members: tuple[Member, ...] = ()


class RegularisedEvolution:
    """Mutates the winner of a small tournament; the first children are drawn uniformly."""

    def __init__(self, spec: EvolutionController, seed: int) -> None:
        """See make_controller; the population begins empty, whatever the seed."""
        self._spec = spec

    def propose(self, state: bytes | None, request: Request) -> list[Draw]:
        """See Controller."""
        members = _unpack(state).members
        random = np.random.default_rng(request.seed)
        finder = Finder(request, random)
        parent_of = _parents(request)
        found: list[Draw] = []
        while len(found) < request.count:
            draw = self._child(members, request, finder, random, parent_of)
            if draw is None:
                break
            found.append(draw)
        return found

    def learn(self, state: bytes | None, results: Results) -> tuple[bytes | None, dict[str, float]]:
        """See Controller; children that failed do not live on."""
        before = _unpack(state)
        if not results.lessons:
            return state, {}
        for lesson in results.lessons:
            replay(results.space, results.start, lesson.decisions)
        born = [
            Member(decisions=each.decisions, reward=each.reward)
            for each in results.lessons
            if each.reward is not None
        ]
        members = (*before.members, *born)[-self._spec.population :]
        return Population(members=members).to_bytes(), summarise(results.lessons)

    def _child(
        self,
        members: tuple[Member, ...],
        request: Request,
        finder: Finder,
        random: np.random.Generator,
        parent_of: "ParentOf",
    ) -> Draw | None:
        """A new network; None if the space is exhausted."""
        if len(members) < self._spec.population:
            return finder.find()
        for number in range(1, MUTATION_TRIES + 1):
            drawn = random.choice(len(members), size=self._spec.tournament, replace=False)
            member = max((members[place] for place in drawn), key=lambda each: each.reward)
            walk = mutate(request.space, request.start, member.decisions, random)
            if draw := finder.admit(walk, number):
                return replace(draw, parent=parent_of(member, draw.network))
        return finder.find(MUTATION_TRIES)


ParentOf = Callable[[Member, NetworkSpec], str | None]
"""The id of the record that a mutant of a member grows from; None: it cannot grow from that member."""


def _parents(request: Request) -> ParentOf:
    by_name: dict[str, Parent] = {}
    for parent in request.parents:
        by_name.setdefault(parent.network.name, parent)

    def parent_of(member: Member, mutant: NetworkSpec) -> str | None:
        parent = by_name.get(replay(request.space, request.start, member.decisions).name) if by_name else None
        has_edits = parent and request.space.edits(parent.network, mutant) is not None
        return parent.id if parent and has_edits else None

    return parent_of


def mutate(space: Space, start: NetworkSpec, decisions: tuple[int, ...], random: np.random.Generator) -> Walk:
    """Another episode: one decision that had a choice is made differently, the others stay.

    What stays is the answer to the same question, as far as it is asked again; new questions are answered
    uniformly.
    """
    parent = _answers(space, start, decisions)
    changeable = [question for question, (_, options) in parent.items() if len(options) > 1]
    changed = changeable[random.integers(len(changeable))] if changeable else None
    walk = Walk(space, start)
    while walk.question:
        asked = (walk.question.head, walk.question.about)
        options = walk.question.options
        known, _ = parent.get(asked, (None, []))
        if asked == changed:
            options = [option for option in options if option != known] or options
        elif known in options:
            options = [known]
        walk.answer(options[random.integers(len(options))])
    return walk


def _answers(
    space: Space, start: NetworkSpec, decisions: tuple[int, ...]
) -> dict[tuple[str, Hashable], tuple[int, list[int]]]:
    """For each question of an episode, its answer and all that it could have been."""
    found = {}
    walk = Walk(space, start)
    for choice in decisions:
        if walk.question:
            found[walk.question.head, walk.question.about] = choice, walk.question.options
        walk.answer(choice)
    return found


def _unpack(state: bytes | None) -> Population:
    if state is None:
        return Population()
    try:
        return Population.from_json(state, "state of the evolution")
    except UnicodeDecodeError:
        raise InvalidSpec("state of the evolution: these bytes are no text") from None
