"""How many channels branches read and write, and which are theirs where a node splits or cuts."""

from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import Allocation, Merge, Node, Path, Tree, show_path


def shares(channels: int, parts: int, unit: int = 1) -> tuple[int, ...]:
    """`channels` in `parts` widths, each a multiple of `unit`, as even as can be, wider ones first.

    Raise InvalidSpec if a part would have no channel.
    """
    units = channels // unit
    if channels % unit or units < parts:
        raise InvalidSpec(f"{channels} channels cannot be shared by {parts} branches in units of {unit}")
    small, larger = divmod(units, parts)
    return tuple(unit * (small + (number < larger)) for number in range(parts))


def branch_widths(node: Node, channels: int, unit: int = 1) -> tuple[int, ...]:
    """What each branch of a node of so many channels writes; raise InvalidSpec as `shares` does."""
    if node.merge in {Merge.CONCAT, Merge.CUT}:
        return shares(channels, len(node.branches), unit)
    return (channels,) * len(node.branches)


def edge_widths(tree: Tree, path: Path, channels: int, groups: int) -> tuple[int, int]:
    """The channels that an edge reads and writes, in a cell of `channels` outputs in `groups` groups.

    An edge of the root reads what its host gives, which the tree does not know: there the first is void.
    """
    reads, writes, unit = channels, channels, groups
    for length, number in enumerate(path):
        node = tree.node(path[:length])
        assert node is not None
        own = branch_widths(node, writes, unit)[number]
        reads, writes, unit = own if node.allocation is Allocation.SPLIT else writes, own, 1
    return reads, writes


def check_channels(tree: Tree, channels: int, groups: int) -> None:
    """Raise InvalidSpec, naming the node, if the cell does not fit `channels` outputs in `groups` groups."""
    _check(tree.root, (), channels, groups)


def _check(node: Node, path: Path, channels: int, unit: int) -> None:
    try:
        widths = branch_widths(node, channels, unit)
    except InvalidSpec as error:
        raise InvalidSpec(f"the cell does not fit, node {show_path(path)}: {error}") from None
    for number, (branch, width) in enumerate(zip(node.branches, widths, strict=True)):
        if branch.child:
            _check(branch.child, (*path, number), width, 1)
