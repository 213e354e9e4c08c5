from typing import NamedTuple

import pytest
import torch
from tests.surgery.patients import Patient, alone, replaced
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks import Cell
from nasflow.search.record import Birth
from nasflow.spec.edits import Insert, Replace, Replicate
from nasflow.spec.tree import CELL_OPERATIONS, Operation, Tree
from nasflow.surgery import Gates, Operated, calibrate

NEW = tuple(operation for operation in CELL_OPERATIONS if operation is not Operation.IDENTITY)


class Edge(NamedTuple):
    """A cell with one new operation, its birth, and what its edge computes."""

    cell: Cell
    operated: Operated
    operation: nn.Module

    def passed(self, x: Tensor) -> Tensor:
        """The edge's output in the cell for the cell's input `x`."""
        seen: list[Tensor] = []
        handle = self.operation.register_forward_hook(lambda _module, _inputs, out: seen.append(out))
        self.cell(x)
        handle.remove()
        return seen[0]

    def input(self, x: Tensor) -> Tensor:
        """What the edge reads."""
        host: Tensor = self.cell.get_submodule("root.branches.0.operation")(x)
        return host


def edge(operation: Operation) -> Edge:
    """`( 3x3G -> ( operation ) )`, of which the operation is new."""
    cell = Cell(Tree.parse(f"( 3x3G -> ( {operation.value} ) )"), 4, 6).eval()
    operated = alone(cell, (Birth(path=(0, 0)),))
    return Edge(cell, operated, cell.get_submodule("root.branches.0.child.branches.0.operation"))


def hooks(module: nn.Module) -> int:
    """All hooks on all modules."""
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in module.modules())


def images(seed: int = 0) -> Tensor:
    """Something for a cell to read."""
    return torch.randn(8, 4, 6, 6, generator=torch.Generator().manual_seed(seed))


