"""The encoder backwards: what a change of each parameter changes in what it says.

By hand, where autograd would do: it would copy both tables of states for each group that is written into
them, and multiply once a group for the gradient of a weight where one product for all groups will do.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nasflow.controllers.policy.parameters import Parameters
from nasflow.controllers.tree.encoder import Downward, Encoding, LstmStep, Upward, hidden_size
from nasflow.controllers.tree.table import Groups


def encode(parameters: Parameters, groups: Groups, places: Tensor) -> Tensor:
    """`Encoding.known` of places in a table whose groups these are, with a gradient for each parameter."""
    names = [name for name in parameters if name == "operations" or ".up" in name or ".down" in name]
    known: Tensor = _Encode.apply(names, groups, places, *(parameters[name] for name in names))
    return known


class _Encode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, names: Sequence[str], groups: Groups, places: Tensor, *values: Tensor) -> Tensor:
        parameters = dict(zip(names, values, strict=True))
        encoding = Encoding(parameters)
        ctx.said = parameters, places, encoding, encoding.extend(groups)
        return encoding.known(places)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        parameters, places, encoding, (upward, downward) = ctx.said
        back = _Backwards(parameters, encoding)
        back.known(places, gradient)
        for down in reversed(downward):
            back.downward(down)
        for up in reversed(upward):
            back.upward(up)
        found = back.gradients()
        return None, None, None, *(found.get(name) for name in parameters)


class _Backwards:
    """Gradients of the states, row by row as in the encoding, and of the parameters."""

    def __init__(self, parameters: Parameters, encoding: Encoding) -> None:
        self._parameters = parameters
        self._hidden = hidden_size(parameters)
        self._up, self._down = torch.zeros_like(encoding.up), torch.zeros_like(encoding.down)
        self._operations = torch.zeros_like(parameters["operations"])
        self._layers: defaultdict[str, list[tuple[Tensor, Tensor]]] = defaultdict(list)

    def known(self, places: Tensor, gradient: Tensor) -> None:
        down, up = gradient.chunk(2, dim=1)
        self._down[:, : self._hidden].index_add_(0, places[:, 0], down)
        self._up[:, : self._hidden].index_add_(0, places[:, 1], up)

    def downward(self, step: Downward) -> None:
        group = step.group
        gates, cells = self._lstm(step.edge, step.cells, self._down.index_select(0, group.rows))
        inputs = self._by_kind("down", step.edge.inputs, gates, group.sums)
        said, hidden = inputs.chunk(2, dim=1)
        self._up[:, : self._hidden].index_add_(0, group.subtrees, said)
        self._down.index_add_(0, group.parents, torch.cat([hidden, cells], dim=1))

    def upward(self, step: Upward) -> None:
        group = step.group
        gates, cells = self._lstm(step.edge, step.cells, self._up.index_select(0, group.rows))
        inputs = self._layer("edge.up", step.edge.inputs, gates)
        operations, hidden = inputs[:, : -self._hidden], inputs[:, -self._hidden :]
        self._operations.index_add_(0, group.operations, operations)
        write, read, content = step.node.opened.chunk(3, dim=1)
        cells = _through(step.node, read, hidden, cells)
        gates = _shut(step.node, [cells * content, hidden * step.node.squashed, cells * write])
        total = self._by_kind("up.gates", step.node.inputs, gates, group.sums).index_select(0, group.owners)
        before, memory = step.branches.chunk(2, dim=1)
        cells = cells.index_select(0, group.owners)
        gates = cells * memory * (step.kept - step.kept * step.kept)
        hidden = total + self._by_kind("up.forget", before, gates, group.sum_branches)
        self._up.index_add_(0, group.children, torch.cat([hidden, cells * step.kept], dim=1))

    def gradients(self) -> dict[str, Tensor]:
        """By the names of the parameters; those of layers that nothing was read by are missing."""
        found = {"operations": self._operations}
        for name, pairs in self._layers.items():
            inputs, outputs = (torch.cat(each) for each in zip(*pairs, strict=True))
            found[f"{name}.weight"] = inputs.t() @ outputs
            found[f"{name}.bias"] = outputs.sum(dim=0)
        return found

    def _lstm(self, gates: LstmStep, before: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of the gates of an LSTM step, and of the memory cells `before` it."""
        hidden, cells = gradient.chunk(2, dim=1)
        write, forget, read, content = gates.opened.chunk(4, dim=1)
        cells = _through(gates, read, hidden, cells)
        opened = [cells * content, cells * before, hidden * gates.squashed, cells * write]
        return _shut(gates, opened), cells * forget

    def _by_kind(self, name: str, inputs: Tensor, outputs: Tensor, sums: int) -> Tensor:
        """Gradient of what `encoder.by_kind` read."""
        if sums == len(inputs):
            return self._layer(f"sum.{name}", inputs, outputs)
        concats = self._layer(f"concat.{name}", inputs[sums:], outputs[sums:])
        if not sums:
            return concats
        return torch.cat([self._layer(f"sum.{name}", inputs[:sums], outputs[:sums]), concats])

    def _layer(self, name: str, inputs: Tensor, outputs: Tensor) -> Tensor:
        """Gradient of what a layer read."""
        self._layers[name].append((inputs, outputs))
        return outputs @ self._parameters[f"{name}.weight"].t()


def _shut(gates: LstmStep, gradients: Sequence[Tensor]) -> Tensor:
    """Gradient of gates before the sigmoid and, the last of them, before the tanh."""
    squares = gates.opened * gates.opened
    content = squares.shape[1] // len(gradients) * (len(gradients) - 1)
    slopes = torch.cat([gates.opened[:, :content] - squares[:, :content], 1 - squares[:, content:]], dim=1)
    return slopes.mul_(torch.cat(list(gradients), dim=1))


def _through(gates: LstmStep, read: Tensor, hidden: Tensor, cells: Tensor) -> Tensor:
    """Gradient of the new memory cells, with what reaches them through the hidden state."""
    return torch.addcmul(cells, hidden * read, 1 - gates.squashed * gates.squashed)
