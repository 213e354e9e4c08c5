"""Where new networks come from when a controller has none: from those of its draws that break a limit, which
are mended; then uniform draws; then a list of what is left.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice, repeat
from operator import itemgetter

import numpy as np

from nasflow.controllers.mutation import downhill
from nasflow.controllers.protocol import Draw, Request
from nasflow.search.spaces import Walk

UNIFORM_TRIES = 300
"""Uniform draws for one child before it is looked for otherwise."""
HOPELESS = 30
"""Uniform draws that break limits, and none that fits, before draws are mended: one request in twenty-five is
so unlucky where a tenth of a space fits."""
MENDING_TRIES = 300
"""Changes that are tried to mend one draw; most ways down end earlier."""
IN_VAIN = 9
"""Draws that are mended in vain, each into what is known, before a child is looked for otherwise."""
OUT_OF_REACH = 3
"""As so many of them counts one that no change brings within its limits: then hardly any is."""
LISTABLE = 10_000
"""Networks of the largest space that is listed (in about a second)."""
COUNTABLE = 1000
"""The same where hardly anything fits: then each has to be counted (in tens of milliseconds)."""
LAST_TRIES = 10_000
"""Uniform draws for one child in a space too large to list: if none is new and fits, none is found."""


class Finder:
    """Remembers what one request has found, and finds more without a policy."""

    def __init__(self, request: Request, random: np.random.Generator) -> None:
        self._request = request
        self._random = random
        self._known = set(request.taken)
        # What was proposed once did fit; the start need not.
        self._excesses = dict.fromkeys(request.taken - {request.start.name}, 0.0)
        self._wanted: list[tuple[float, Walk]] = []
        # Uniform draws that fit, and that break limits.
        self._fitting, self._broken = 0, 0
        self._left: list[tuple[int, ...]] | None = None
        self._is_exhausted = False

    def accepts(self, walk: Walk) -> bool:
        """Whether the finished walk's network is not known yet, and fits.

        One that breaks a limit is remembered: it is what somebody wanted, and `find` begins with mending it.
        """
        is_new, excess = self._look(walk)
        if _is_broken(excess):
            self._wanted.append((excess, walk))
        return is_new

    def take(self, draw: Draw) -> Draw:
        """The draw, whose network is known from now on."""
        self._known.add(draw.network.name)
        return draw

    def admit(self, walk: Walk, tries: int) -> Draw | None:
        """What is accepted as a draw, and from now on known; else None."""
        return self.take(Draw(walk.decisions, walk.network, tries)) if self.accepts(walk) else None

    def find(self, tries: int = 0) -> Draw | None:
        """A new network, after `tries` draws elsewhere; None if the space is exhausted.

        Exhausted is a fact where the space can be listed. A larger one counts as exhausted when LAST_TRIES
        uniform draws in a row bring nothing, or, where they break limits, when mending them brings nothing:
        almost nothing of it fits.
        """
        if self._is_exhausted:
            return None
        numbers = count(tries + 1)
        draw = self._mend(self._nearest(), numbers) or self._elsewhere(numbers)
        self._is_exhausted = draw is None
        return draw

    def _look(self, walk: Walk) -> tuple[bool, float]:
        """Whether a walk's network is new and fits, and its excess."""
        network = walk.network.canonical()
        name = str(network.parts)
        if name not in self._excesses:
            # It may take a while to say, and a few networks are drawn again and again.
            self._excesses[name] = self._request.excess(network)
        excess = self._excesses[name]
        return excess == 0 and name not in self._known, excess

    def _elsewhere(self, numbers: Iterator[int]) -> Draw | None:
        """What nobody wanted: a uniform draw, or what can be made of one, or one of what is left."""
        if self._left is None:
            draw = self._draw(numbers, UNIFORM_TRIES)
            if draw is None and self._broken:
                draw = self._mend((self._uniform() for _ in repeat(None)), numbers)
            if draw:
                return draw
        return self._take(numbers)

    @property
    def _is_hopeless(self) -> bool:
        """Whether uniform draws are."""
        return self._broken >= HOPELESS and not self._fitting

    def _draw(self, numbers: Iterator[int], most: int) -> Draw | None:
        """Uniformly; as long as there is hope."""
        for _ in range(most):
            if self._is_hopeless:
                return None
            walk = self._uniform()
            is_new, excess = self._look(walk)
            self._fitting += excess == 0
            self._broken += _is_broken(excess)
            number = next(numbers)
            if is_new:
                return self.take(Draw(walk.decisions, walk.network, number))
        return None

    def _mend(self, walks: Iterable[Walk], numbers: Iterator[int]) -> Draw | None:
        """What is met first on the way from some walks to where limits are kept."""
        space, start = self._request.space, self._request.start
        in_vain = 0
        for walk in walks:
            way = downhill(space, start, walk, lambda each: self._look(each)[1], self._random)
            lowest = math.inf
            for each, number in zip(chain((walk,), islice(way, MENDING_TRIES)), numbers, strict=False):
                is_new, excess = self._look(each)
                if is_new:
                    return self.take(Draw(each.decisions, each.network, number))
                lowest = min(lowest, excess)
            in_vain += OUT_OF_REACH if lowest > 0 else 1
            if in_vain >= IN_VAIN:
                break
        return None

    def _nearest(self) -> Iterator[Walk]:
        """What was wanted, each once: first what needs the fewest changes, most likely."""
        while self._wanted:
            nearest = min(self._wanted, key=itemgetter(0))
            self._wanted.remove(nearest)
            yield nearest[1]

    def _walk(self) -> Walk:
        return Walk(self._request.space, self._request.start)

    def _uniform(self) -> Walk:
        walk = self._walk()
        while walk.question:
            options = walk.question.options
            walk.answer(options[self._random.integers(len(options))])
        return walk

    def _take(self, numbers: Iterator[int]) -> Draw | None:
        """From the list of all networks, shuffled; from more draws if there are too many to list."""
        if self._left is None:
            most = COUNTABLE if self._is_hopeless else LISTABLE
            listed = self._request.space.listing(self._request.start, most)
            if listed is None:
                return None if self._broken else self._draw(numbers, LAST_TRIES)
            self._left = [listed[number] for number in self._random.permutation(len(listed))]
        number = next(numbers)
        while self._left:
            walk = self._walk()
            for choice in self._left.pop():
                walk.answer(choice)
            if self._look(walk)[0]:
                return self.take(Draw(walk.decisions, walk.network, number))
        return None


def _is_broken(excess: float) -> bool:
    """Whether it is of a network that could be had if it kept its limits."""
    return 0 < excess < math.inf
