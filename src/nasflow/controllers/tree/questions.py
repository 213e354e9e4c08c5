"""Questions of many walks, sorted by head, as the tensors that the policy reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.tree.table import Table
from nasflow.search.spaces import Walk
from nasflow.search.spaces.path.space import HEADS, Sight


class Asked(NamedTuple):
    """The question that an unfinished walk stands at; equal ones have equal answers, by the policy."""

    head: str
    place: tuple[int, int]
    """Context row and subtree row of what is asked about."""
    legal: tuple[bool, ...]


@dataclass(frozen=True)
class HeadQuestions:
    """All questions of one head."""

    head: str
    numbers: Tensor
    """[questions], the position of each in the list it was taken from."""
    places: Tensor
    """[questions, 2], context row and subtree row."""
    legal: Tensor
    """[questions, options], bool."""


def ask(walk: Walk, table: Table) -> Asked:
    """The question of an unfinished walk; what it is about gets its rows in the table."""
    question = walk.question
    if question is None or not isinstance(question.view, Sight):
        raise InvalidSpec("the tree-LSTM policy reads the questions of the path space only")
    place = table.place(question.view.root, question.view.path)
    return Asked(question.head, place, question.legal)


def by_head(asked: Sequence[Asked]) -> Iterator[HeadQuestions]:
    """One part a head that is asked, in the order of the heads."""
    for head in HEADS:
        numbers = [number for number, each in enumerate(asked) if each.head == head]
        if numbers:
            yield HeadQuestions(
                head=head,
                numbers=torch.tensor(numbers),
                places=torch.tensor([asked[number].place for number in numbers]),
                legal=torch.tensor([asked[number].legal for number in numbers]),
            )
