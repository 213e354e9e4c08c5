import pytest
from tests.networks import strangers
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks.groups import find_layout
from nasflow.networks.layout import Side


def groups(network: nn.Module) -> dict[str, tuple[int, int]]:
    """Channels and blocks by name, of a network that reads images of 3 channels, 16 x 16."""
    return {each.name: (each.channels, each.blocks) for each in find_layout(network, 3, 16).groups.values()}


def test_through_sums_and_depthwise_convolutions() -> None:
    """What is added has one width; a convolution in groups reads and writes in blocks."""
    assert groups(strangers.PostActivation()) == {"stem.0": (8, 2), "grouped": (12, 2)}


def test_who_reads_and_writes() -> None:
    """The sides of a layer that a group passes; a depthwise convolution and BatchNorm write alone."""
    sides = find_layout(strangers.PostActivation(), 3, 16).sides
    of = {key: {each.group for each in members if each} for key, members in sides.items()}
    assert of["grouped", Side.READS] == of["stem.1", Side.WRITES] == {"stem.0"}
    assert (
        of["depthwise", Side.WRITES]
        == of["dilated", Side.READS]
        == of["classifier", Side.READS]
        == {"grouped"}
    )
    assert ("classifier", Side.WRITES) not in sides
    assert ("stem.0", Side.READS) not in sides


def test_a_flat_image() -> None:
    """A linear layer reads every pixel of a channel."""
    ends = nn.Linear(4 * 14 * 14, 5), nn.ReLU(), nn.Linear(5, 10)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), *ends)
    assert groups(network) == {"0": (4, 1), "2": (5, 1)}
    assert len(find_layout(network, 3, 16).sides["2", Side.READS]) == 4 * 14 * 14


def test_what_other_layers_share_in_is_left_out() -> None:
    """GroupNorm mixes channels: another width would change what they come to."""
    assert groups(strangers.Masked()) == {}


class Unfollowed(nn.Module):
    """Whose code does not run."""

    def forward(self, images: object) -> object:
        """Fails."""
        raise RuntimeError("not\ntoday")


def test_what_cannot_be_followed() -> None:
    """One line says what went wrong."""
    with pytest.raises(InvalidSpec, match=r"cannot be followed \(RuntimeError: not today\)"):
        find_layout(Unfollowed(), 3, 16)


def test_what_grows_without_an_end_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that comes to more channels on one side of a layer than any network has is none; others are."""
    monkeypatch.setattr("nasflow.networks.groups._MOST_CHANNELS", 700)
    ends = nn.Linear(4 * 14 * 14, 5), nn.ReLU(), nn.Linear(5, 10)
    assert groups(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), *ends)) == {"2": (5, 1)}
