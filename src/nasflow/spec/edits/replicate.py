"""Replicate-Add (Cai et al., ICML 2018, section 3.1)."""

from typing import ClassVar, Literal

from pydantic import Field

from nasflow.spec.edits.edit import CellEdit
from nasflow.spec.edits.trees import change_node, single_branch
from nasflow.spec.tree import MAXIMUM_BRANCHES, Merge, Node, Tree


class Replicate(CellEdit):
    """The single branch of the node `path` becomes `count` equal ones, whose mean is taken."""

    SURGEON: ClassVar[str] = "nasflow.surgery.replicate:replicate_branch"

    kind: Literal["replicate"] = "replicate"
    count: int = Field(ge=2, le=MAXIMUM_BRANCHES)

    def change(self, tree: Tree) -> Tree:
        """See CellEdit."""
        return change_node(tree, self.path, self._copied)

    def _copied(self, node: Node) -> Node:
        return Node(merge=Merge.ADD, branches=(single_branch(node, self.path),) * self.count)

    def __str__(self) -> str:
        return f"replicate {self.where} into {self.count}"
