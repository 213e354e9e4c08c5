"""Episodes that differ from another one in a single decision."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from nasflow.search.spaces import Space, Walk
from nasflow.spec.network import NetworkSpec

_Item = TypeVar("_Item")
_Asked = tuple[str, Hashable]
"""The head of a question and what it is about: the same question in every episode."""
_Answers = Mapping[_Asked, tuple[int, Sequence[int]]]
"""For each question of an episode, in order, its answer and all that it could have been."""


def mutate(space: Space, start: NetworkSpec, decisions: tuple[int, ...], random: np.random.Generator) -> Walk:
    """Another episode: one decision that had a choice is made differently, the others stay.

    What stays is the answer to the same question, as far as it is asked again; new questions are answered
    uniformly.
    """
    parent = _answers(space, start, decisions)
    changeable = _changeable(parent)
    changed = changeable[random.integers(len(changeable))] if changeable else None
    return _changed(Walk(space, start), parent, changed, _others(parent, changed), random)


def downhill(
    space: Space,
    start: NetworkSpec,
    walk: Walk,
    height: Callable[[Walk], float],
    random: np.random.Generator,
) -> Iterator[Walk]:
    """Finished walks: all that are tried on the way down from one, each a mutant of the lowest so far.

    Question by question, in random order, other answers are tried until one leads lower. The way ends where
    no other answer to any single question does.
    """
    lowest, answers = height(walk), _answers(space, start, walk.decisions)
    while True:
        before = lowest
        for asked in _shuffled(_changeable(answers), random):
            # Nothing, where answering another question otherwise has done away with this one.
            for option in _shuffled(_others(answers, asked), random):
                mutant = _changed(Walk(space, start), answers, asked, (option,), random)
                yield mutant
                if height(mutant) < lowest:
                    lowest, answers = height(mutant), _answers(space, start, mutant.decisions)
                    break
        if lowest == before:
            return


def _answers(space: Space, start: NetworkSpec, decisions: tuple[int, ...]) -> _Answers:
    found = {}
    walk = Walk(space, start)
    for choice in decisions:
        if walk.question:
            found[walk.question.head, walk.question.about] = choice, walk.question.options
        walk.answer(choice)
    return found


def _changeable(answers: _Answers) -> list[_Asked]:
    return [asked for asked, (_, options) in answers.items() if len(options) > 1]


def _others(answers: _Answers, asked: _Asked | None) -> list[int]:
    """What else a question could be answered; nothing if it is not asked."""
    known, options = answers.get(asked, (None, ())) if asked else (None, ())
    return [option for option in options if option != known]


def _shuffled(items: Sequence[_Item], random: np.random.Generator) -> list[_Item]:
    return [items[number] for number in random.permutation(len(items))]


def _changed(
    walk: Walk,
    parent: _Answers,
    changed: _Asked | None,
    wanted: Sequence[int],
    random: np.random.Generator,
) -> Walk:
    """The walk finished with the answers of `parent`, one of `wanted` to the question that is changed, and
    uniform ones to what the parent was not asked.
    """
    while walk.question:
        asked = (walk.question.head, walk.question.about)
        options = walk.question.options
        known, _ = parent.get(asked, (None, ()))
        if asked == changed:
            options = [option for option in options if option in wanted] or options
        elif known in options:
            options = [known]
        walk.answer(options[random.integers(len(options))])
    return walk
