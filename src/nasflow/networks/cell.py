"""A tree-structured cell as a module (Cai et al., ICML 2018, section 3.2; `nasflow.spec.tree` for the table).

At the root, as the published networks have it, a branch whose edge computes `e` and which has a
child gives `e + BatchNorm(child(e))`: with the BatchNorm's weight at zero it is `e`, so that whatever
grows below is born silent.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from nasflow.networks.operations import Convolution, operation
from nasflow.spec.channels import branch_widths
from nasflow.spec.tree import Allocation, Branch, Merge, Node, Operation, Path, Tree

FIRST_CONVOLUTION = "root.branches.0.operation.weight"
"""Of a cell: a start cell has no other."""


class BranchModule(nn.Module):
    """An edge's operation, then the child node."""

    def __init__(self, edge: nn.Module, child: nn.Module) -> None:
        super().__init__()
        self.operation = edge
        self.child = child

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels read, height, width] -> [batch, channels written, height, width]."""
        out: Tensor = self.child(self.operation(x))
        return out


class RootBranch(BranchModule):
    """A branch of the root with a child: `e + BatchNorm(child(e))`."""

    def __init__(self, edge: nn.Module, child: nn.Module, channels: int) -> None:
        super().__init__(edge, child)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels read, height, width] -> [batch, channels written, height, width]."""
        edge = self.operation(x)
        out: Tensor = edge + self.norm(self.child(edge))
        return out


class NodeModule(nn.Module):
    """Allocate, run the branches, merge."""

    def __init__(self, node: Node, branches: Sequence[nn.Module], widths: Sequence[int], groups: int) -> None:
        super().__init__()
        self.merge, self.allocation = node.merge, node.allocation
        self.widths, self.groups = list(widths), groups
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels in, height, width] -> [batch, channels out, height, width]."""
        split = self.allocation is Allocation.SPLIT
        inputs = torch.split(x, self.widths, dim=1) if split else [x] * len(self.branches)
        outputs: list[Tensor] = [branch(each) for branch, each in zip(self.branches, inputs, strict=True)]
        if self.merge is Merge.NONE:
            return outputs[0]
        return mean(outputs) if self.merge is Merge.ADD else concatenate(outputs, self.groups)


class Cell(nn.Module):
    """The cell `tree` in the place of a host's convolution, in_channels -> out_channels in `groups`.

    `edge` makes the operation of a root branch that reads and writes so many channels in so many groups;
    without it, it is BatchNorm, ReLU and a 3x3 convolution.
    """

    def __init__(
        self,
        tree: Tree,
        in_channels: int,
        out_channels: int,
        groups: int = 1,
        stride: int = 1,
        edge: Callable[[int, int, int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.tree = tree
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.stride = groups, stride
        self.edge = edge
        self.root = self._root(tree.root)

    def _root(self, node: Node) -> NodeModule:
        widths = branch_widths(node, self.out_channels, self.groups)
        branches = [self._branch(branch, width) for branch, width in zip(node.branches, widths, strict=True)]
        return NodeModule(node, branches, widths, self.groups)

    def _branch(self, branch: Branch, width: int) -> BranchModule:
        edge = self._edge(width)
        if branch.child is None:
            return BranchModule(edge, nn.Identity())
        return RootBranch(edge, _node(branch.child, width), width)

    def _edge(self, width: int) -> nn.Module:
        if self.edge:
            return self.edge(self.in_channels, width, self.groups)
        return Convolution(self.in_channels, width, 3, self.groups, self.stride)

    def with_tree(self, tree: Tree) -> "Cell":
        """An uninitialised cell for the same place with another tree."""
        return Cell(tree, self.in_channels, self.out_channels, self.groups, self.stride, self.edge)

    def resized(self, tree: Tree) -> "Cell":
        """An uninitialised cell for a place that is now as wide as this one's first convolution."""
        now = self.get_submodule(FIRST_CONVOLUTION)
        assert isinstance(now, nn.Conv2d)
        return Cell(tree, now.in_channels, now.out_channels, now.groups, self.stride, self.edge)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height / stride, width / stride]."""
        out: Tensor = self.root(x)
        return out


def mean(parts: Sequence[Tensor]) -> Tensor:
    """The mean of equal shapes, `[batch, channels, height, width]`, to the bit where all parts are equal."""
    average = parts[0]
    for count, part in enumerate(parts[1:], start=2):
        average = average + (part - average) / count
    return average


def concatenate(parts: Sequence[Tensor], groups: int) -> Tensor:
    """Concatenate channels group by group, so that a cut grouped convolution finds its order again."""
    if groups == 1:
        return torch.cat(list(parts), dim=1)
    return torch.cat([torch.unflatten(part, 1, (groups, -1)) for part in parts], dim=2).flatten(1, 2)


def node_name(path: Path) -> str:
    """The name of a node's module inside its cell, e.g. `root.branches.0.child`."""
    return "root" + "".join(f".branches.{number}.child" for number in path)


def branch_name(path: Path) -> str:
    """The name of the module of the branch whose edge is `path`, e.g. `root.branches.0`."""
    return f"{node_name(path[:-1])}.branches.{path[-1]}"


def _node(node: Node, channels: int) -> NodeModule:
    widths = branch_widths(node, channels)
    branches = [
        _inner_branch(branch, width if node.allocation is Allocation.SPLIT else channels, width)
        for branch, width in zip(node.branches, widths, strict=True)
    ]
    return NodeModule(node, branches, widths, groups=1)


def _inner_branch(branch: Branch, in_channels: int, out_channels: int) -> BranchModule:
    edge = operation(Operation(branch.operation), in_channels, out_channels)
    return BranchModule(edge, _node(branch.child, out_channels) if branch.child else nn.Identity())
