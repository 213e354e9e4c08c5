import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.networks.layout import Channel, ChannelGroup, ChannelLayout, GroupMember, Side, is_regular

ONE, TWO = ChannelGroup("one", 2), ChannelGroup("two", 4, blocks=2)

READS = Side.READS


def members(group: ChannelGroup, *numbers: int) -> tuple[GroupMember | None, ...]:
    """Some of a group's."""
    return tuple(group.member(number) for number in numbers)


def layout(*sides: tuple[GroupMember | None, ...]) -> ChannelLayout:
    """Of layers that are called by their numbers and read these channels."""
    return ChannelLayout(
        {"one": ONE, "two": TWO}, {(str(number), READS): side for number, side in enumerate(sides)}
    )


def test_members_in_blocks() -> None:
    """The channels of a group in the order of their numbers: block after block."""
    assert members(TWO, 0, 1, 2, 3) == (("two", 0, 0), ("two", 0, 1), ("two", 1, 0), ("two", 1, 1))


def test_new_channels_stand_at_the_end_of_their_block() -> None:
    """In a concatenation what follows moves on; channels that are nobody's stay."""
    side = (None, *members(ONE, 0, 1), *members(TWO, 0, 1, 2, 3), None)
    found = layout(side).channels("0", READS, {"one": 3, "two": 6})
    assert [each.member for each in found] == [
        0,
        *(("one", 0, place) for place in range(3)),
        *(("two", block, place) for block in range(2) for place in range(3)),
        7,
    ]


def test_fewer() -> None:
    """The last of each block go."""
    found = layout(members(TWO, 0, 1, 2, 3)).channels("0", READS, {"two": 2})
    assert [each.member for each in found] == [("two", 0, 0), ("two", 1, 0)]


def test_an_image_that_was_made_flat() -> None:
    """A channel is as many inputs as it has pixels, which stay together."""
    found = layout(members(ONE, 0, 0, 0, 1, 1, 1)).channels("0", READS, {"one": 3})
    assert found == [
        Channel(GroupMember("one", 0, place), part=part) for place in range(3) for part in range(3)
    ]


def test_a_group_that_comes_twice() -> None:
    """Each time the channels are told apart by the run."""
    found = layout(members(ONE, 0, 1, 0, 1)).channels("0", READS, {"one": 3})
    assert found == [Channel(GroupMember("one", 0, place), run=run) for run in range(2) for place in range(3)]
    assert len(set(found)) == len(found)


def test_without_other_widths_a_side_is_as_it_was() -> None:
    """Its channels are as many, and each stands for the member that it is."""
    side = (*members(TWO, 0, 1, 2, 3), None, *members(ONE, 0, 0, 1, 1))
    found = layout(side).channels("0", READS, {})
    assert [None if isinstance(each.member, int) else each.member for each in found] == list(side)


@pytest.mark.parametrize(
    ("numbers", "regular"),
    [
        ((0, 1, 2, 3), True),
        ((0, 1, 2, 3, 0, 1, 2, 3), True),
        ((0, 0, 1, 1, 2, 2, 3, 3), True),
        ((1, 0, 2, 3), False),
        ((0, 2, 1, 3), False),
        ((0, 1), False),
        ((0, 1, 2), False),
        ((0, 0, 1, 2, 3), False),
    ],
)
def test_what_has_room_for_more(numbers: tuple[int, ...], regular: bool) -> None:
    """Whole blocks in order, whatever stands between them; a shuffle has no end of a block."""
    assert is_regular(members(TWO, *numbers), TWO) == regular
    apart = (*members(TWO, *numbers), None, *members(ONE, 0, 1))
    assert is_regular(apart, TWO) == regular


def test_an_unknown_group() -> None:
    """Is refused with those that there are."""
    with pytest.raises(InvalidSpec, match="there is no place 'three' for a width: known are one, two"):
        layout().group("three")
