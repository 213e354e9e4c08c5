"""The sequence policy's reader: what is known of a question is its layer, and what was answered before it.

An LSTM reads the layers forth and back; another one goes along with the questions and reads, at each, its
head, its layer and the answer before. A question that points back to an earlier one knows what was in memory
there (attention by anchors: Zoph and Le, ICLR 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.controllers.policy.heads import head_shapes
from nasflow.controllers.policy.parameters import Parameters, Shapes
from nasflow.controllers.policy.questions import Decided, Questions, asked_again
from nasflow.controllers.policy.reader import Likelihood
from nasflow.controllers.protocol import Results
from nasflow.controllers.sequence.hearing import NO_ANSWER, Columns, Ear, Heard
from nasflow.controllers.sequence.lines import KnownLines, line_shapes
from nasflow.controllers.sequence.lstm import lstm_shapes, lstm_step
from nasflow.search.controller import SequencePolicy
from nasflow.search.spaces import Space, Walk


class SequenceReader:
    """Reads any space's questions."""

    def __init__(self, spec: SequencePolicy, space: Space) -> None:
        self._spec, self._space = spec, space

    def shapes(self) -> Shapes:
        """See Reader."""
        embedding, hidden = self._spec.embedding, self._spec.hidden
        found: Shapes = {
            "answers": (Ear(self._space).answers, embedding),
            "heads": (len(self._space.heads()), embedding),
        }
        found |= line_shapes(hidden) | lstm_shapes("memory", 2 * embedding + 2 * hidden, hidden)
        return found | head_shapes(self._spec, self._space, 4 * hidden)

    def script(self, results: Results) -> "SequenceScript":
        """See Reader."""
        ear, heard, steps = Ear(self._space), list[Heard](), list[int]()
        answered: list[tuple[int, int, int]] = []
        for owner, walk, choice in asked_again(results):
            assert walk.question
            step = len(walk.decisions)
            before = ear.answer(heard[-1], answered[-1][2]) if step else NO_ANSWER
            heard.append(ear.hear(walk.question, before))
            answered.append((owner, len(answered), choice))
            steps.append(step)
        questions = Questions.by_head(heard, self._space.heads())
        decisions = Decided.of(questions, answered)
        return SequenceScript(self._mind(), ear.lines, Columns.of(heard), torch.tensor(steps), decisions)

    def listener(self, parameters: Parameters) -> "SequenceListener":
        """See Reader."""
        return SequenceListener(self._space, parameters, self._mind())

    def _mind(self) -> "_Mind":
        forgets = torch.tensor([head in self._spec.FORGETS for head in self._space.heads()])
        return _Mind(self._spec.hidden, forgets)


@dataclass(frozen=True)
class _Mind:
    """How questions, layers and answers become what is known."""

    hidden: int
    forgets: Tensor
    """[heads], bool: those that do not look at memory."""

    def begin(self, parameters: Parameters, episodes: int) -> Tensor:
        """States [episodes, 2 x hidden] in which nothing was heard."""
        return parameters["memory.bias"].new_zeros(episodes, 2 * self.hidden)

    def listen(self, parameters: Parameters, layers: Tensor, heard: Columns, state: Tensor) -> Tensor:
        """States after one question in each episode."""
        inputs = [
            parameters["answers"][heard.before],
            parameters["heads"][heard.numbers],
            layers[heard.layers],
        ]
        return lstm_step(parameters, "memory", torch.cat(inputs, dim=1), state)

    def known(self, layers: Tensor, heard: Columns, memory: Tensor, anchors: Tensor) -> Tensor:
        """[questions, 4 x hidden], from memory [questions, hidden] now and where each question points."""
        memory = memory.masked_fill(self.forgets[heard.numbers].unsqueeze(1), 0.0)
        return torch.cat([layers[heard.layers], memory, anchors], dim=1)


@dataclass(frozen=True)
class SequenceScript:
    """All decisions of some lessons, one after the other."""

    mind: _Mind
    lines: KnownLines
    heard: Columns
    steps: Tensor
    """[decisions], from 0 in each lesson."""
    decisions: Decided

    @property
    def owners(self) -> Tensor:
        """See Script."""
        return self.decisions.owners

    def likelihood(self, parameters: Parameters) -> Likelihood:
        """See Script: all lessons in lockstep."""
        if not len(self.steps):
            nothing = parameters["answers"].new_zeros(0)
            return Likelihood(nothing, nothing)
        layers = self.lines.encoded(parameters, self.mind.hidden)
        memories = self._memories(parameters, layers)
        now, there = memories[self.steps + 1, self.owners], memories[self.heard.anchors, self.owners]
        known = self.mind.known(layers, self.heard, now, there)
        return self.decisions.likelihood(parameters, known[self.decisions.questions.order])

    def _memories(self, parameters: Parameters, layers: Tensor) -> Tensor:
        """[1 + steps, lessons, hidden]; what stands after a lesson's end is never looked at."""
        hidden, lessons = self.mind.hidden, int(self.owners.max()) + 1
        places = torch.zeros(int(self.steps.max()) + 1, lessons, dtype=torch.int64)
        places[self.steps, self.owners] = torch.arange(len(self.steps))
        states = [self.mind.begin(parameters, lessons)]
        for row in places:
            states.append(self.mind.listen(parameters, layers, self.heard.select(row), states[-1]))
        return torch.stack(states)[:, :, :hidden]


class SequenceListener:
    """Goes along with a batch of walks, then with the next one."""

    def __init__(self, space: Space, parameters: Parameters, mind: _Mind) -> None:
        self._space, self._parameters, self._mind = space, parameters, mind
        self._ear = Ear(space)
        self._layers = parameters["answers"].new_zeros(0)
        self._heard: dict[Walk, Heard] = {}
        self._rows: dict[Walk, int] = {}
        self._states: list[Tensor] = []

    @torch.inference_mode()
    def chances(self, walks: Sequence[Walk]) -> list[list[float]]:
        """See Listener."""
        if not walks[0].decisions:
            self._heard, self._rows = {}, {walk: row for row, walk in enumerate(walks)}
            self._states = [self._mind.begin(self._parameters, len(walks))]
        self._heard = {walk: self._hear(walk) for walk in walks}
        if len(self._ear.lines) > len(self._layers):
            self._layers = self._ear.lines.encoded(self._parameters, self._mind.hidden)
        asked, rows = list(self._heard.values()), torch.tensor([self._rows[walk] for walk in walks])
        columns = Columns.of(asked)
        state = self._states[-1].clone()
        state[rows] = self._mind.listen(self._parameters, self._layers, columns, state[rows])
        self._states.append(state)
        there = torch.stack(
            [self._states[step][row] for step, row in zip(columns.anchors, rows, strict=True)]
        )
        hidden = self._mind.hidden
        known = self._mind.known(self._layers, columns, state[rows, :hidden], there[:, :hidden])
        questions = Questions.by_head(asked, self._space.heads())
        return questions.chances(self._parameters, known[questions.order])

    def _hear(self, walk: Walk) -> Heard:
        assert walk.question
        last = self._heard.get(walk)
        before = self._ear.answer(last, walk.decisions[-1]) if last else NO_ANSWER
        return self._ear.hear(walk.question, before)
