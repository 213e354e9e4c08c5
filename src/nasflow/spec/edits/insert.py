"""Deepening one branch (Cai et al., ICML 2018, section 3.2)."""

from typing import ClassVar, Literal

from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits.edit import CellEdit
from nasflow.spec.edits.trees import change_branch
from nasflow.spec.tree import Branch, Merge, Node, Operation, Tree, show_path


class Insert(CellEdit):
    """The leaf below the edge `path` becomes a node with one identity branch."""

    SURGEON: ClassVar[str] = "nasflow.surgery.insert:insert_node"

    kind: Literal["insert"] = "insert"

    def change(self, tree: Tree) -> Tree:
        """See CellEdit."""
        return change_branch(tree, self.path, self._deepened)

    def _deepened(self, branch: Branch) -> Branch:
        if branch.child:
            raise InvalidSpec(f"edge {show_path(self.path)} has a node below it already")
        return Branch(operation=branch.operation, child=IDENTITY_NODE)

    def __str__(self) -> str:
        return f"insert a node below {self.where}"


IDENTITY_NODE = Node(merge=Merge.NONE, branches=(Branch(operation=Operation.IDENTITY),))
"""What is inserted."""
