"""Regularised evolution (Real et al., AAAI 2019): the other control that later papers ask for.

The newest children are the population; the best of a random few of them is changed in one decision, and the
oldest one dies, however good it is. Where children may grow from any record, a mutant grows from the member
that it was mutated from: one that the space's edits cannot make of it is taken only where no other is found,
and then grows from whatever is nearest.
"""

from collections.abc import Iterator

import numpy as np

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.controllers.finder import Finder
from nasflow.controllers.mutation import mutate
from nasflow.controllers.protocol import Draw, Parent, Request, Results
from nasflow.controllers.summary import summarise
from nasflow.search.controller import EvolutionController
from nasflow.search.spaces import replay
from nasflow.spec.network import NetworkSpec

MUTATION_TRIES = 100
"""Mutations for one child before it is found without: then almost all neighbours are known, or unfit."""


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
        breeding = _Breeding(self._spec, _unpack(state).members, request)
        found = (breeding.child() for _ in range(request.count))
        return [draw for draw in found if draw]

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


class _Breeding:
    """The children of one request."""

    def __init__(self, spec: EvolutionController, members: tuple[Member, ...], request: Request) -> None:
        self._spec, self._members, self._request = spec, members, request
        self._random = np.random.default_rng(request.seed)
        self._finder = Finder(request, self._random)
        self._parents: dict[str, Parent] = {}
        for parent in request.parents:
            self._parents.setdefault(parent.network.name, parent)

    def child(self) -> Draw | None:
        """A new network; None if the space is exhausted."""
        if len(self._members) < self._spec.population:
            return self._finder.find()
        first = None
        for draw in self._mutants():
            if draw.parent or not self._parents:
                return self._finder.take(draw)
            first = first or draw
        return self._finder.take(first) if first else self._finder.find(MUTATION_TRIES)

    def _mutants(self) -> Iterator[Draw]:
        """New networks, each one decision away from a winner."""
        space, start = self._request.space, self._request.start
        for number in range(1, MUTATION_TRIES + 1):
            member = self._winner()
            walk = mutate(space, start, member.decisions, self._random)
            if self._finder.accepts(walk):
                yield Draw(walk.decisions, walk.network, number, self._parent(member, walk.network))

    def _winner(self) -> Member:
        """Of a tournament."""
        drawn = self._random.choice(len(self._members), size=self._spec.tournament, replace=False)
        best: Member = max((self._members[place] for place in drawn), key=lambda each: each.reward)
        return best

    def _parent(self, member: Member, mutant: NetworkSpec) -> str | None:
        """The id of a member's record, if the mutant can grow from it."""
        if not self._parents:
            return None
        space = self._request.space
        parent = self._parents.get(replay(space, self._request.start, member.decisions).name)
        return parent.id if parent and space.edits(parent.network, mutant) is not None else None


def _unpack(state: bytes | None) -> Population:
    if state is None:
        return Population()
    try:
        return Population.from_json(state, "state of the evolution")
    except UnicodeDecodeError:
        raise InvalidSpec("state of the evolution: these bytes are no text") from None
