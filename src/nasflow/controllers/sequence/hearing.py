"""What a sequence policy hears of a question, as numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from nasflow.controllers.sequence.lines import KnownLines
from nasflow.search.spaces import Question, Space
from nasflow.search.spaces.line import LineSight

NO_ANCHOR = 0
"""Where a question points back to if it points nowhere: before the first step, where memory is empty."""

NO_ANSWER = 0
"""The row of the vector that stands for no answer."""


class Heard(NamedTuple):
    """An open question."""

    head: str
    legal: tuple[bool, ...]
    number: int
    """Of its head."""
    before: int
    """The row of the answer that was given last."""
    layer: int
    """The row of the layer that it is about."""
    anchor: int
    """The number, from 1, of the decision that it points back to."""


class Ear:
    """Knows a space's heads, and the lines that it has heard of."""

    def __init__(self, space: Space) -> None:
        self.lines = KnownLines()
        self._heads = {head: number for number, head in enumerate(space.heads())}
        self._first, self.answers = dict[str, int](), 1
        """Rows of vectors that stand for answers."""
        for head, options in space.heads().items():
            self._first[head] = self.answers
            self.answers += options

    def answer(self, heard: Heard, choice: int) -> int:
        """The row of an answer."""
        return self._first[heard.head] + choice

    def hear(self, question: Question, before: int) -> Heard:
        """A question, after an answer with this row."""
        sight = question.view if isinstance(question.view, LineSight) else LineSight()
        number, layer = self._heads[question.head], self.lines.row(sight)
        return Heard(question.head, question.legal, number, before, layer, sight.anchor or NO_ANCHOR)


class Columns(NamedTuple):
    """What is heard of many questions, [questions] each."""

    numbers: Tensor
    before: Tensor
    layers: Tensor
    anchors: Tensor

    @classmethod
    def of(cls, heard: Sequence[Heard]) -> "Columns":
        """Theirs, in their order."""
        rows = torch.tensor([each[2:] for each in heard], dtype=torch.int64).reshape(-1, 4)
        return cls(*rows.unbind(1))

    def select(self, places: Tensor) -> "Columns":
        """Those at these places."""
        return Columns(*(column[places] for column in self))
