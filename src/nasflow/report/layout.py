"""Where everything in the drawing of a cell stands.

The tree becomes the series-parallel graph that it computes: a node fans out into its branches side
by side and comes together below them. A branch never leaves the columns that its own operations
need, so nothing can overlap.
"""

from itertools import pairwise

from nasflow.report.shapes import Box, Group, Mark, Shape, Symbol, Wire
from nasflow.spec.tree import Allocation, Branch, Merge, Node, Path, Tree

BOX_WIDTH, BOX_HEIGHT = 72.0, 28.0
COLUMN_GAP, ROW_GAP = 14.0, 14.0
MERGE_RADIUS, SUM_RADIUS, DOT_RADIUS = 11.0, 9.0, 4.0
LABEL_WIDTH = 56.0
"""Room for a mark's word, to its right."""

_MERGE_SYMBOLS = {Merge.ADD: Symbol.MEAN, Merge.CONCAT: Symbol.CONCAT, Merge.CUT: Symbol.CUT}


def layout(tree: Tree) -> Group:
    """The whole cell from its input to its output, with everything it drew."""
    return _stack(
        _mark(Symbol.INPUT, 30, 11), _node(tree.root, (), 1.0), _mark(Symbol.OUTPUT, 30, 11), share=1.0
    )


def _mark(symbol: Symbol, half_width: float, half_height: float, parts: int = 1) -> Group:
    """A mark alone, entered at its top and left at its bottom."""
    mark = Mark(0, half_height, half_width, half_height, symbol, parts)
    right = half_width + (LABEL_WIDTH if symbol in _LABELLED else 0)
    return Group(half_width, right, 2 * half_height, (mark,))


_LABELLED = {Symbol.SPLIT, Symbol.MEAN, Symbol.CONCAT, Symbol.CUT}


def _stack(*groups: Group, share: float) -> Group:
    """Groups below each other, joined by wires that carry `share`."""
    shapes: list[Shape] = []
    height = 0.0
    for number, group in enumerate(groups):
        if number:
            shapes.append(Wire(((0, height), (0, height + ROW_GAP)), share))
            height += ROW_GAP
        shapes += group.shifted(0, height)
        height += group.height
    left, right = max(group.left for group in groups), max(group.right for group in groups)
    return Group(left, right, height, tuple(shapes))


def _node(node: Node, path: Path, share: float) -> Group:
    """A node's branches; `share` of the cell's channels comes in and goes out."""
    if node.merge is Merge.NONE:
        return _branch(node.branches[0], (*path, 0), share, to_left=False)
    writes = share if node.merge is Merge.ADD else share / len(node.branches)
    middle = (len(node.branches) - 1) / 2
    branches = tuple(
        _branch(branch, (*path, number), writes, to_left=number < middle)
        for number, branch in enumerate(node.branches)
    )
    return _fan(node, branches, share, writes)


def _fan(node: Node, branches: tuple[Group, ...], share: float, writes: float) -> Group:
    """Allocation above, branches side by side, merge below."""
    is_split = node.allocation is Allocation.SPLIT
    top = _mark(Symbol.COPY, DOT_RADIUS, DOT_RADIUS)
    if is_split:
        top = _mark(Symbol.SPLIT, 18, 3, len(branches))
    end = _mark(_MERGE_SYMBOLS[node.merge], MERGE_RADIUS, MERGE_RADIUS, len(branches))
    centres = _centres(branches)
    branch_top = top.height + 2 * ROW_GAP
    bottom = branch_top + max(branch.height for branch in branches)
    end_top = bottom + 2 * ROW_GAP
    reads = writes if is_split else share
    shapes = [*top.shapes, *end.shifted(0, end_top)]
    for branch, centre in zip(branches, centres, strict=True):
        start, stop = (centre, branch_top), (centre, branch_top + branch.height)
        shapes.append(_elbow((0, top.height), start, top.height + ROW_GAP, reads))
        shapes += branch.shifted(centre, branch_top)
        shapes.append(_elbow(stop, (0, end_top), bottom + ROW_GAP, writes))
    return Group(
        left=max(branches[0].left - centres[0], end.left, top.left),
        right=max(branches[-1].right + centres[-1], end.right, top.right),
        height=end_top + end.height,
        shapes=tuple(shapes),
    )


def _centres(branches: tuple[Group, ...]) -> list[float]:
    """Where each branch stands: the middle one straight below its node, or the two middle ones beside it."""
    centres = [0.0]
    for before, after in pairwise(branches):
        centres.append(centres[-1] + before.right + COLUMN_GAP + after.left)
    last = len(centres) - 1
    middle = (centres[last // 2] + centres[(last + 1) // 2]) / 2
    return [centre - middle for centre in centres]


def _elbow(start: tuple[float, float], end: tuple[float, float], rail: float, share: float) -> Wire:
    """Down to the height `rail`, across, and down again."""
    return Wire((start, (start[0], rail), (end[0], rail), end), share)


def _branch(branch: Branch, path: Path, share: float, to_left: bool) -> Group:
    """An edge's operation and the node below it."""
    half = BOX_WIDTH / 2
    box = Box(-half, 0, BOX_WIDTH, BOX_HEIGHT, branch.operation, path)
    edge = Group(half, half, BOX_HEIGHT, (box,))
    if branch.child is None:
        return edge
    child = _node(branch.child, path, share)
    if len(path) > 1:
        return _stack(edge, child, share=share)
    return _with_shortcut(edge, child, share, to_left)


def _with_shortcut(edge: Group, child: Group, share: float, to_left: bool) -> Group:
    """A root branch as published: edge + BN(child(edge)), the shortcut on the cell's outer side."""
    tap, total = _mark(Symbol.TAP, DOT_RADIUS, DOT_RADIUS), _mark(Symbol.SUM, SUM_RADIUS, SUM_RADIUS)
    group = _stack(edge, tap, child, _mark(Symbol.NORM, 18, 10), total, share=share)
    start, end = edge.height + ROW_GAP + DOT_RADIUS, group.height - SUM_RADIUS
    lane = -group.left - ROW_GAP if to_left else group.right + ROW_GAP
    stop = -SUM_RADIUS if to_left else SUM_RADIUS
    shortcut = Wire(((0, start), (lane, start), (lane, end), (stop, end)), share, is_shortcut=True)
    return Group(max(group.left, -lane), max(group.right, lane), group.height, (shortcut, *group.shapes))
