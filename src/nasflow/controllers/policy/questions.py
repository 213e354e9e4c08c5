"""Many questions at once, sorted by head, and what was decided about them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.policy.heads import entropy, log_probabilities
from nasflow.controllers.policy.parameters import Parameters
from nasflow.controllers.policy.reader import Likelihood
from nasflow.controllers.protocol import Results
from nasflow.search.spaces import Walk


class Asked(Protocol):
    """What the heads must know of a question."""

    @property
    def head(self) -> str:
        """Its head."""
        ...

    @property
    def legal(self) -> tuple[bool, ...]:
        """One an option."""
        ...


@dataclass(frozen=True)
class HeadQuestions:
    """All questions of one head."""

    head: str
    numbers: Tensor
    """[questions], the position of each in the list it was taken from."""
    legal: Tensor
    """[questions, options], bool."""


@dataclass(frozen=True)
class Questions:
    """Some questions. Their order is by head from here on, as in the space's list of heads."""

    parts: tuple[HeadQuestions, ...]

    @classmethod
    def by_head(cls, asked: Sequence[Asked], heads: Iterable[str]) -> "Questions":
        """One part a head that is asked."""
        numbers = {head: [number for number, each in enumerate(asked) if each.head == head] for head in heads}
        return cls(
            tuple(
                HeadQuestions(head, torch.tensor(own), torch.tensor([asked[number].legal for number in own]))
                for head, own in numbers.items()
                if own
            )
        )

    @property
    def order(self) -> Tensor:
        """[questions], the position of each in the list that they were taken from."""
        return torch.cat([torch.tensor([], dtype=torch.int64), *(part.numbers for part in self.parts)])

    def log_probabilities(self, parameters: Parameters, known: Tensor) -> list[Tensor]:
        """[questions, options] of each part, from what is known [questions, figures], in order."""
        parts = torch.split(known, [len(part.numbers) for part in self.parts])
        return [
            log_probabilities(parameters, part.head, each, part.legal)
            for part, each in zip(self.parts, parts, strict=True)
        ]

    def chances(self, parameters: Parameters, known: Tensor) -> list[list[float]]:
        """The running sums of the chances of each one's options, as in the list they were taken from."""
        found: dict[int, list[float]] = {}
        for part, logs in zip(self.parts, self.log_probabilities(parameters, known), strict=True):
            sums = logs.exp().cumsum(dim=1).tolist()
            found |= zip(part.numbers.tolist(), sums, strict=True)
        return [sums for _, sums in sorted(found.items())]


@dataclass(frozen=True)
class Decided:
    """What was decided in some lessons; one question may be there for several decisions."""

    questions: Questions
    owners: Tensor
    """[decisions], int64, the number of the lesson that each belongs to."""
    rows: Tensor
    """[decisions], the place in order of the question that it answers."""
    answers: Tensor
    """[decisions], the option that was taken: its number among those of all questions."""

    @classmethod
    def of(cls, questions: Questions, decided: Sequence[tuple[int, int, int]]) -> "Decided":
        """From the owner of each, its question's position in the list, and its answer."""
        owners, asked, choices = torch.tensor(decided, dtype=torch.int64).reshape(-1, 3).unbind(1)
        rows, starts = _layout(questions)
        return cls(questions, owners, rows[asked], starts[asked] + choices)

    def likelihood(self, parameters: Parameters, known: Tensor) -> Likelihood:
        """From what is known [questions, figures], in order."""
        said = self.questions.log_probabilities(parameters, known)
        logs = torch.cat([each.flatten() for each in said])
        entropies = torch.cat([entropy(each) for each in said])
        return Likelihood(logs[self.answers], entropies[self.rows])


def _layout(questions: Questions) -> tuple[Tensor, Tensor]:
    """Of each question, its place in order and the number of its first option."""
    count = sum(len(part.numbers) for part in questions.parts)
    rows, starts = torch.zeros(2, count, dtype=torch.int64)
    row = start = 0
    for part in questions.parts:
        asked, options = part.legal.shape
        rows[part.numbers] = row + torch.arange(asked)
        starts[part.numbers] = start + options * torch.arange(asked)
        row, start = row + asked, start + asked * options
    return rows, starts


def asked_again(results: Results) -> Iterator[tuple[int, Walk, int]]:
    """Each decision of some lessons: whose it is, a walk that stands at its question, and its answer.

    Raise InvalidSpec for what is no episode of their space.
    """
    for owner, lesson in enumerate(results.lessons):
        walk = Walk(results.space, results.start)
        for choice in lesson.decisions:
            if walk.question:
                yield owner, walk, choice
            walk.answer(choice)
        if walk.question:
            raise InvalidSpec(f"the decisions of lesson {owner + 1} end before their episode does")
