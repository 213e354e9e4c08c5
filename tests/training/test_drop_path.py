import torch

from nasflow.networks.cell import Cell
from nasflow.spec.tree import Tree
from nasflow.training.determinism import generator
from nasflow.training.drop_path import DropPath

IMAGES = torch.randn(400, 4, 3, 3, generator=generator(0))


def cell(text: str) -> Cell:
    """A cell of 4 channels in training mode."""
    torch.manual_seed(0)
    return Cell(Tree.parse(text), 4, 4).train()


def test_each_image_loses_branches_of_its_own() -> None:
    """With two branches and p = 0.5, a quarter of the images lose both, half of them one."""
    network = cell("add( 3x3G, 3x3G )")
    outputs = []
    for branch in network.root.branches:
        branch.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    with DropPath(network) as paths:
        paths.draw(0.5, generator(1))
        summed = network(IMAGES)
    lost = (summed == 0).flatten(1).all(1).float().mean().item()
    assert 0.18 < lost < 0.32
    whole = sum(2 * output for output in outputs) / 2
    both = torch.isclose(summed, whole, rtol=1e-4, atol=1e-5).flatten(1).all(1).float().mean().item()
    assert 0.18 < both < 0.32


def test_the_expected_sum_stays() -> None:
    """What is kept is scaled by 1 / (1 - p)."""
    network = cell("add( 3x3G, 3x3G, 3x3G )")
    plain = network(IMAGES[:1].expand(4000, -1, -1, -1))[0]
    with DropPath(network) as paths:
        paths.draw(0.3, generator(2))
        dropped = network(IMAGES[:1].expand(4000, -1, -1, -1))
    assert torch.allclose(dropped.mean(0), plain, atol=0.1)


def test_only_sums_and_only_in_training() -> None:
    """A concatenation loses nothing, nor does evaluation; afterwards nothing is left of the hooks."""
    for text in ("concat( 3x3G, 3x3G )", "( 3x3G -> ( ds3 ) )"):
        network = cell(text)
        with DropPath(network) as paths:
            paths.draw(0.9, generator(3))
            assert not (network(IMAGES) == 0).flatten(1).all(1).any()
    network = cell("add( 3x3G, 3x3G )")
    before = network.eval()(IMAGES)
    with DropPath(network) as paths:
        paths.draw(0.9, generator(3))
        assert torch.equal(network(IMAGES), before)
    assert not any(module._forward_hooks for module in network.modules())


def test_nothing_to_drop() -> None:
    """A training without DropPath pays nothing for it: no hook is there."""
    network = cell("add( 3x3G, 3x3G )")
    with DropPath(network) as paths:
        paths.draw(0.0, generator(4))
        assert not any(module._forward_hooks for module in network.modules())
