"""Changes of one node or one branch of a frozen tree: what the path-level edits have in common."""

from collections.abc import Callable

from pydantic import ValidationError

from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import Branch, Merge, Node, Path, Tree, show_path


def single_branch(node: Node, path: Path) -> Branch:
    """The one branch of a node; raise InvalidSpec if it has several."""
    if node.merge is not Merge.NONE:
        raise InvalidSpec(f"node {show_path(path)} has {len(node.branches)} branches already")
    return node.branches[0]


def change_node(tree: Tree, path: Path, change: Callable[[Node], Node]) -> Tree:
    """The tree with another node at `path`; raise InvalidSpec if there is none, or if the new one cannot
    be.
    """
    if not path:
        return Tree(root=change(tree.root))

    def below(branch: Branch) -> Branch:
        if branch.child is None:
            raise InvalidSpec(f"there is no node at {show_path(path)}")
        return Branch(operation=branch.operation, child=change(branch.child))

    return change_branch(tree, path, below)


def change_branch(tree: Tree, path: Path, change: Callable[[Branch], Branch]) -> Tree:
    """The tree with another branch at the edge `path`; raise InvalidSpec as `change_node` does."""
    root = _rebuild(tree.root, path, path, change)
    try:
        return Tree(root=root)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InvalidSpec(f"edge {show_path(path)} cannot grow: {reason}") from None


def _rebuild(node: Node | None, rest: Path, path: Path, change: Callable[[Branch], Branch]) -> Node:
    if node is None or not rest or rest[0] not in range(len(node.branches)):
        raise InvalidSpec(f"there is no edge at {show_path(path)}")
    number, below = rest[0], rest[1:]
    old = node.branches[number]
    new = (
        Branch(operation=old.operation, child=_rebuild(old.child, below, path, change))
        if below
        else change(old)
    )
    return Node(merge=node.merge, branches=(*node.branches[:number], new, *node.branches[number + 1 :]))
