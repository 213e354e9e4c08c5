import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import trees

from nasflow.base.errors import InvalidSpec
from nasflow.spec.channels import check_channels, shares
from nasflow.spec.tree import Tree

FAST = settings(max_examples=40, deadline=None)


@FAST
@given(parts=st.integers(1, 8), units=st.integers(1, 60), unit=st.integers(1, 8))
def test_shares(parts: int, units: int, unit: int) -> None:
    """Shares use up all channels, are whole units, differ by one unit at most, the wider ones first."""
    channels = units * unit
    if units < parts:
        with pytest.raises(InvalidSpec, match=f"{channels} channels cannot be shared by {parts}"):
            shares(channels, parts, unit)
        return
    widths = shares(channels, parts, unit)
    assert len(widths) == parts
    assert sum(widths) == channels
    assert all(width % unit == 0 for width in widths)
    assert 0 <= widths[0] - widths[-1] <= unit
    assert list(widths) == sorted(widths, reverse=True)


def test_channels_that_are_no_units() -> None:
    """A width that is no multiple of the unit cannot be shared."""
    with pytest.raises(InvalidSpec, match="in units of 2"):
        shares(7, 2, 2)


@FAST
@given(tree=trees(channels=12, groups=2))
def test_check_channels(tree: Tree) -> None:
    """A cell that fits 12 channels in 2 groups fits 24 in 2 as well."""
    check_channels(tree, 12, 2)
    check_channels(tree, 24, 2)


@pytest.mark.parametrize(
    ("text", "channels", "groups", "place"),
    [
        ("concat( 3x3G, 3x3G )", 2, 2, "root"),
        ("concat( 3x3G, 3x3G -> concat( max3, max3 ) )", 4, 2, None),
        ("concat( 3x3G, 3x3G -> concat( max3, max3 ) )", 3, 1, "1"),
        ("( 3x3G -> cut( ds3, ds3, ds3 ) )", 2, 1, "0"),
        ("( 3x3G -> cut( ds3, ds3 -> concat( max3, max3 ) ) )", 3, 1, "0.1"),
        ("( 3x3G -> add( ds3, ds3, ds3 ) )", 1, 1, None),
    ],
)
def test_the_node_that_does_not_fit(text: str, channels: int, groups: int, place: str | None) -> None:
    """The refusal names the node; below the root groups do not matter."""
    if place is None:
        check_channels(Tree.parse(text), channels, groups)
    else:
        with pytest.raises(InvalidSpec, match=f"node {place}: "):
            check_channels(Tree.parse(text), channels, groups)
