"""What has to be encoded: distinct subtrees and contexts, each once, grouped for batched arithmetic.

An episode asks about a cell that grows under the questions, so the same parts come back again and
again, in one walk and in its neighbours. A *subtree* is an edge with all below it: the same wherever
it hangs. A *context* is a subtree in its place: its parent's context and itself. Each gets a row
number, and is encoded once all that it rests on is: subtrees by height, contexts by depth.
"""

from collections import defaultdict
from collections.abc import Hashable
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
_Subtree = tuple[int, int, tuple[int, ...]]
"""Row, number of the operation, rows of the branches."""
_Context = tuple[int, int, int]
"""Row, row of the parent's context, row of the subtree."""
_NUMBERS = {operation: number for number, operation in enumerate(Operation)}


class Kind(IntEnum):
    """Which of the two tree-LSTM units reads a node."""

    SUM = 0
    """Nodes that are single or add, and leaves: a leaf is a node without branches."""
    CONCAT = 1
    """Nodes that concat or cut."""


@dataclass(frozen=True)
class SubtreeGroup:
    """New subtrees of one height and one kind of node."""

    kind: Kind
    rows: Tensor
    """[group], int64."""
    operations: Tensor
    """[group], the number of each one's operation."""
    children: Tensor
    """[branches], the subtree rows of all their branches."""
    owners: Tensor
    """[branches], which of the group (0 to group - 1) each branch belongs to."""


@dataclass(frozen=True)
class ContextGroup:
    """New contexts of one depth below one kind of node."""

    kind: Kind
    rows: Tensor
    """[group], int64."""
    parents: Tensor
    """[group], context rows."""
    subtrees: Tensor
    """[group], subtree rows."""


class Table:
    """Row numbers for subtrees and contexts, and the groups that wait to be encoded."""

    def __init__(self) -> None:
        self._subtrees: dict[Hashable, int] = {}
        self._contexts: dict[tuple[int, int], int] = {}
        self._heights = [0]
        self._new_subtrees: defaultdict[tuple[int, Kind], list[_Subtree]] = defaultdict(list)
        self._new_contexts: defaultdict[tuple[int, Kind], list[_Context]] = defaultdict(list)

    @property
    def subtree_rows(self) -> int:
        """Rows that the subtrees need, NOTHING included."""
        return len(self._subtrees) + 1

    @property
    def context_rows(self) -> int:
        """Rows that the contexts need, NOTHING included."""
        return len(self._contexts) + 1

    def place(self, root: Edge, path: Path) -> tuple[int, int]:
        """Context row and subtree row of the edge `path` of the cell below `root`."""
        row = self._context(NOTHING, root, Kind.SUM, 0)
        edge = root
        for depth, number in enumerate(path, start=1):
            kind = _kind(edge)
            edge = edge.edges[number]
            row = self._context(row, edge, kind, depth)
        return row, self._subtree(edge)

    def take_groups(self) -> tuple[list[SubtreeGroup], list[ContextGroup]]:
        """What is new since the last call, in an order in which it can be encoded."""
        subtrees = [_subtree_group(key[1], group) for key, group in sorted(self._new_subtrees.items())]
        contexts = [_context_group(key[1], group) for key, group in sorted(self._new_contexts.items())]
        self._new_subtrees.clear()
        self._new_contexts.clear()
        return subtrees, contexts

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
            self._new_subtrees[height, kind].append((row, operation, children))
        edge.memo = row
        return row

    def _context(self, parent: int, edge: Edge, kind: Kind, depth: int) -> int:
        subtree = self._subtree(edge)
        row = self._contexts.get((parent, subtree))
        if row is None:
            row = self._contexts[parent, subtree] = self.context_rows
            self._new_contexts[depth, kind].append((row, parent, subtree))
        return row


def _kind(edge: Edge) -> Kind:
    return Kind.CONCAT if edge.merge in {Merge.CONCAT, Merge.CUT} else Kind.SUM


def _subtree_group(kind: Kind, group: list[_Subtree]) -> SubtreeGroup:
    rows, operations = torch.tensor([each[:2] for each in group]).unbind(1)
    branches = [(child, owner) for owner, each in enumerate(group) for child in each[2]]
    children, owners = torch.tensor(branches, dtype=torch.int64).reshape(-1, 2).unbind(1)
    return SubtreeGroup(kind, rows, operations, children, owners)


def _context_group(kind: Kind, group: list[_Context]) -> ContextGroup:
    return ContextGroup(kind, *torch.tensor(group).unbind(1))
