"""The path space: tree-structured cells, grown by the paper's three decisions.

A node is visited top down. If it has one branch, its merge is asked; then the operation of each identity
edge of the node; then, branch by branch and depth first, whether to insert a node below a leaf, which is
visited next (Cai et al., ICML 2018, section 3.2).
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from nasflow.search.spaces.path.count import count_cells
from nasflow.search.spaces.path.edge import Edge
from nasflow.search.spaces.path.listing import list_cells
from nasflow.search.spaces.path.reach import Reach
from nasflow.search.spaces.protocol import Asking, Question, Space
from nasflow.spec.edits import CellEdit
from nasflow.spec.edits.plan import plan
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Operation, Path

HEADS = MERGE, OPERATION, EXPAND = "merge", "operation", "expand"
"""The decisions. Of the node below an edge: leave it single, or one of the adds, or one of the concats. Of
an identity edge: one of the space's operations. Of a leaf: no (0) or yes (1), insert a node.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a policy may read of a question: the cell as it is now, and where in it the question is."""

    root: Edge
    """The edge above the cell's root; it grows under the episode's hands."""
    path: Path


class PathSpace(Reach, Space):
    """The cells that decisions can reach from the start cell, the same in each place."""

    changes: ClassVar[str | None] = "cell"
    only_grows: ClassVar[bool] = True
    controller: ClassVar[str] = "path"

    kind: Literal["path"] = "path"

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        merges = 1 + len(self.add_branches) + len(self.concat_branches)
        return {MERGE: merges, OPERATION: len(self.operations), EXPAND: 2}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space; the branches stand in the order in which they were made."""
        root = Edge.above_root(start.parts.cell)
        yield from _visit(root, root, (), self)
        return start.with_parts(start.parts.with_cell(root.tree()))

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[CellEdit, ...] | None:
        """See Space; growing only adds."""
        if parent.parts.own != network.parts.own:
            return None
        return plan(parent.parts.cell, network.parts.cell.canonical())

    def listing(self, start: NetworkSpec, most: int) -> list[tuple[int, ...]] | None:
        """See Space."""
        cell = start.parts.cell
        return None if count_cells(cell, self) > most else list_cells(cell, self)


Asks = Generator[Question, int, None]


def _visit(root: Edge, edge: Edge, path: Path, space: PathSpace) -> Asks:
    """Ask everything about the node below `edge`; its depth is one more than the length of its path."""
    if len(edge.edges) == 1:
        yield from _ask_merge(root, edge, path, space)
    yield from _ask_operations(root, edge, path, space)
    for number, below in enumerate(edge.edges):
        place = (*path, number)
        if below.is_leaf and len(place) < space.max_depth:
            yield from _ask_expansion(root, below, place)
        if not below.is_leaf:
            yield from _visit(root, below, place, space)


def _ask(root: Edge, head: str, path: Path, legal: tuple[bool, ...]) -> Generator[Question, int, int]:
    choice = yield Question(head, path, legal, Sight(root, path))
    root.forget(path)
    return choice


def _ask_merge(root: Edge, edge: Edge, path: Path, space: PathSpace) -> Asks:
    adds, concats = space.add_branches, space.concat_branches
    splits = edge.edges[0].is_leaf
    legal = (True,) * (1 + len(adds)) + (splits,) * len(concats)
    choice = yield from _ask(root, MERGE, path, legal)
    if 1 <= choice <= len(adds):
        edge.replicate(adds[choice - 1])
    elif choice > len(adds):
        edge.split(concats[choice - 1 - len(adds)])


def _ask_operations(root: Edge, edge: Edge, path: Path, space: PathSpace) -> Asks:
    legal = (True,) * len(space.operations)
    for number, below in enumerate(edge.edges):
        if below.operation is Operation.IDENTITY:
            choice = yield from _ask(root, OPERATION, (*path, number), legal)
            below.operation = space.operations[choice]


def _ask_expansion(root: Edge, leaf: Edge, path: Path) -> Asks:
    if (yield from _ask(root, EXPAND, path, (True, True))):
        leaf.insert()
