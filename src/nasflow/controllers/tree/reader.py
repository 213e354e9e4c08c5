"""The tree-LSTM policy's reader: what is known of a question is the encoding of the edge that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.policy.heads import head_shapes
from nasflow.controllers.policy.parameters import Parameters, Shapes, layer_shapes
from nasflow.controllers.policy.questions import Decided, Questions, asked_again
from nasflow.controllers.policy.reader import Likelihood
from nasflow.controllers.protocol import Results
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.gradient import encode
from nasflow.controllers.tree.table import ROOT, Groups, Kind, Table
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space, Walk
from nasflow.search.spaces.path.space import Sight


class AskedEdge(NamedTuple):
    """The question that an unfinished walk stands at; equal ones have equal answers, by the policy."""

    head: str
    place: tuple[int, int]
    """Context row and subtree row of what is asked about."""
    legal: tuple[bool, ...]


@dataclass(frozen=True)
class TreeScript:
    """All decisions of some lessons; a question that several of them meet is there once."""

    groups: Groups
    places: Tensor
    """[questions, 2], context row and subtree row of each, in order."""
    decisions: Decided

    @property
    def owners(self) -> Tensor:
        """See Script."""
        return self.decisions.owners

    def likelihood(self, parameters: Parameters) -> Likelihood:
        """See Script: each subtree, each context and each question is encoded once."""
        if not len(self.places):
            nothing = parameters["operations"].new_zeros(0)
            return Likelihood(nothing, nothing)
        return self.decisions.likelihood(parameters, encode(parameters, self.groups, self.places))


class TreeReader:
    """Reads the path space's questions."""

    def __init__(self, spec: Policy, space: Space) -> None:
        self._spec, self._space = spec, space

    def shapes(self) -> Shapes:
        """See Reader.

        The outputs of a tree-LSTM unit are 3 gates (write, read, content) and another for each branch, those
        of an LSTM are 4 (write, forget, read, content), its inputs are what it reads and the hidden state
        before.
        """
        embedding, hidden = self._spec.embedding, self._spec.hidden
        found: Shapes = {"operations": (ROOT + 1, embedding)}
        found |= layer_shapes("edge.up", embedding + hidden, 4 * hidden)
        for kind in Kind:
            found |= layer_shapes(f"{kind.name.lower()}.up.gates", hidden, 3 * hidden)
            found |= layer_shapes(f"{kind.name.lower()}.up.forget", hidden, hidden)
            found |= layer_shapes(f"{kind.name.lower()}.down", 2 * hidden, 4 * hidden)
        return found | head_shapes(self._spec, self._space, 2 * hidden)

    def script(self, results: Results) -> TreeScript:
        """See Reader."""
        table, numbers = Table(), dict[AskedEdge, int]()
        answered = [
            (owner, numbers.setdefault(ask_edge(walk, table), len(numbers)), choice)
            for owner, walk, choice in asked_again(results)
        ]
        questions = Questions.by_head(list(numbers), self._space.heads())
        places = _places(list(numbers), questions)
        return TreeScript(table.take_groups(), places, Decided.of(questions, answered))

    def listener(self, parameters: Parameters) -> "TreeListener":
        """See Reader."""
        return TreeListener(self._space, parameters)


class TreeListener:
    """What one episode has encoded serves the others."""

    def __init__(self, space: Space, parameters: Parameters) -> None:
        self._space, self._parameters = space, parameters
        self._table = Table()
        self._encoding = Encoding(parameters)

    @torch.inference_mode()
    def chances(self, walks: Sequence[Walk]) -> list[list[float]]:
        """See Listener."""
        asked = [ask_edge(walk, self._table) for walk in walks]
        self._encoding.extend(self._table.take_groups())
        questions = Questions.by_head(asked, self._space.heads())
        return questions.chances(self._parameters, self._encoding.known(_places(asked, questions)))


def _places(asked: Sequence[AskedEdge], questions: Questions) -> Tensor:
    places = torch.tensor([each.place for each in asked], dtype=torch.int64).reshape(-1, 2)
    return places[questions.order]


def ask_edge(walk: Walk, table: Table) -> AskedEdge:
    """The question of an unfinished walk; what it is about gets its rows in the table."""
    question = walk.question
    if question is None or not isinstance(question.view, Sight):
        raise InvalidSpec("the tree-LSTM policy reads the questions of the path space only")
    place = table.place(question.view.root, question.view.path)
    return AskedEdge(question.head, place, question.legal)
