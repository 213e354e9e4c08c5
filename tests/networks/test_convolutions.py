import pytest
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torchvision import models

from nasflow.base.errors import InvalidSpec
from nasflow.networks.convolutions import Coverage, check_cells, convolutions, coverage
from nasflow.spec.hosts import Adopted


def host(cells: str | None = None) -> Adopted:
    """Somebody's network with cells by this pattern."""
    return Adopted(network="torchvision:resnet18", cells=cells)


@pytest.mark.parametrize(
    ("name", "some", "count"),
    [
        ("resnet18", "layer1.0.conv1", 16),
        ("mobilenet_v2", "features.1.conv.1", 34),
        ("efficientnet_b0", "features.1.0.block.2.0", 32),
        ("convnext_tiny", "features.2.1", 3),
        ("swin_t", None, 0),
    ],
)
def test_which_become_cells(name: str, some: str | None, count: int) -> None:
    """Without a pattern: 3x3, or what else mixes channels; no squeeze-and-excitation, no first patches."""
    network = models.get_model(name, weights=None, num_classes=2)
    found = [each for each, _ in convolutions(network, None)]
    assert len(found) == count
    assert some is None or some in found


def test_no_cell_by_itself() -> None:
    """Where no convolution is taken without a pattern, the pattern that takes all is named."""
    with pytest.raises(InvalidSpec, match=r'becomes a cell by itself: `cells: "\*"` takes all: 0, 1$'):
        check_cells(nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 3, groups=4)), host())


class Padded(nn.Conv2d):
    """Knows its padding by itself, and computes as ever."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)


class Doubled(nn.Conv2d):
    """Does more than a convolution."""

    def forward(self, input: Tensor) -> Tensor:
        """Twice as much."""
        return 2 * super().forward(input)


class Scaled(nn.Conv2d):
    """Has a parameter of its own."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel)
        self.scale = nn.Parameter(self.weight.new_ones(()))


def test_convolutions_of_their_own_kind() -> None:
    """A subclass that computes as nn.Conv2d does becomes a cell; one that may not does not, which is said."""
    normed = weight_norm(nn.Conv2d(4, 4, 3))
    network = nn.Sequential(Padded(3, 4, 3), Doubled(4, 4, 3), Scaled(4, 4, 3), normed)
    assert [name for name, _ in convolutions(network, "*")] == ["0"]
    said = r"in a way of their own, or have hooks: a cell would lose .*: 1, 2, 3$"
    with pytest.raises(InvalidSpec, match=said):
        check_cells(network[1:], host(cells="*"))


def test_how_much_of_a_network() -> None:
    """Cells, convolutions, and the share of the weights that the cells have."""
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 1), nn.Conv2d(8, 2, 1))
    assert coverage(network, host(cells="1")) == Coverage(1, 3, 32 / (36 + 32 + 16))
    assert coverage(network, host(cells="nobody")).share == 0
    assert coverage(nn.Sequential(nn.Flatten()), host()) == Coverage(0, 0, 0)
