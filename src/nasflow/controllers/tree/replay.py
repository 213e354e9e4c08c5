"""Lessons as the tensors that the policy reads, and how likely it finds what was decided in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.protocol import Results
from nasflow.controllers.tree.gradient import encode
from nasflow.controllers.tree.heads import entropy, log_probabilities
from nasflow.controllers.tree.parameters import Parameters
from nasflow.controllers.tree.questions import Asked, HeadQuestions, ask, by_head
from nasflow.controllers.tree.table import Groups, Table
from nasflow.search.spaces import Walk


@dataclass(frozen=True)
class Script:
    """All decisions of some lessons; a question that several of them meet is there once."""

    groups: Groups
    parts: Sequence[HeadQuestions]
    owners: Tensor
    """[decisions], int64, the number of the lesson that each belongs to."""
    questions: Tensor
    """[decisions], the question that it answers: its row among those of all parts."""
    answers: Tensor
    """[decisions], the option that was taken: its number among those of all questions."""


@dataclass(frozen=True)
class Likelihood:
    """How likely the policy finds each decision of a script, with gradients."""

    log_probabilities: Tensor
    """[decisions]."""
    entropies: Tensor
    """[decisions], of what each was drawn from, in nats."""


def read_lessons(results: Results) -> Script:
    """The script of the lessons; raise InvalidSpec if some are not an episode of the space."""
    table, numbers = Table(), dict[Asked, int]()
    decisions = [
        (owner, numbers.setdefault(asked, len(numbers)), choice)
        for owner in range(len(results.lessons))
        for asked, choice in _decisions(owner, results, table)
    ]
    owners, asked, choices = torch.tensor(decisions, dtype=torch.int64).reshape(-1, 3).unbind(1)
    parts = list(by_head(list(numbers)))
    rows, starts = _layout(parts, len(numbers))
    return Script(table.take_groups(), parts, owners, rows[asked], starts[asked] + choices)


def _decisions(number: int, results: Results, table: Table) -> Iterator[tuple[Asked, int]]:
    walk = Walk(results.space, results.start)
    for choice in results.lessons[number].decisions:
        if walk.question:
            yield ask(walk, table), choice
        walk.answer(choice)
    if walk.question:
        raise InvalidSpec(f"the decisions of lesson {number + 1} end before their episode does")


def _layout(parts: Sequence[HeadQuestions], count: int) -> tuple[Tensor, Tensor]:
    """Of each question, its row among those of all parts and the number of its first option."""
    rows, starts = torch.zeros(2, count, dtype=torch.int64)
    row = start = 0
    for part in parts:
        questions, options = part.legal.shape
        rows[part.numbers] = row + torch.arange(questions)
        starts[part.numbers] = start + options * torch.arange(questions)
        row, start = row + questions, start + questions * options
    return rows, starts


def likelihood(parameters: Parameters, script: Script) -> Likelihood:
    """All at once: each subtree, each context and each question is encoded once."""
    if not script.parts:
        nothing = parameters["operations"].new_zeros(0)
        return Likelihood(nothing, nothing)
    known = encode(parameters, script.groups, torch.cat([part.places for part in script.parts]))
    places = torch.split(known, [len(part.places) for part in script.parts])
    said = [
        log_probabilities(parameters, part.head, each, part.legal)
        for part, each in zip(script.parts, places, strict=True)
    ]
    logs = torch.cat([each.flatten() for each in said])
    return Likelihood(logs[script.answers], torch.cat([entropy(each) for each in said])[script.questions])
