"""Which channels a branch owns where a node splits its input or cuts a layer."""

from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import Merge, Node, Path, Tree, show_path


def shares(channels: int, parts: int, unit: int = 1) -> tuple[int, ...]:
    """`channels` in `parts` widths, each a multiple of `unit`, as even as can be, wider ones first.

    Raise InvalidSpec if a part would have no channel.
    """
    units = channels // unit
    if channels % unit or units < parts:
        raise InvalidSpec(f"{channels} channels cannot be shared by {parts} branches in units of {unit}")
    small, larger = divmod(units, parts)
    return tuple(unit * (small + (number < larger)) for number in range(parts))


def check_channels(tree: Tree, channels: int, groups: int) -> None:
    """Raise InvalidSpec, naming the node, if the cell does not fit `channels` outputs in `groups` groups."""
    _check(tree.root, (), channels, groups)


def _check(node: Node, path: Path, channels: int, unit: int) -> None:
    widths: tuple[int, ...] = (channels,) * len(node.branches)
    if node.merge in {Merge.CONCAT, Merge.CUT}:
        try:
            widths = shares(channels, len(node.branches), unit)
        except InvalidSpec as error:
            raise InvalidSpec(f"the cell does not fit, node {show_path(path)}: {error}") from None
    for number, (branch, width) in enumerate(zip(node.branches, widths, strict=True)):
        if branch.child:
            _check(branch.child, (*path, number), width, 1)
