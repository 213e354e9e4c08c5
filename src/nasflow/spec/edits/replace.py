"""A new operation in the place of an identity (Cai et al., ICML 2018, section 3.2)."""

from typing import ClassVar, Literal

from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits.edit import CellEdit
from nasflow.spec.edits.trees import change_branch
from nasflow.spec.tree import Branch, Operation, Tree, show_path


class Replace(CellEdit):
    """The identity edge `path` becomes `operation`."""

    SURGEON: ClassVar[str] = "nasflow.surgery.replace:replace_identity"

    kind: Literal["replace"] = "replace"
    operation: Operation

    def change(self, tree: Tree) -> Tree:
        """See CellEdit."""
        return change_branch(tree, self.path, self._replaced)

    def _replaced(self, branch: Branch) -> Branch:
        if branch.operation is not Operation.IDENTITY or self.operation is Operation.HOST:
            raise InvalidSpec(
                f"edge {show_path(self.path)}: {branch.operation} cannot become {self.operation}"
            )
        return Branch(operation=self.operation, child=branch.child)

    def __str__(self) -> str:
        return f"replace the identity {self.where} by {self.operation.value}"
