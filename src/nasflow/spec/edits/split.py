"""Split-Concat (Cai et al., ICML 2018, section 3.1)."""

from typing import ClassVar, Literal

from pydantic import Field

from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits.edit import CellEdit
from nasflow.spec.edits.trees import change_node, single_branch
from nasflow.spec.tree import MAXIMUM_BRANCHES, Merge, Node, Operation, Tree, show_path


class Split(CellEdit):
    """The single branch of the node `path` becomes `count` parts, which are concatenated."""

    SURGEON: ClassVar[str] = "nasflow.surgery.split:split_branch"

    kind: Literal["split"] = "split"
    count: int = Field(ge=2, le=MAXIMUM_BRANCHES)

    def change(self, tree: Tree) -> Tree:
        """See CellEdit."""
        return change_node(tree, self.path, self._cut)

    def _cut(self, node: Node) -> Node:
        branch = single_branch(node, self.path)
        if branch.child:
            raise InvalidSpec(f"node {show_path(self.path)} cannot be split: a node hangs below its branch")
        return Node(merge=split_merge(branch.operation), branches=(branch,) * self.count)

    def __str__(self) -> str:
        return f"split {self.where} into {self.count}"


def split_merge(operation: Operation) -> Merge:
    """How Split-Concat merges the parts of `operation`: cut where channels mix, else concat."""
    return Merge.CUT if operation.mixes_channels else Merge.CONCAT
