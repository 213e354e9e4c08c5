"""Hypothesis strategies: cells, networks, and the edits that fit them."""

from hypothesis import strategies as st

from nasflow.base.errors import InvalidSpec
from nasflow.spec.channels import check_channels
from nasflow.spec.edits import CellEdit, Insert, Replace, Replicate, Split
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Parts
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Branch, Merge, Node, Operation, Tree

MIXING = tuple(operation for operation in CELL_OPERATIONS if operation.mixes_channels)


def trees(channels: int = 12, groups: int = 1, max_depth: int = 4) -> st.SearchStrategy[Tree]:
    """Every kind of valid cell that fits `channels` outputs in `groups` groups, the start cell first."""
    return _nodes(channels, groups, max_depth, is_root=True).map(lambda root: Tree(root=root))


@st.composite
def _nodes(draw: st.DrawFn, width: int, unit: int, levels: int, *, is_root: bool = False) -> Node:
    """A node that writes `width` channels, with `levels` of nodes at most, itself included."""
    merge = draw(st.sampled_from(_merges(width // unit, is_root=is_root)))
    most = min(3, width // unit) if merge in {Merge.CONCAT, Merge.CUT} else 3
    count = 1 if merge is Merge.NONE else draw(st.integers(2, most))
    operation = Operation.HOST if is_root else draw(st.sampled_from(MIXING))
    # The narrowest part is what every child of a split node has to fit.
    part = width // unit // count * unit if merge in {Merge.CONCAT, Merge.CUT} else width
    branches = []
    for _ in range(count):
        if not is_root and merge is not Merge.CUT:
            operation = draw(st.sampled_from(CELL_OPERATIONS))
        has_child = levels > 1 and draw(st.integers(0, 2)) == 2
        child = draw(_nodes(part, 1, levels - 1)) if has_child else None
        branches.append(Branch(operation=operation, child=child))
    return Node(merge=merge, branches=tuple(branches))


def _merges(parts: int, *, is_root: bool) -> list[Merge]:
    splits = [Merge.CONCAT] if is_root else [Merge.CONCAT, Merge.CUT]
    return [Merge.NONE, Merge.ADD, *(splits if parts >= 2 else [])]


@st.composite
def network_specs(draw: st.DrawFn, max_depth: int = 3, *, with_own: bool = False) -> NetworkSpec:
    """A small network round any cell; `with_own`: some of its places may have cells of their own."""
    groups = draw(st.integers(1, 3))
    growth = groups * draw(st.integers(1, 4))
    host = DenseNet(
        growth=growth,
        groups=groups,
        blocks=draw(st.integers(1, 2)),
        stages=draw(st.integers(1, 3)),
        reduction=draw(st.sampled_from([0.5, 1.0])),
    )
    cells = trees(growth, groups, max_depth)
    names = st.sampled_from([place.name for place in host.places])
    own = draw(st.dictionaries(names, cells, max_size=2)) if with_own else {}
    return NetworkSpec(
        host=host,
        parts=Parts(cell=draw(cells), own=own_cells(own)),
        channels=draw(st.integers(1, 3)),
        size=draw(st.integers(4, 9)),
        classes=draw(st.integers(2, 5)),
    )


def own_cells(cells: dict[str, Tree]) -> tuple[tuple[str, CellPart], ...]:
    """Places with cells of their own, as `Parts` holds them."""
    return tuple((place, CellPart(tree=tree)) for place, tree in sorted(cells.items()))


def fitting(tree: Tree, channels: int, groups: int = 1, counts: tuple[int, ...] = (2, 3)) -> list[CellEdit]:
    """Every edit that fits `tree`, with branch numbers out of `counts`."""
    candidates: list[CellEdit] = []
    for path, branch in [((), None), *tree.edges()]:
        if tree.node(path):
            for count in counts:
                candidates += [Replicate(path=path, count=count), Split(path=path, count=count)]
        elif branch:
            candidates.append(Insert(path=path))
        if branch and branch.operation is Operation.IDENTITY:
            candidates += [Replace(path=path, operation=operation) for operation in CELL_OPERATIONS]
    return [each for each in candidates if _fits(tree, each, channels, groups)]


def _fits(tree: Tree, edit: CellEdit, channels: int, groups: int) -> bool:
    try:
        check_channels(edit.change(tree), channels, groups)
    except InvalidSpec:
        return False
    return True


@st.composite
def growths(
    draw: st.DrawFn,
    start: Tree = START_CELL,
    channels: int = 12,
    groups: int = 1,
    steps: int = 6,
    edges: int = 16,
) -> tuple[CellEdit, ...]:
    """Up to `steps` edits in any fitting order, anywhere, while the cell has at most `edges` edges.

    The kind is drawn before the path: else nearly all would be a Replace.
    """
    tree, sequence = start, list[CellEdit]()
    for _ in range(draw(st.integers(1, steps))):
        options = fitting(tree, channels, groups)
        options = [each for each in options if len(list(each.change(tree).edges())) <= edges]
        if not options:
            break
        kind = draw(st.sampled_from(sorted({each.kind for each in options})))
        edit = draw(st.sampled_from([each for each in options if each.kind == kind]))
        sequence.append(edit)
        tree = edit.change(tree)
    return tuple(sequence)


def grown(tree: Tree, edits: tuple[CellEdit, ...]) -> Tree:
    """The cell after one edit after the other."""
    for edit in edits:
        tree = edit.change(tree)
    return tree
