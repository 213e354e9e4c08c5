import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import trees
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks import Cell, initialise
from nasflow.networks.cell import branch_name, concatenate, mean, node_name
from nasflow.networks.operations import operation
from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.channels import edge_widths
from nasflow.spec.tree import Branch, Merge, Node, Operation, Tree

SOME = settings(max_examples=25, deadline=None)


def randomise(module: nn.Module, seed: int) -> None:
    """Give every weight and every statistic a value of its own, away from the defaults."""
    generator = torch.Generator().manual_seed(seed)
    initialise(module, seed)
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            assert each.running_mean is not None
            assert each.running_var is not None
            for tensor in (each.weight.data, each.bias.data, each.running_mean):
                tensor.normal_(generator=generator)
            each.running_var.uniform_(0.5, 2.0, generator=generator)


class Naive:
    """The cell once more, from the table of `nasflow.spec.tree` and the names of the weights alone."""

    def __init__(self, weights: dict[str, Tensor], groups: int, stride: int) -> None:
        self.weights, self.groups, self.stride = weights, groups, stride

    def norm(self, x: Tensor, name: str) -> Tensor:
        """BatchNorm in evaluation mode, as its formula."""
        get = {part: self.weights[f"{name}.{part}"].reshape(1, -1, 1, 1) for part in NORM}
        scaled = (x - get["running_mean"]) / torch.sqrt(get["running_var"] + 1e-5)
        return scaled * get["weight"] + get["bias"]

    def operation(self, kind: Operation, x: Tensor, name: str) -> Tensor:
        """One edge."""
        match kind:
            case Operation.IDENTITY:
                return x
            case Operation.MAX3:
                return patches(x, float("-inf")).amax(dim=2)
            case Operation.AVG3:
                return patches(x, 0.0).sum(dim=2) / patches(torch.ones_like(x), 0.0).sum(dim=2)
        active = self.norm(x, f"{name}.norm").clamp(min=0)
        weight = self.weights[f"{name}.weight.weight"]
        if kind is Operation.HOST:
            return F.conv2d(active, weight, stride=self.stride, padding=1, groups=self.groups)
        if kind is not Operation.CONV1:
            filters = self.weights[f"{name}.depthwise.weight"]
            active = F.conv2d(active, filters, padding=int(kind.value[-1]) // 2, groups=x.shape[1])
        return torch.einsum("oi,bihw->bohw", weight[:, :, 0, 0], active)

    def root(self, node: Node, x: Tensor) -> Tensor:
        """The root: the host's convolution on the whole input, then `e + BatchNorm(child(e))`."""
        parts = []
        for number, branch in enumerate(node.branches):
            name = f"root.branches.{number}"
            edge = self.operation(branch.operation, x, f"{name}.operation")
            if branch.child:
                edge = edge + self.norm(self.node(branch.child, edge, f"{name}.child"), f"{name}.norm")
            parts.append(edge)
        if node.merge is Merge.CONCAT:
            return torch.cat(
                [part.chunk(self.groups, dim=1)[g] for g in range(self.groups) for part in parts], 1
            )
        return torch.stack(parts).mean(dim=0)

    def node(self, node: Node, x: Tensor, name: str) -> Tensor:
        """A node below the root, line by line as in the table."""
        shares = torch.tensor_split(x, len(node.branches), dim=1)
        whole = node.merge is not Merge.CONCAT
        parts = [
            self.branch(branch, x if whole else share, f"{name}.branches.{number}")
            for number, (branch, share) in enumerate(zip(node.branches, shares, strict=True))
        ]
        is_sum = node.merge in {Merge.NONE, Merge.ADD}
        return torch.stack(parts).mean(dim=0) if is_sum else torch.cat(parts, dim=1)

    def branch(self, branch: Branch, x: Tensor, name: str) -> Tensor:
        """An edge, then what hangs below."""
        out = self.operation(branch.operation, x, f"{name}.operation")
        return self.node(branch.child, out, f"{name}.child") if branch.child else out


NORM = ("running_mean", "running_var", "weight", "bias")


def patches(x: Tensor, outside: float) -> Tensor:
    """The 3x3 neighbours of each pixel, [batch, channels, 9, height, width]."""
    height, width = x.shape[2:]
    wide = F.pad(x, (1, 1, 1, 1), value=outside)
    shifts = [wide[:, :, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return torch.stack(shifts, dim=2)


def check_against_naive(tree: Tree, groups: int, stride: int = 1) -> None:
    """Compare in double precision, where only a different formula makes a difference."""
    cell = Cell(tree, 2 * groups * 3, 12, groups, stride).double().eval()
    randomise(cell, seed=3)
    x = torch.randn(2, 6 * groups, 7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = Naive(cell.state_dict(), groups, stride).root(tree.root, x)
        torch.testing.assert_close(cell(x), expected, rtol=1e-9, atol=1e-9)


@SOME
@given(tree=trees())
def test_cell_is_its_table(tree: Tree) -> None:
    """Any cell computes what the table of its spec says, without groups."""
    check_against_naive(tree, groups=1)


@SOME
@given(data=st.data(), groups=st.integers(2, 3), stride=st.integers(1, 2))
def test_grouped_cell_is_its_table(data: st.DataObject, groups: int, stride: int) -> None:
    """Any cell computes what the table of its spec says, with groups and strides."""
    check_against_naive(data.draw(trees(12, groups)), groups, stride)


@pytest.mark.parametrize("tree", [TREE_CELL_A, TREE_CELL_B])
@pytest.mark.parametrize("groups", [1, 2])
def test_published_cell_is_its_table(tree: Tree, groups: int) -> None:
    """The published cells compute what the table says."""
    check_against_naive(tree, groups)


@SOME
@given(data=st.data(), groups=st.integers(1, 3), stride=st.integers(1, 2), size=st.integers(1, 6))
def test_shapes(data: st.DataObject, groups: int, stride: int, size: int) -> None:
    """A cell writes its out_channels and strides as a padded 3x3 convolution does."""
    tree = data.draw(trees(6, groups))
    cell = Cell(tree, 4 * groups, 6, groups, stride).eval()
    out = cell(torch.randn(2, 4 * groups, size, size + 1))
    assert out.shape == (2, 6, -(-size // stride), -(-(size + 1) // stride))


@SOME
@given(tree=trees(max_depth=3))
def test_gradients_reach_everything(tree: Tree) -> None:
    """Every parameter of a cell takes part in its output, and in training mode all is finite."""
    cell = Cell(tree, 6, 12)
    randomise(cell, seed=0)
    torch.autograd.backward(cell(torch.randn(4, 6, 5, 5)).square().sum())
    for name, parameter in cell.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@SOME
@given(tree=trees())
def test_names_follow_paths(tree: Tree) -> None:
    """The module of each branch and node is found under the name that its path gives."""
    cell = Cell(tree, 6, 12)
    for path, branch in tree.edges():
        module = cell.get_submodule(branch_name(path))
        assert isinstance(module.get_submodule("operation"), nn.Module)
        has_node = isinstance(cell.get_submodule(node_name(path)), nn.Identity)
        assert has_node is (branch.child is None)


def test_with_tree() -> None:
    """A cell for the same place keeps channels, groups and stride."""
    cell = Cell(Tree.parse("( 3x3G )"), 6, 12, 2, 2).with_tree(TREE_CELL_B)
    assert (cell.in_channels, cell.out_channels, cell.groups, cell.stride) == (6, 12, 2, 2)
    assert cell.tree == TREE_CELL_B


@pytest.mark.parametrize("count", range(1, 9))
def test_mean_of_equal_parts(count: int) -> None:
    """The mean of equal parts is those parts to the bit, at every scale."""
    scales = torch.logspace(-30, 30, 61).reshape(1, -1, 1, 1)
    part = torch.randn(50, 61, 3, 3, generator=torch.Generator().manual_seed(count)) * scales
    assert torch.equal(mean([part.clone() for _ in range(count)]), part)


@pytest.mark.parametrize("count", range(1, 9))
def test_mean(count: int) -> None:
    """The mean of different parts is their mean, and each part has the same gradient."""
    parts = [torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True) for _ in range(count)]
    average = mean(parts)
    torch.testing.assert_close(average, torch.stack(parts).mean(dim=0))
    torch.autograd.backward(average.sum())
    for part in parts:
        torch.testing.assert_close(part.grad, torch.full_like(part, 1 / count))


def test_concatenate_by_groups() -> None:
    """Parts of a grouped convolution are put together group by group, each in the order of the parts."""
    one, other = torch.tensor([0, 1, 10, 11]), torch.tensor([2, 12])
    joined = concatenate([one.reshape(1, 4, 1, 1), other.reshape(1, 2, 1, 1)], groups=2)
    assert joined.flatten().tolist() == [0, 1, 2, 10, 11, 12]
    plain = concatenate([one.reshape(1, 4, 1, 1), other.reshape(1, 2, 1, 1)], groups=1)
    assert plain.flatten().tolist() == [0, 1, 10, 11, 2, 12]


def test_silent_root_norm() -> None:
    """With its BatchNorm's weight and bias at zero a root branch is its edge to the bit, in both modes."""
    cell = Cell(Tree.parse("( 3x3G -> ( ds3 ) )"), 6, 12)
    randomise(cell, seed=0)
    norm = cell.get_submodule("root.branches.0.norm")
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.zeros_(norm.weight)
    nn.init.zeros_(norm.bias)
    x = torch.randn(4, 6, 5, 5)
    edge = cell.get_submodule("root.branches.0.operation")
    for training in (False, True):
        cell.train(training)
        assert torch.equal(cell(x), edge(x))


def test_average_pool_at_the_border() -> None:
    """The padding of an average pool is not counted: a constant stays itself."""
    constant = torch.full((1, 2, 4, 4), 3.0)
    torch.testing.assert_close(operation(Operation.AVG3, 2, 2)(constant), constant)


def test_host_is_no_inner_operation() -> None:
    """The host's convolution cannot be made as an operation of the set."""
    with pytest.raises(ValueError, match="root of a cell"):
        operation(Operation.HOST, 2, 2)


@SOME
@given(tree=trees(12, 2))
def test_the_widths_of_edges(tree: Tree) -> None:
    """Data says of each edge how many channels go in and come out; at the root, where the host decides what
    goes in, what comes out.
    """
    cell = Cell(tree, 8, 12, 2)
    seen: dict[str, tuple[int, int]] = {}
    for path, _ in tree.edges():
        name = branch_name(path)
        cell.get_submodule(f"{name}.operation").register_forward_hook(
            lambda _, inputs, out, name=name: seen.update({name: (inputs[0].shape[1], out.shape[1])})
        )
    cell(torch.zeros(2, 8, 5, 5))
    for path, _ in tree.edges():
        reads, writes = edge_widths(tree, path, 12, 2)
        assert seen[branch_name(path)] == (reads if len(path) > 1 else 8, writes)