def state_of(network: nn.Module) -> dict[str, Tensor]:
    """A copy of all tensors."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("operation", NEW)
@pytest.mark.parametrize("training", [False, True])
def test_shut(operation: Operation, training: bool) -> None:
    """A shut edge passes its input on to the bit, in both modes, even if its operation gives infinity."""
    born = edge(operation)
    born.cell.train(training)
    for parameter in born.operation.parameters():
        nn.init.constant_(parameter, float("inf"))
    with Gates(born.operated), torch.no_grad():
        # In training mode the host's convolution has its batch statistics: they are the same twice.
        assert torch.equal(born.passed(images()), born.input(images()))


@pytest.mark.parametrize("operation", NEW)
@pytest.mark.parametrize("share", [0.25, 0.5, 0.999])
def test_half_open(operation: Operation, share: float) -> None:
    """A half open edge is the blend of its input and its operation."""
    born = edge(operation)
    with Gates(born.operated) as gates, torch.no_grad():
        gates.open(share)
        x = born.input(images())
        blend = (1 - share) * x + share * born.operation.forward(x)
        torch.testing.assert_close(born.passed(images()), blend)


@pytest.mark.parametrize("operation", NEW)
def test_open(operation: Operation) -> None:
    """A fully open edge is its operation to the bit, and there is no hook any more."""
    born = edge(operation)
    with Gates(born.operated) as gates, torch.no_grad():
        gates.open(0.5)
        assert hooks(born.cell) == 1
        gates.open(1.0)
        assert hooks(born.cell) == 0
        assert torch.equal(born.passed(images()), born.operation(born.input(images())))
    assert hooks(born.cell) == 0


def test_opened_before_the_block() -> None:
    """Gates that were opened in advance are not there at all."""
    born = edge(Operation.DS3)
    gates = Gates(born.operated)
    gates.open(1.0)
    with gates:
        assert hooks(born.cell) == 0


def test_gates_end_with_the_block(patient: Patient) -> None:
    """After the block no hook is left, also after an exception inside it."""
    child = patient.operate(*replaced(Operation.DS3))
    network = child.network
    with Gates(child.operated):
        assert hooks(network) == 2, "one in each layer's cell"
    assert hooks(network) == 0
    with pytest.raises(RuntimeError, match="out of memory"), Gates(child.operated):
        raise RuntimeError("out of memory")
    assert hooks(network) == 0


@pytest.mark.parametrize("operation", [Operation.CONV1, Operation.DS3, Operation.DS5, Operation.DS7])
def test_gradient(operation: Operation) -> None:
    """The gradient reaches a new operation as soon as its gate is open a little, not before."""
    born = edge(operation)
    with Gates(born.operated) as gates:
        for share in (0.0, 0.1):
            gates.open(share)
            born.cell.zero_grad()
            born.cell(images()).square().sum().backward()
            gradients = [each.grad for each in born.operation.parameters()]
            reached = [gradient is not None and bool(gradient.any()) for gradient in gradients]
            assert all(reached) if share else not any(reached)


def test_statistics_of_a_shut_operation() -> None:
    """Behind its shut gate a new operation gathers BatchNorm statistics in training mode."""
    born = edge(Operation.CONV1)
    born.cell.train()
    before = state_of(born.operation)
    with Gates(born.operated):
        born.cell(images())
    after = born.operation.state_dict()
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    assert changed == {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}


@pytest.mark.parametrize("channels", [4, 5, 6, 7, 8])
@pytest.mark.parametrize("parts", [2, 3, 4])
def test_cut_and_shut(channels: int, parts: int) -> None:
    """The parts of a cut, shut operation pass on the very shares of channels that they write, even or not."""
    tree = Tree.parse(f"( 3x3G -> cut( {', '.join(['ds3'] * parts)} ) )")
    cell = Cell(tree, 4, channels).eval()
    births = tuple(Birth(path=(0, number), share=(number, parts)) for number in range(parts))
    node = cell.get_submodule("root.branches.0.child")
    x = torch.randn(2, channels, 5, 5)
    with Gates(alone(cell, births)), torch.no_grad():
        assert torch.equal(node(x), x)


@pytest.mark.parametrize("operation", [Operation.CONV1, Operation.DS3, Operation.DS7])
def test_calibrated_norm_is_the_identity(patient: Patient, operation: Operation) -> None:
    """On the images that calibrated it, the BatchNorm of a new operation gives what it reads."""
    child = patient.operate(
        Insert(path=(0,)), Replicate(path=(0,), count=2), Replace(path=(0, 1), operation=operation)
    )
    network = child.network.eval()
    child.calibrate()
    pairs: list[tuple[Tensor, Tensor]] = []
    for _, cell in child.operated.cells(None):
        norm = cell.get_submodule("root.branches.0.child.branches.1.operation.norm")
        norm.register_forward_hook(lambda _module, inputs, out: pairs.append((inputs[0], out)))
    for training in (False, True):
        network.train(training)
        with Gates(child.operated), torch.no_grad():
            network(child.digits.calibrate)
    assert len(pairs) == 4
    for x, out in pairs[:2]:
        assert (out - x).abs().max() <= 1e-5 * x.abs().max()
    # In training mode: only the first layer's reads the same again, as those before it had their own.
    x, out = pairs[2]
    assert (out - x).abs().max() < 0.5 * x.abs().max()


def test_calibrate_touches_nothing_else(patient: Patient) -> None:
    """Only the BatchNorms of the new operations change, and mode, hooks and old births stay."""
    trained = patient.operate(*replaced(Operation.DS3)).train(steps=4)
    child = trained.operate(Insert(path=(0, 0)), Replace(path=(0, 0, 0), operation=Operation.CONV1))
    network = child.network
    for training in (False, True):
        network.train(training)
        before = state_of(network)
        calibrate(child.operated, child.digits.calibrate[: 100 + training])
        changed = {
            name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])
        }
        assert {name.split("cell.")[1].rpartition(".")[0] for name in changed} == {
            "root.branches.0.child.branches.0.child.branches.0.operation.norm"
        }
        assert {name.rpartition(".")[2] for name in changed} == {
            *("running_mean", "running_var", "weight", "bias")
        }
        assert network.training is training
        assert hooks(network) == 0


def test_calibrate_cleans_up(patient: Patient) -> None:
    """If the forward pass breaks, no hook is left and the mode is the old one."""
    child = patient.operate(*replaced(Operation.DS3))
    network = child.network.train()
    with pytest.raises(RuntimeError):
        calibrate(child.operated, torch.zeros(2, 7, 8, 8))
    assert hooks(network) == 0
    assert network.training


def test_new_operations_start_near_the_identity(patient: Patient) -> None:
    """Calibrated and fully open, a new operation gives the positive part of its input, but for some noise."""
    child = patient.operate(*replaced(Operation.DS3))
    child.calibrate()
    seen: list[tuple[Tensor, Tensor]] = []
    for _, cell in child.operated.cells(None):
        born = cell.get_submodule("root.branches.0.child.branches.0.operation")
        born.register_forward_hook(lambda _module, inputs, out: seen.append((inputs[0], out)))
    with torch.no_grad():
        child.network.eval()(child.digits.calibrate)
    for x, out in seen:
        distance = (out - F.relu(x)).square().mean().sqrt() / F.relu(x).square().mean().sqrt()
        assert 0.001 < float(distance) < 0.5
