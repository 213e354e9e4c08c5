"""The bidirectional tree-LSTM: each edge of a cell as a vector that knows the whole cell.

Bottom up, a child-sum tree-LSTM unit (Tai et al., 2015) reads the branches of a node and an LSTM
reads the edge above it (Cai et al., ICML 2018, section 3.2). Top down, the state of an edge is handed
on to each branch of its node by an LSTM that reads what the branch said upward. Both ways there are
two units on nodes, one for add and one for concat. The one for concat ignores the order of its
branches too: channels have no order, and its size must not depend on the number of branches.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear

from nasflow.controllers.tree.parameters import PRECISION, Parameters
from nasflow.controllers.tree.table import ContextGroup, SubtreeGroup, Table

State = tuple[Tensor, Tensor]
"""Hidden state and memory cell of an LSTM, each [rows, hidden]."""


class Encoding:
    """The rows encoded so far: for each subtree its state upward, for each context its state downward.

    Row 0 (NOTHING) of both is zero.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        hidden = parameters["edge.up.state"].shape[1]
        self.up: State = _no_rows(hidden)
        self.down: State = _no_rows(hidden)

    def extend(self, table: Table) -> None:
        """Encode what is new in `table`."""
        subtrees, contexts = table.take_groups()
        self.up = _with_room(self.up, table.subtree_rows)
        self.down = _with_room(self.down, table.context_rows)
        for subtree_group in subtrees:
            _write(self.up, subtree_group.rows, self._upward(subtree_group))
        for context_group in contexts:
            _write(self.down, context_group.rows, self._downward(context_group))

    def known(self, places: Tensor) -> Tensor:
        """[places, 2 x hidden]: all about each place [places, 2], a context row and its subtree row."""
        down = self.down[0].index_select(0, places[:, 0])
        return torch.cat([down, self.up[0].index_select(0, places[:, 1])], dim=1)

    def _upward(self, group: SubtreeGroup) -> State:
        unit = f"{group.kind.name.lower()}.up"
        node = child_sum(
            self._parameters, unit, _read(self.up, group.children), group.owners, len(group.rows)
        )
        return lstm(self._parameters, "edge.up", self._parameters["operations"][group.operations], node)

    def _downward(self, group: ContextGroup) -> State:
        said = self.up[0].index_select(0, group.subtrees)
        unit = f"{group.kind.name.lower()}.down"
        return lstm(self._parameters, unit, said, _read(self.down, group.parents))


def child_sum(parameters: Parameters, name: str, branches: State, owners: Tensor, nodes: int) -> State:
    """Child-sum tree-LSTM unit without an input of its own: all that a node is, is its branches.

    The state of each node, [nodes, hidden], from those of all their branches, [branches, hidden];
    `owners` [branches] says which node (0 to nodes - 1) a branch belongs to.
    """
    hidden, memory = branches
    nothing = hidden.new_zeros(nodes, hidden.shape[1])
    gates = _layer(parameters, f"{name}.gates", nothing.index_add(0, owners, hidden))
    write, read, content = gates.chunk(3, dim=1)
    kept = _layer(parameters, f"{name}.forget", hidden).sigmoid() * memory
    cell = write.sigmoid() * content.tanh() + nothing.index_add(0, owners, kept)
    return read.sigmoid() * cell.tanh(), cell


def lstm(parameters: Parameters, name: str, inputs: Tensor, state: State) -> State:
    """One LSTM step: the state after reading `inputs` [rows, inputs]."""
    return torch.lstm_cell(
        inputs,
        state,
        parameters[f"{name}.input"],
        parameters[f"{name}.state"],
        parameters[f"{name}.bias"],
    )


def _layer(parameters: Parameters, name: str, inputs: Tensor) -> Tensor:
    return linear(inputs, parameters[f"{name}.weight"], parameters[f"{name}.bias"])


def _no_rows(hidden: int) -> State:
    return torch.zeros(1, hidden, dtype=PRECISION), torch.zeros(1, hidden, dtype=PRECISION)


def _with_room(state: State, rows: int) -> State:
    missing = rows - len(state[0])
    if missing <= 0:
        return state
    # Doubling, so that a table that grows row by row is not copied each time.
    room = state[0].new_zeros(max(missing, len(state[0])), state[0].shape[1])
    return torch.cat([state[0], room]), torch.cat([state[1], room])


def _read(state: State, rows: Tensor) -> State:
    return state[0].index_select(0, rows), state[1].index_select(0, rows)


def _write(state: State, rows: Tensor, new: State) -> None:
    # In place, also under autograd: reading rows saves their numbers, not the values they had.
    state[0].index_copy_(0, rows, new[0])
    state[1].index_copy_(0, rows, new[1])
