"""What has to be encoded: distinct subtrees and contexts, each once, grouped for batched arithmetic.

An episode asks about a cell that grows under the questions, so the same parts come back again and
again, in one walk and in its neighbours. A *subtree* is an edge with all below it: the same wherever
it hangs. A *context* is a subtree in its place: its parent's context and itself. Each gets a row
number, and is encoded once all that it rests on is: subtrees by height, contexts by depth.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from nasflow.search.spaces.path.edge import Edge
from nasflow.spec.tree import Merge, Operation, Path

NOTHING = 0
"""The row that stands for no state: the context above the root."""
ROOT = len(Operation)
"""Operation number of the edge above the root."""
_CONCATS = frozenset({Merge.CONCAT, Merge.CUT})
_NUMBERS = {operation: number for number, operation in enumerate(Operation)}


class Kind(IntEnum):
    """Which of the two tree-LSTM units reads a node."""

    SUM = 0
    """Nodes that are single or add, and leaves: a leaf is a node without branches."""
    CONCAT = 1
    """Nodes that concat or cut."""


@dataclass(frozen=True)
class SubtreeGroup:
    """New subtrees of one height, those of kind SUM first."""

    sums: int
    """How many are of kind SUM."""
    rows: Tensor
    """[group], int64."""
    operations: Tensor
    """[group], the number of each one's operation."""
    sum_branches: int
    """How many branches those of kind SUM have."""
    children: Tensor
    """[branches], the subtree rows of all their branches."""
    owners: Tensor
    """[branches], which of the group (0 to group - 1) each branch belongs to."""


@dataclass(frozen=True)
class ContextGroup:
    """New contexts of one depth, those below a node of kind SUM first."""

    sums: int
    """How many are below one of kind SUM."""
    rows: Tensor
    """[group], int64."""
    parents: Tensor
    """[group], context rows."""
    subtrees: Tensor
    """[group], subtree rows."""


@dataclass(frozen=True)
class Groups:
    """What is to be encoded, in an order in which it can be."""

    subtrees: Sequence[SubtreeGroup]
    contexts: Sequence[ContextGroup]
    subtree_rows: int
    """Rows that the subtrees need, NOTHING included."""
    context_rows: int


_Subtree = tuple[Kind, int, int, tuple[int, ...]]
"""Kind, row, number of the operation, rows of the branches."""
_Context = tuple[Kind, int, int, int]
"""Kind of the node above, row, row of the parent's context, row of the subtree."""


class Table:
    """Row numbers for subtrees and contexts, and the groups that wait to be encoded."""

    def __init__(self) -> None:
        self._subtrees: dict[Hashable, int] = {}
        self._contexts: dict[tuple[int, int], int] = {}
        self._heights = [0]
        self._new_subtrees: defaultdict[int, list[_Subtree]] = defaultdict(list)
        self._new_contexts: defaultdict[int, list[_Context]] = defaultdict(list)

    def place(self, root: Edge, path: Path) -> tuple[int, int]:
        """Context row and subtree row of the edge `path` of the cell below `root`."""
        row = self._context(NOTHING, root, Kind.SUM, 0)
        edge = root
        for depth, number in enumerate(path, start=1):
            kind = _kind(edge)
            edge = edge.edges[number]
            row = self._context(row, edge, kind, depth)
        return row, self._subtree(edge)

    def take_groups(self) -> Groups:
        """What is new since the last call."""
        subtrees = [_subtree_group(group) for _, group in sorted(self._new_subtrees.items())]
        contexts = [_context_group(group) for _, group in sorted(self._new_contexts.items())]
        self._new_subtrees.clear()
        self._new_contexts.clear()
        return Groups(subtrees, contexts, len(self._subtrees) + 1, len(self._contexts) + 1)

    def _subtree(self, edge: Edge) -> int:
        if edge.memo is not None:
            return edge.memo
        # Both units sum over the branches, so their order is no part of what a subtree is.
        children = tuple(sorted(self._subtree(below) for below in edge.edges))
        operation = ROOT if edge.operation is None else _NUMBERS[edge.operation]
        kind = _kind(edge)
        key = (operation, kind, children)
        row = self._subtrees.get(key)
        if row is None:
            row = self._subtrees[key] = len(self._heights)
            height = 1 + max((self._heights[child] for child in children), default=-1)
            self._heights.append(height)
            self._new_subtrees[height].append((kind, row, operation, children))
        edge.memo = row
        return row

    def _context(self, parent: int, edge: Edge, kind: Kind, depth: int) -> int:
        subtree = self._subtree(edge)
        row = self._contexts.get((parent, subtree))
        if row is None:
            row = self._contexts[parent, subtree] = len(self._contexts) + 1
            self._new_contexts[depth].append((kind, row, parent, subtree))
        return row


def _kind(edge: Edge) -> Kind:
    return Kind.CONCAT if edge.merge in _CONCATS else Kind.SUM


def _subtree_group(group: list[_Subtree]) -> SubtreeGroup:
    group.sort()
    rows, operations = torch.tensor([each[1:3] for each in group]).unbind(1)
    branches = [(child, owner) for owner, each in enumerate(group) for child in each[3]]
    children, owners = torch.tensor(branches, dtype=torch.int64).reshape(-1, 2).unbind(1)
    sum_branches = sum(len(each[3]) for each in group if each[0] is Kind.SUM)
    return SubtreeGroup(_sums(group), rows, operations, sum_branches, children, owners)


def _context_group(group: list[_Context]) -> ContextGroup:
    group.sort()
    return ContextGroup(_sums(group), *torch.tensor([each[1:] for each in group]).unbind(1))


def _sums(group: Sequence[_Subtree | _Context]) -> int:
    return sum(each[0] is Kind.SUM for each in group)
