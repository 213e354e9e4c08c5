"""Growth of single cells, as training leaves them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import growths, trees
from tests.surgery.patients import alone, operate_alone
from torch import nn

from nasflow.networks import Cell, initialise
from nasflow.search.record import Birth
from nasflow.spec.edits import CellEdit, Insert, Replace, Replicate, Split
from nasflow.spec.tree import Operation, Tree
from nasflow.surgery import Gates

SOME = settings(max_examples=25, deadline=None)


def worn(tree: Tree, groups: int = 1, stride: int = 1) -> Cell:
    """A cell as training leaves one: no weight and no statistic at its default, in double precision."""
    cell = Cell(tree, 2 * groups * 2, 12, groups, stride).double()
    initialise(cell, seed=1)
    generator = torch.Generator().manual_seed(2)
    for module in cell.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            for tensor in (module.weight.data, module.bias.data, module.running_mean):
                tensor.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
            module.num_batches_tracked = torch.tensor(7)
    return cell.eval()


def check_same(cell: Cell, child: Cell, births: tuple[Birth, ...]) -> None:
    """Both compute the same in both modes, in double precision."""
    x = torch.randn(
        3, cell.in_channels, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    for training in (False, True):
        with Gates(alone(child.train(training), births)), torch.no_grad():
            torch.testing.assert_close(child(x), cell.train(training)(x), rtol=1e-11, atol=1e-11)


@SOME
@given(data=st.data(), groups=st.integers(1, 3), stride=st.integers(1, 2))
def test_any_growth_of_any_cell(data: st.DataObject, groups: int, stride: int) -> None:
    """Any cell, grown by what fits, computes what it did, with groups and strides, on odd sizes."""
    tree = data.draw(trees(12, groups, max_depth=3))
    cell = worn(tree, groups, stride)
    edits = data.draw(growths(tree, 12, groups, steps=4, edges=len(list(tree.edges())) + 12))
    child, births = operate_alone(cell, *edits)
    check_same(cell, child, births)
    assert (child.groups, child.stride) == (groups, stride)


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("edit", [Split(path=(), count=2), Split(path=(), count=4), Insert(path=(0,))])
def test_the_host_convolution(groups: int, stride: int, edit: CellEdit) -> None:
    """The host's convolution is split and deepened with any groups and stride."""
    cell = worn(Tree.parse("( 3x3G )"), groups, stride)
    child, births = operate_alone(cell, edit, *_below(edit))
    check_same(cell, child, births)


def _below(edit: CellEdit) -> tuple[CellEdit, ...]:
    """Something to grow below the last branch."""
    number = edit.count - 1 if isinstance(edit, Split) else 0
    below = () if isinstance(edit, Insert) else (Insert(path=(number,)),)
    return (*below, Replace(path=(number, 0), operation=Operation.DS5))


@pytest.mark.parametrize("operation", ["1x1", "ds3", "ds5", "ds7"])
def test_cut_shares_the_outputs(operation: str) -> None:
    """A cut operation's parts have its rows in order; what comes before the last weight is copied."""
    cell = worn(Tree.parse(f"( 3x3G -> ( {operation} ) )"))
    child, _ = operate_alone(cell, Split(path=(0,), count=5))
    old, new = cell.state_dict(), child.state_dict()
    prefix = "root.branches.0.child.branches."
    rows = torch.cat([new[f"{prefix}{number}.operation.weight.weight"] for number in range(5)])
    assert torch.equal(rows, old[f"{prefix}0.operation.weight.weight"])
    for name, tensor in old.items():
        if name.startswith(prefix) and not name.endswith("operation.weight.weight"):
            rest = name.removeprefix(prefix + "0")
            assert all(torch.equal(new[f"{prefix}{number}{rest}"], tensor) for number in range(5))


def test_insert_keeps_a_silent_norm() -> None:
    """The BatchNorm of a deepened root branch is born silent; below the root there is none."""
    child, births = operate_alone(worn(Tree.parse("( 3x3G )")), Insert(path=(0,)))
    norm = child.get_submodule("root.branches.0.norm")
    assert isinstance(norm, nn.BatchNorm2d)
    assert not norm.weight.any()
    assert not norm.bias.any()
    assert births == ()
    deeper, _ = operate_alone(child, Insert(path=(0, 0)))
    assert set(deeper.state_dict()) == set(child.state_dict())


def test_every_old_tensor_is_inherited() -> None:
    """What an edit does not touch has the old values, counters of BatchNorm included."""
    cell = worn(Tree.parse("add( 3x3G -> ( identity ), 3x3G -> ( ds3 ) )"))
    child, _ = operate_alone(cell, Replace(path=(0, 0), operation=Operation.CONV1))
    state = child.state_dict()
    for name, tensor in cell.state_dict().items():
        assert torch.equal(state[name], tensor), name
    copies, _ = operate_alone(child, Replicate(path=(1,), count=2))
    assert copies.state_dict()["root.branches.1.child.branches.1.operation.norm.num_batches_tracked"] == 7


@pytest.mark.parametrize("operation", [Operation.CONV1, Operation.DS3])
def test_equal_siblings_are_told_apart(operation: Operation) -> None:
    """Two new operations of the same kind start with different noise on their identity kernels."""
    cell = worn(Tree.parse("( 3x3G -> add( identity, identity ) )"))
    child, _ = operate_alone(cell, *(Replace(path=(0, number), operation=operation) for number in (0, 1)))
    name = "root.branches.0.child.branches.{}.operation.weight.weight"
    one, other = (child.state_dict()[name.format(number)][:, :, 0, 0] for number in (0, 1))
    assert not torch.equal(one, other)
    for weight in (one, other):
        assert (weight - torch.eye(12)).abs().mean() < 0.1
        assert weight.diagonal().min() > 0.5


@SOME
@given(data=st.data())
def test_tree_of_the_grown_cell(data: st.DataObject) -> None:
    """A grown cell's tree is what the spec says of the edit."""
    tree = data.draw(trees(12, max_depth=3))
    for edit in data.draw(growths(tree, 12, steps=1, edges=60)):
        child, _ = operate_alone(Cell(tree, 4, 12), edit)
        assert child.tree == edit.change(tree)
