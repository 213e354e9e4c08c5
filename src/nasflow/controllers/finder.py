"""Where new networks come from when a policy has none: uniform draws, then a list of what is left."""

import numpy as np

from nasflow.controllers.protocol import Draw, Request
from nasflow.search.spaces import Walk

UNIFORM_TRIES = 300
"""Uniform draws for one child before the space is suspected to be exhausted."""
LISTABLE = 10_000
"""Networks of the largest space that is listed (in about a second)."""
LAST_TRIES = 10_000
"""Uniform draws for one child in a space too large to list: if none is new and fits, none is found."""


class Finder:
    """Remembers what one request has found, and finds more without a policy."""

    def __init__(self, request: Request, random: np.random.Generator) -> None:
        self._request = request
        self._random = random
        self._known = set(request.taken)
        self._unfit: set[str] = set()
        self._left: list[tuple[int, ...]] | None = None
        self._is_exhausted = False

    def admit(self, walk: Walk, tries: int) -> Draw | None:
        """The finished walk as a draw if its network is new and fits, and from now on known; else None."""
        name = self._new_name(walk)
        if name is None:
            return None
        self._known.add(name)
        return Draw(walk.decisions, walk.network, tries)

    def take(self, draw: Draw) -> Draw:
        """The draw, whose network is known from now on."""
        self._known.add(draw.network.name)
        return draw

    def is_new(self, walk: Walk) -> bool:
        """Whether the finished walk's network is not known yet, and fits."""
        return self._new_name(walk) is not None

    def _new_name(self, walk: Walk) -> str | None:
        canonical = walk.network.canonical()
        name = str(canonical.parts)
        if name in self._known or name in self._unfit:
            return None
        if not self._request.fits(canonical):
            # Whether it fits may take a while to say, and a few networks are drawn again and again.
            self._unfit.add(name)
            return None
        return name

    def find(self, tries: int = 0) -> Draw | None:
        """A new network by uniform decisions, after `tries` draws elsewhere; None if the space is exhausted.

        Exhausted is a fact where the space can be listed. A larger one counts as exhausted when
        LAST_TRIES draws in a row bring nothing: almost nothing of it fits.
        """
        if self._is_exhausted:
            return None
        if self._left is None:
            draw = self._draw(tries, UNIFORM_TRIES)
            if draw:
                return draw
            tries += UNIFORM_TRIES
        draw = self._take(tries)
        self._is_exhausted = draw is None
        return draw

    def _draw(self, before: int, draws: int) -> Draw | None:
        for number in range(1, draws + 1):
            draw = self.admit(self._uniform(), before + number)
            if draw:
                return draw
        return None

    def _walk(self) -> Walk:
        return Walk(self._request.space, self._request.start)

    def _uniform(self) -> Walk:
        walk = self._walk()
        while walk.question:
            options = walk.question.options
            walk.answer(options[self._random.integers(len(options))])
        return walk

    def _take(self, before: int) -> Draw | None:
        """From the list of all networks, shuffled; from more draws if there are too many to list."""
        if self._left is None:
            listed = self._request.space.listing(self._request.start, LISTABLE)
            if listed is None:
                return self._draw(before, LAST_TRIES)
            self._left = [listed[number] for number in self._random.permutation(len(listed))]
        while self._left:
            walk = self._walk()
            for choice in self._left.pop():
                walk.answer(choice)
            draw = self.admit(walk, before + 1)
            if draw:
                return draw
        return None
