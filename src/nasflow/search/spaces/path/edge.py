"""The cell while an episode grows it: a cheap, mutable stand-in for `spec.Tree`.

An episode changes its cell at each decision; rebuilding and checking a frozen tree each time would
cost more than the policy. The changes are those of `spec.edits`, to which the tests compare them.
"""

from dataclasses import dataclass, field
from typing import Self

from nasflow.spec.edits.split import split_merge
from nasflow.spec.tree import Branch, Merge, Node, Operation, Path, Tree


@dataclass(slots=True, eq=False)
class Edge:
    """An edge together with the node below it; a leaf has no node."""

    operation: Operation | None
    """None only for the edge that stands above the root."""
    merge: Merge | None = None
    """Of the node below; None: a leaf."""
    edges: "list[Edge]" = field(default_factory=list)
    """The branches of the node below."""
    memo: int | None = None
    """What one reader has noted about everything from this edge down; gone when any of it changes."""

    @classmethod
    def above_root(cls, tree: Tree) -> Self:
        """The whole of `tree`, below an edge without an operation."""
        return cls._of(None, tree.root)

    @classmethod
    def _of(cls, operation: Operation | None, node: Node | None) -> Self:
        if node is None:
            return cls(operation)
        return cls(operation, node.merge, [cls._of(each.operation, each.child) for each in node.branches])

    @property
    def is_leaf(self) -> bool:
        """Whether no node hangs below."""
        return self.merge is None

    def replicate(self, count: int) -> None:
        """Replicate-Add of the single branch of the node below."""
        self.merge = Merge.ADD
        self.edges += [self.edges[0]._copy() for _ in range(count - 1)]

    def split(self, count: int) -> None:
        """Split-Concat of the single branch of the node below, which must be a leaf."""
        operation = self.edges[0].operation
        assert operation is not None
        self.merge = split_merge(operation)
        self.edges += [Edge(operation) for _ in range(count - 1)]

    def insert(self) -> None:
        """Put a node with one identity branch below this leaf."""
        self.merge = Merge.NONE
        self.edges = [Edge(Operation.IDENTITY)]

    def forget(self, path: Path) -> None:
        """Drop the memos that a change at `path` makes wrong: those on the way from here to there."""
        edge = self
        edge.memo = None
        for number in path:
            edge = edge.edges[number]
            edge.memo = None

    def tree(self) -> Tree:
        """The frozen tree, of the edge above the root."""
        return Tree(root=self._node())

    def _node(self) -> Node:
        assert self.merge is not None
        return Node(merge=self.merge, branches=tuple(each._branch() for each in self.edges))

    def _branch(self) -> Branch:
        assert self.operation is not None
        return Branch(operation=self.operation, child=None if self.is_leaf else self._node())

    def _copy(self) -> "Edge":
        return Edge(self.operation, self.merge, [each._copy() for each in self.edges], self.memo)
