"""The bidirectional tree-LSTM: each edge of a cell as a vector that knows the whole cell.

Bottom up, a child-sum tree-LSTM unit (Tai et al., 2015) reads the branches of a node and an LSTM
reads the edge above it (Cai et al., ICML 2018, section 3.2). Top down, the state of an edge is handed
on to each branch of its node by an LSTM that reads what the branch said upward. Both ways there are
two units on nodes, one for add and one for concat. The one for concat ignores the order of its
branches too: channels have no order, and its size must not depend on the number of branches.

What is written here is followed by autograd nowhere: `gradient` walks it backwards.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.controllers.policy.parameters import Parameters, layer
from nasflow.controllers.tree.table import ContextGroup, Groups, SubtreeGroup


@dataclass(frozen=True)
class LstmStep:
    """What one step of an LSTM, or of a tree-LSTM unit, computed on its way."""

    inputs: Tensor
    """[rows, inputs], all that its gates read."""
    opened: Tensor
    """[rows, gates x hidden], after the sigmoid; the last one, the content, after the tanh."""
    squashed: Tensor
    """[rows, hidden], the tanh of the new memory cell."""


@dataclass(frozen=True)
class Upward:
    """How a group of subtrees was encoded."""

    group: SubtreeGroup
    branches: Tensor
    """[branches, 2 x hidden], the states of all their branches."""
    kept: Tensor
    """[branches, hidden], the forget gate of each."""
    node: LstmStep
    cells: Tensor
    """[group, hidden], the memory cells of the nodes."""
    edge: LstmStep


@dataclass(frozen=True)
class Downward:
    """How a group of contexts was encoded."""

    group: ContextGroup
    cells: Tensor
    """[group, hidden], the memory cells of the contexts above."""
    edge: LstmStep


class Encoding:
    """The rows encoded so far: for each subtree its state upward, for each context its state downward.

    A state is [2 x hidden], the hidden state and the memory cell of an LSTM. Row 0 (NOTHING) of both is zero.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        nothing = parameters["operations"].new_zeros(1, 2 * hidden_size(parameters))
        self.up, self.down = nothing, nothing.clone()

    def extend(self, new: Groups) -> tuple[list[Upward], list[Downward]]:
        """Encode what is new, and say how."""
        self.up = _with_room(self.up, new.subtree_rows)
        self.down = _with_room(self.down, new.context_rows)
        return [self._upward(each) for each in new.subtrees], [self._downward(each) for each in new.contexts]

    def known(self, places: Tensor) -> Tensor:
        """[places, 2 x hidden]: all about each place [places, 2], a context row and its subtree row."""
        hidden = hidden_size(self._parameters)
        contexts, subtrees = places.unbind(1)
        down = self.down.index_select(0, contexts)[:, :hidden]
        return torch.cat([down, self.up.index_select(0, subtrees)[:, :hidden]], dim=1)

    def _upward(self, group: SubtreeGroup) -> Upward:
        branches = self.up.index_select(0, group.children)
        hidden, cells = branches.chunk(2, dim=1)
        kept = by_kind(self._parameters, "up.forget", hidden, group.sum_branches).sigmoid_()
        nothing = branches.new_zeros(len(group.rows), branches.shape[1])
        summed = nothing.index_add_(0, group.owners, torch.cat([hidden, kept * cells], dim=1))
        total, cells = summed.chunk(2, dim=1)
        node = _opened(by_kind(self._parameters, "up.gates", total, group.sums), gates=3)
        write, read, content = node.chunk(3, dim=1)
        cells = torch.addcmul(cells, write, content)
        squashed = cells.tanh()
        operations = self._parameters["operations"].index_select(0, group.operations)
        inputs = torch.cat([operations, read * squashed], dim=1)
        edge, state = _lstm(inputs, layer(self._parameters, "edge.up", inputs), cells)
        self.up.index_copy_(0, group.rows, state)
        return Upward(group, branches, kept, LstmStep(total, node, squashed), cells, edge)

    def _downward(self, group: ContextGroup) -> Downward:
        said = self.up.index_select(0, group.subtrees).chunk(2, dim=1)[0]
        hidden, cells = self.down.index_select(0, group.parents).chunk(2, dim=1)
        inputs = torch.cat([said, hidden], dim=1)
        edge, state = _lstm(inputs, by_kind(self._parameters, "down", inputs, group.sums), cells)
        self.down.index_copy_(0, group.rows, state)
        return Downward(group, cells, edge)


def by_kind(parameters: Parameters, name: str, inputs: Tensor, sums: int) -> Tensor:
    """The first `sums` rows by the layer of nodes of kind SUM, the others by that of CONCAT."""
    if sums == len(inputs):
        return layer(parameters, f"sum.{name}", inputs)
    concats = layer(parameters, f"concat.{name}", inputs[sums:])
    return torch.cat([layer(parameters, f"sum.{name}", inputs[:sums]), concats]) if sums else concats


def _lstm(inputs: Tensor, gates: Tensor, cells: Tensor) -> tuple[LstmStep, Tensor]:
    """One LSTM step, and the state [rows, 2 x hidden] after it."""
    opened = _opened(gates, gates=4)
    write, forget, read, content = opened.chunk(4, dim=1)
    cells = torch.addcmul(write * content, forget, cells)
    squashed = cells.tanh()
    return LstmStep(inputs, opened, squashed), torch.cat([read * squashed, cells], dim=1)


def _opened(values: Tensor, gates: int) -> Tensor:
    """The values of so many gates, in place; the last of them is the content."""
    content = values.shape[1] // gates * (gates - 1)
    values[:, :content].sigmoid_()
    values[:, content:].tanh_()
    return values


def hidden_size(parameters: Parameters) -> int:
    """Width of a hidden state."""
    return len(parameters["edge.up.bias"]) // 4


def _with_room(state: Tensor, rows: int) -> Tensor:
    missing = rows - len(state)
    if missing <= 0:
        return state
    # Doubling, so that a table that grows row by row is not copied each time.
    return torch.cat([state, state.new_zeros(max(missing, len(state)), state.shape[1])])
