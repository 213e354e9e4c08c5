"""What a space is: questions that lead from a network to another, and what makes one of the other.

A space asks, a controller answers: neither knows the other. An episode is written as a generator that
yields questions and returns the network that the answers make, so that the next question costs one step,
not a replay of all answers before it.
"""

from collections.abc import Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits import Edit
from nasflow.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True)
class Question:
    """One decision to be made."""

    head: str
    """Which kind of decision; a policy has a softmax head for each. The options of a head are always the
    same.
    """
    about: Hashable
    """What it is about: with its head, what makes it the same question in another episode."""
    legal: tuple[bool, ...]
    """One an option: whether it may be chosen here."""
    view: object = None
    """What an encoder may read, of a type that the space defines; it changes as the episode goes on."""

    @property
    def options(self) -> list[int]:
        """The options that may be chosen."""
        return [number for number, allowed in enumerate(self.legal) if allowed]


Asking = Generator[Question, int, NetworkSpec]
"""An episode while it goes on: takes an option's number for each question, returns the network."""


class Space(Frozen):
    """What a search may change; the settings of a configuration's `space:`.

    A new kind is a class like this, with a `kind`. Every implementation passes the contract suite in
    tests/search/spaces.
    """

    changes: ClassVar[str | None] = None
    """The kind of the places whose parts it changes; None: any, or none."""
    only_grows: ClassVar[bool] = False
    """Whether no network of the space has fewer parameters or mult-adds than the one that it is asked
    from.
    """

    inherits: ClassVar[bool] = True
    """Whether its networks are made of each other by edits; else all children begin without weights."""
    controller: ClassVar[str] = "nas"
    """The kind of controller that answers its questions where none is named."""
    objective: ClassVar[Mapping[str, Any] | None] = None
    """What its children are judged by where nothing is named, as in a configuration; None: what foretells
    best."""
    transfers: ClassVar[bool] = True
    """Whether what it finds can stand in another host, at full size; not so widths and layers of one host."""

    kind: str

    def heads(self) -> Mapping[str, int]:
        """The number of options of each kind of decision."""
        raise NotImplementedError

    def episode(self, start: NetworkSpec) -> Asking:
        """All questions from `start` on. No answer may lead to a network that cannot be, hosts apart."""
        raise NotImplementedError

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """What makes `network` (or one of the same name) of `parent`; None: no edits of this space do."""
        raise NotImplementedError

    def listing(self, start: NetworkSpec, most: int) -> list[tuple[int, ...]] | None:
        """The decisions of one episode for each network that the space holds; None: more than `most`.

        This one follows every answer to every question, and gives up (None) where there are ten times as
        many ways to answer: a space that can count does better.
        """
        found: dict[str, tuple[int, ...]] = {}
        for number, (decisions, network) in enumerate(every_episode(self, start)):
            found.setdefault(network.name, decisions)
            if len(found) > most or number >= 10 * most:
                return None
        return list(found.values())


class Walk:
    """One episode of a space: it asks, somebody answers."""

    def __init__(self, space: Space, start: NetworkSpec) -> None:
        self._asking = space.episode(start)
        self._decisions: list[int] = []
        self._network: NetworkSpec | None = None
        self.question: Question | None = None
        """What is to be decided; None: the episode is over."""
        self._advance(None)

    def answer(self, choice: int) -> None:
        """Decide; raise InvalidSpec if nothing is asked or the option is not legal."""
        number = len(self._decisions) + 1
        if self.question is None:
            raise InvalidSpec(f"decision {number} has no question: the episode is over")
        if not 0 <= choice < len(self.question.legal) or not self.question.legal[choice]:
            raise InvalidSpec(
                f"decision {number} ({self.question.head}, {self.question.about}) cannot be {choice}: the "
                "space does not allow this option here"
            )
        self._decisions.append(choice)
        self._advance(choice)

    def _advance(self, choice: int | None) -> None:
        try:
            self.question = next(self._asking) if choice is None else self._asking.send(choice)
        except StopIteration as end:
            self.question, self._network = None, end.value

    @property
    def decisions(self) -> tuple[int, ...]:
        """The answers so far."""
        return tuple(self._decisions)

    @property
    def network(self) -> NetworkSpec:
        """What a finished episode has made; raise InvalidSpec if a question is open."""
        if self._network is None:
            raise InvalidSpec(
                f"{len(self._decisions)} decisions are too few: {self.question and self.question.head} at "
                f"{self.question and self.question.about} is still open"
            )
        return self._network


def replay(space: Space, start: NetworkSpec, decisions: tuple[int, ...]) -> NetworkSpec:
    """The network that `decisions` make; raise InvalidSpec if they are too few, too many or not legal."""
    walk = Walk(space, start)
    for choice in decisions:
        walk.answer(choice)
    return walk.network


def every_episode(space: Space, start: NetworkSpec) -> Iterator[tuple[tuple[int, ...], NetworkSpec]]:
    """Every way to answer, with the network that it makes; the same network may come several times."""
    stack: list[tuple[int, ...]] = [()]
    while stack:
        decisions = stack.pop()
        walk = Walk(space, start)
        for choice in decisions:
            walk.answer(choice)
        if walk.question is None:
            yield decisions, walk.network
        else:
            stack += [(*decisions, option) for option in reversed(walk.question.options)]
