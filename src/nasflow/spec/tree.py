"""The tree-structured cell (Cai et al., ICML 2018, section 3.2): nodes, branches, operations.

A node allocates its input to its branches, each branch applies the operation of its edge and then
its child node, and the node merges what comes out:

| merge  | allocation | a branch reads    | a branch writes         | merged by   |
|--------|------------|-------------------|-------------------------|-------------|
| none   | replicate  | the whole input   | everything              | (one branch)|
| add    | replicate  | the whole input   | everything              | the mean    |
| concat | split      | its channel share | its channel share       | concatenation |
| cut    | replicate  | the whole input   | its channel share       | concatenation |

`add` takes the mean, so that Replicate-Add of any operation is a plain copy. `cut` is what
Split-Concat makes of a layer that mixes channels (1x1, ds): cut along its output channels. The
host's own convolution (`3x3G`, on the edges of the root only) always reads the whole input, also
under `concat`, as the paper cuts it.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer, model_validator

from nasflow.base.document import Document, Frozen
from nasflow.base.plugins import load

Path = tuple[int, ...]
"""Branch numbers from the root down. As an edge: that branch's edge; as a node: the node below it."""

MAXIMUM_DEPTH = 16
"""Deeper trees are refused: the paper's cells have depth 3, and recursion must stay safe."""

MAXIMUM_BRANCHES = 64


class Operation(StrEnum):
    """What an edge does. Every operation but HOST keeps the number of channels."""

    HOST = "3x3G"
    CONV1 = "1x1"
    IDENTITY = "identity"
    DS3 = "ds3"
    DS5 = "ds5"
    DS7 = "ds7"
    AVG3 = "avg3"
    MAX3 = "max3"

    @property
    def mixes_channels(self) -> bool:
        """Whether an output channel depends on all input channels, so that Split-Concat must cut it."""
        return self in {Operation.CONV1, Operation.DS3, Operation.DS5, Operation.DS7}


CELL_OPERATIONS = tuple(operation for operation in Operation if operation is not Operation.HOST)
"""The paper's operation set (section 4.1), in the order of the controller's head."""


class Merge(StrEnum):
    """How a node puts the outputs of its branches together (see the module's table)."""

    NONE = "none"
    ADD = "add"
    CONCAT = "concat"
    CUT = "cut"


class Allocation(StrEnum):
    """What a node gives its branches to read."""

    REPLICATE = "replicate"
    SPLIT = "split"


class Branch(Frozen):
    """An edge and what follows it; a missing child is a leaf, the identity."""

    operation: Operation
    """What the edge does."""
    child: "Node | None" = None
    """The node at its end."""


class Node(Frozen):
    """A merge scheme and its branches, in order."""

    merge: Merge
    """What becomes of its branches."""
    branches: tuple[Branch, ...]
    """One where nothing is merged, else two or more."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        count = len(self.branches)
        if (self.merge is Merge.NONE) != (count == 1) or not 1 <= count <= MAXIMUM_BRANCHES:
            raise ValueError(f"a node with merge {self.merge.value!r} cannot have {count} branches")
        if self.merge is Merge.CUT:
            operations = {branch.operation for branch in self.branches}
            if len(operations) > 1 or not next(iter(operations)).mixes_channels:
                raise ValueError(
                    "cut takes branches of one operation that mixes channels: 1x1, ds3, ds5, ds7"
                )
        return self

    @property
    def allocation(self) -> Allocation:
        """What the branches read: their share under concat, except the host's convolution."""
        whole = self.branches[0].operation is Operation.HOST
        return Allocation.SPLIT if self.merge is Merge.CONCAT and not whole else Allocation.REPLICATE

    @property
    def depth(self) -> int:
        """Levels of nodes, this one included."""
        return 1 + max((branch.child.depth for branch in self.branches if branch.child), default=0)


_DRAWN = "nasflow.report.drawing:draw_cell"


class Tree(Document):
    """A whole cell: the host's convolution on every edge of the root, the operation set below."""

    root: Node
    """The node that the input comes to."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.root.depth > MAXIMUM_DEPTH:
            raise ValueError(f"the cell is {self.root.depth} nodes deep; at most {MAXIMUM_DEPTH} are read")
        for path, branch in self.edges():
            if (branch.operation is Operation.HOST) != (len(path) == 1):
                raise ValueError(
                    f"edge {show_path(path)} is {branch.operation.value}: the edges of the root are 3x3G "
                    "(the host's convolution), and no others"
                )
        return self

    @classmethod
    def parse(cls, text: str) -> "Tree":
        """Read the text form, e.g. `add( 3x3G -> ( ds3 ), 3x3G )`; raise InvalidSpec with the column."""
        from nasflow.spec.text import parse_tree

        return parse_tree(text)

    def __str__(self) -> str:
        from nasflow.spec.text import print_node

        return print_node(self.root)

    def edges(self) -> Iterator[tuple[Path, Branch]]:
        """Each edge with its path, depth first."""
        yield from _edges(self.root, ())

    def node(self, path: Path) -> Node | None:
        """The node below the edge `path`; the root for the empty path, None for a leaf.

        KeyError if there is no such edge.
        """
        node: Node | None = self.root
        for number in path:
            if node is None or not 0 <= number < len(node.branches):
                raise KeyError(path)
            node = node.branches[number].child
        return node

    def branch(self, path: Path) -> Branch:
        """The branch whose edge is `path`; KeyError if there is none."""
        node = self.node(path[:-1]) if path else None
        if node is None or not 0 <= path[-1] < len(node.branches):
            raise KeyError(path)
        return node.branches[path[-1]]

    def _repr_svg_(self) -> str:
        """Its drawing, for notebooks."""
        drawing: str = load(_DRAWN)(self)
        return drawing

    def canonical(self) -> "Tree":
        """The same cell with the branches of every `add` in the order of their text: sums have no order."""
        return Tree(root=_canonical(self.root))


def _edges(node: Node, above: Path) -> Iterator[tuple[Path, Branch]]:
    for number, branch in enumerate(node.branches):
        path = (*above, number)
        yield path, branch
        if branch.child:
            yield from _edges(branch.child, path)


def _canonical(node: Node) -> Node:
    from nasflow.spec.text import print_branch

    branches = [
        Branch(operation=branch.operation, child=branch.child and _canonical(branch.child))
        for branch in node.branches
    ]
    if node.merge is Merge.ADD:
        branches.sort(key=print_branch)
    return Node(merge=node.merge, branches=tuple(branches))


def show_path(path: Path) -> str:
    """A path for people: `0.2` is branch 2 of the node below branch 0; the root is `root`."""
    return ".".join(map(str, path)) or "root"


def _from_text(value: Any) -> Any:
    if isinstance(value, Tree | dict):
        return value
    if isinstance(value, str):
        return Tree.parse(value)
    raise ValueError(f"a cell is wanted, in its text form such as {START_CELL}")


TreeText = Annotated[
    Tree,
    BeforeValidator(_from_text, json_schema_input_type=Tree | str),
    PlainSerializer(str, return_type=str),
]
"""A tree inside another document, where it is written in its text form."""

START_CELL = Tree(root=Node(merge=Merge.NONE, branches=(Branch(operation=Operation.HOST),)))
"""`( 3x3G )`: the host as it is, where every search starts."""
