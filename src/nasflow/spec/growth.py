"""The four path-level transforms as changes of a tree (Cai et al., ICML 2018, section 3.1).

Here is what each does to the architecture; `nasflow.surgery` does the same to trained weights.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import MAXIMUM_BRANCHES, Branch, Merge, Node, Operation, Path, Tree, show_path


class Replicate(Frozen):
    """Replicate-Add: the single branch of the node `path` becomes `count` equal ones, whose mean is taken."""

    kind: Literal["replicate"] = "replicate"
    path: Path
    count: int = Field(ge=2, le=MAXIMUM_BRANCHES)

    def __str__(self) -> str:
        return f"replicate {show_path(self.path)} into {self.count}"


class Split(Frozen):
    """Split-Concat: the single branch of the node `path` becomes `count` parts, which are concatenated."""

    kind: Literal["split"] = "split"
    path: Path
    count: int = Field(ge=2, le=MAXIMUM_BRANCHES)

    def __str__(self) -> str:
        return f"split {show_path(self.path)} into {self.count}"


class Insert(Frozen):
    """Deepen: the leaf below the edge `path` becomes a node with one identity branch."""

    kind: Literal["insert"] = "insert"
    path: Path

    def __str__(self) -> str:
        return f"insert a node below {show_path(self.path)}"


class Replace(Frozen):
    """The identity edge `path` becomes `operation`."""

    kind: Literal["replace"] = "replace"
    path: Path
    operation: Operation

    def __str__(self) -> str:
        return f"replace the identity {show_path(self.path)} by {self.operation.value}"


Transform = Annotated[Replicate | Split | Insert | Replace, Field(discriminator="kind")]


def apply(tree: Tree, transform: Transform) -> Tree:
    """The tree after one transform; raise InvalidSpec if the transform does not fit it."""
    match transform:
        case Replicate(path=path, count=count):
            return _change_node(tree, path, lambda node: _replicate(node, path, count))
        case Split(path=path, count=count):
            return _change_node(tree, path, lambda node: _split(node, path, count))
        case Insert(path=path):
            return _change_branch(tree, path, lambda branch: _insert(branch, path))
        case Replace(path=path, operation=operation):
            return _change_branch(tree, path, lambda branch: _replace(branch, path, operation))


def plan(base: Tree, target: Tree) -> tuple[Transform, ...]:
    """The transforms that grow `base` into `target`, top down; raise InvalidSpec if none can."""
    steps = _grow((), base.root, target.root)
    if steps is None:
        raise InvalidSpec(f"{target} cannot be grown from {base}: transforms only add to a cell")
    return tuple(steps)


def split_merge(operation: Operation) -> Merge:
    """How Split-Concat merges the parts of `operation`: cut where channels mix, else concat."""
    return Merge.CUT if operation.mixes_channels else Merge.CONCAT


def _single(node: Node, path: Path) -> Branch:
    if node.merge is not Merge.NONE:
        raise InvalidSpec(f"node {show_path(path)} has {len(node.branches)} branches already")
    return node.branches[0]


def _replicate(node: Node, path: Path, count: int) -> Node:
    return Node(merge=Merge.ADD, branches=(_single(node, path),) * count)


def _split(node: Node, path: Path, count: int) -> Node:
    branch = _single(node, path)
    if branch.child:
        raise InvalidSpec(f"node {show_path(path)} cannot be split: a node hangs below its branch")
    return Node(merge=split_merge(branch.operation), branches=(branch,) * count)


def _insert(branch: Branch, path: Path) -> Branch:
    if branch.child:
        raise InvalidSpec(f"edge {show_path(path)} has a node below it already")
    identity = Branch(operation=Operation.IDENTITY)
    return Branch(operation=branch.operation, child=Node(merge=Merge.NONE, branches=(identity,)))


def _replace(branch: Branch, path: Path, operation: Operation) -> Branch:
    if branch.operation is not Operation.IDENTITY or operation is Operation.HOST:
        raise InvalidSpec(f"edge {show_path(path)}: {branch.operation} cannot become {operation}")
    return Branch(operation=operation, child=branch.child)


def _change_node(tree: Tree, path: Path, change: Callable[[Node], Node]) -> Tree:
    if not path:
        return Tree(root=change(tree.root))

    def below(branch: Branch) -> Branch:
        if branch.child is None:
            raise InvalidSpec(f"there is no node at {show_path(path)}")
        return Branch(operation=branch.operation, child=change(branch.child))

    return _change_branch(tree, path, below)


def _change_branch(tree: Tree, path: Path, change: Callable[[Branch], Branch]) -> Tree:
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


def _grow(path: Path, have: Node | None, want: Node | None) -> list[Transform] | None:
    """The steps from one node to another, None if there are none."""
    if want is None:
        return [] if have is None else None
    if have is None:
        identity = Node(merge=Merge.NONE, branches=(Branch(operation=Operation.IDENTITY),))
        return _after([Insert(path=path)], _grow(path, identity, want))
    if have.merge is want.merge and len(have.branches) == len(want.branches):
        return _grow_branches(path, have.branches, want.branches)
    if have.merge is not Merge.NONE:
        return None
    return _fork(path, have.branches[0], want)


def _fork(path: Path, branch: Branch, want: Node) -> list[Transform] | None:
    """From one branch to several: the merge first, as in an episode, then branch by branch."""
    count = len(want.branches)
    steps: list[Transform] = []
    if want.merge is Merge.CUT and branch.operation is Operation.IDENTITY:
        branch = Branch(operation=want.branches[0].operation, child=branch.child)
        steps.append(Replace(path=(*path, 0), operation=branch.operation))
    if want.merge is Merge.ADD:
        steps.append(Replicate(path=path, count=count))
    elif branch.child is None and want.merge is split_merge(branch.operation):
        steps.append(Split(path=path, count=count))
    else:
        return None
    return _after(steps, _grow_branches(path, (branch,) * count, want.branches))


def _grow_branches(path: Path, have: tuple[Branch, ...], want: tuple[Branch, ...]) -> list[Transform] | None:
    """First every new operation of the node, then what hangs below, branch by branch."""
    steps: list[Transform] = []
    for number, (old, new) in enumerate(zip(have, want, strict=True)):
        if old.operation is new.operation:
            continue
        if old.operation is not Operation.IDENTITY:
            return None
        steps.append(Replace(path=(*path, number), operation=new.operation))
    for number, (old, new) in enumerate(zip(have, want, strict=True)):
        below = _grow((*path, number), old.child, new.child)
        if below is None:
            return None
        steps += below
    return steps


def _after(steps: list[Transform], more: list[Transform] | None) -> list[Transform] | None:
    return None if more is None else [*steps, *more]
