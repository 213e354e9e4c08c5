"""How many cells a space holds, without listing them.

Bottom up, depth by depth, the cells are counted in classes: all subtrees that the same set of nodes
of the start cell (or an inserted node) can grow into form one class, since whatever hangs above
cannot tell them apart. From the one-branch start each depth has a single class, and the count is
the textbook one: multisets for add, products for concat.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import comb, prod

from nasflow.search.spaces.path.reach import Reach
from nasflow.spec.edits.insert import IDENTITY_NODE
from nasflow.spec.edits.split import split_merge
from nasflow.spec.tree import Branch, Merge, Node, Operation, Tree

NodeClasses = Mapping[frozenset[Node], int]
"""From the nodes that can grow into each member of a class to the number of its members."""
BranchClasses = Mapping[frozenset[Branch], int]


def count_cells(start: Tree, space: Reach) -> int:
    """Number of distinct cells (in canonical form) that decisions reach from `start`, itself included."""
    levels = _levels(start, space)
    classes: NodeClasses = {}
    for depth in range(len(levels), 0, -1):
        level = _Level(levels[depth - 1], depth < space.max_depth, space)
        classes = level.nodes(level.branches(classes))
    return sum(classes.values())


def _levels(start: Tree, space: Reach) -> list[list[Node]]:
    """Per depth, from the root's down: the distinct nodes of `start`, and an inserted one below leaves."""
    levels = [[start.root]]
    while True:
        children = dict.fromkeys(
            branch.child or IDENTITY_NODE
            for node in levels[-1]
            for branch in node.branches
            if branch.child or len(levels) < space.max_depth
        )
        if not children:
            return levels
        levels.append(list(children))


@dataclass(frozen=True)
class _Level:
    sources: Sequence[Node]
    """The distinct nodes at this depth before any decision."""
    may_insert: bool
    """Whether a leaf at this depth may get a node below it."""
    space: Reach

    def branches(self, below: NodeClasses) -> BranchClasses:
        """Classes of branches at this depth, from the classes of nodes one deeper."""
        sources = {branch for node in self.sources for branch in node.branches}
        found: Counter[frozenset[Branch]] = Counter()
        for operation in Operation:
            fitting = {branch for branch in sources if operation in self._operations(branch)}
            found[frozenset(branch for branch in fitting if branch.child is None)] += 1
            for nodes, members in below.items():
                found[frozenset(branch for branch in fitting if self._child(branch) in nodes)] += members
        del found[frozenset()]
        return found

    def nodes(self, branches: BranchClasses) -> NodeClasses:
        """Classes of nodes at this depth, from the classes of their branches."""
        found: Counter[frozenset[Node]] = Counter()
        for merge, width in sorted(self._shapes()):
            for row, members in _rows(merge, width, branches):
                found[frozenset(node for node in self.sources if self._grows(node, merge, row))] += members
        del found[frozenset()]
        return found

    def _operations(self, branch: Branch) -> tuple[Operation, ...]:
        if branch.operation is Operation.IDENTITY:
            return self.space.operations
        return (branch.operation,)

    def _child(self, branch: Branch) -> Node | None:
        return branch.child or (IDENTITY_NODE if self.may_insert else None)

    def _shapes(self) -> set[tuple[Merge, int]]:
        """Every merge and number of branches that a node of this depth can end with."""
        shapes = {(node.merge, len(node.branches)) for node in self.sources}
        for node in self.sources:
            if node.merge is Merge.NONE:
                shapes |= {(Merge.ADD, width) for width in self.space.add_branches}
                split = split_merge(node.branches[0].operation)
                shapes |= {(split, width) for width in self.space.concat_branches}
        return shapes

    def _grows(self, node: Node, merge: Merge, row: Sequence[frozenset[Branch]]) -> bool:
        """Whether `node` can become a node of this merge with one branch of each class of the row."""
        if node.merge is merge and len(node.branches) == len(row):
            return _matches(node.branches, row) if merge is Merge.ADD else _covers(node.branches, row)
        if node.merge is not Merge.NONE:
            return False
        single = node.branches[0]
        if merge is Merge.ADD:
            allowed = len(row) in self.space.add_branches
        else:
            fits = single.child is None and merge is split_merge(single.operation)
            allowed = fits and len(row) in self.space.concat_branches
        return allowed and _covers((single,) * len(row), row)


def _rows(
    merge: Merge, width: int, branches: BranchClasses
) -> Iterator[tuple[tuple[frozenset[Branch], ...], int]]:
    """Each way to take `width` classes of branches, with the number of distinct nodes it stands for."""
    if merge is not Merge.ADD:
        for row in product(branches, repeat=width):
            yield row, prod(branches[each] for each in row)
        return
    for row in combinations_with_replacement(branches, width):
        yield row, prod(comb(branches[each] + taken - 1, taken) for each, taken in Counter(row).items())


def _covers(branches: Sequence[Branch], row: Sequence[frozenset[Branch]]) -> bool:
    return all(branch in members for branch, members in zip(branches, row, strict=True))


def _matches(branches: Sequence[Branch], row: Sequence[frozenset[Branch]]) -> bool:
    """Whether the branches can be paired with the classes in some order (augmenting paths)."""
    partner: dict[int, int] = {}

    def place(branch: int, tried: set[int]) -> bool:
        for number, members in enumerate(row):
            if branches[branch] in members and number not in tried:
                tried.add(number)
                if number not in partner or place(partner[number], tried):
                    partner[number] = branch
                    return True
        return False

    return all(place(branch, set()) for branch in range(len(branches)))
