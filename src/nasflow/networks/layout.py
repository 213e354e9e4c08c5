"""Which channels hang together, and in what order a layer has them once there are more or fewer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from nasflow.base.errors import InvalidSpec


class Side(StrEnum):
    """Of a layer."""

    READS = "reads"
    WRITES = "writes"


class GroupMember(NamedTuple):
    """One channel of a group: the one at `place` in its `block`."""

    group: str
    block: int
    place: int


@dataclass(frozen=True)
class ChannelGroup:
    """Channels of which there are as many in every layer that they pass."""

    name: str
    """Of the first layer that writes them."""
    channels: int
    blocks: int = 1
    """What their number is a multiple of: convolutions in groups read or write them."""

    def member(self, number: int) -> GroupMember:
        """The channel of this number, in the order of the layer that gives the name."""
        return GroupMember(self.name, *divmod(number, self.channels // self.blocks))


class Channel(NamedTuple):
    """What one channel on a side of a layer is."""

    member: GroupMember | int
    """An integer, that on this side, for one that always stays."""
    run: int = 0
    """How often the group has begun again on this side before."""
    part: int = 0
    """Of several channels of the member next to each other: an image that was made flat has one a pixel."""


Members = tuple[GroupMember | None, ...]
"""What the channels on one side of a layer are; None: one that always stays."""


@dataclass(frozen=True)
class ChannelLayout:
    """A network's groups, and what the channels of its layers are."""

    groups: Mapping[str, ChannelGroup]
    sides: Mapping[tuple[str, Side], Members]
    """By layer; what is missing stays as it is. A layer that reads what it writes (BatchNorm, a depthwise
    convolution) has the side that it writes alone."""

    def group(self, name: str) -> ChannelGroup:
        """The group of this name; raise InvalidSpec if there is none."""
        if name not in self.groups:
            known = ", ".join(self.groups) or "none"
            raise InvalidSpec(f"there is no place {name!r} for a width: known are {known}")
        return self.groups[name]

    def channels(self, layer: str, side: Side, widths: Mapping[str, int]) -> list[Channel]:
        """A side's channels where groups have other widths; what is new in a block stands at its end."""
        runs = list(_runs(self.sides[layer, side]))
        begun = dict.fromkeys((member.group for member, *_ in runs if member), -1)
        found: list[Channel] = []
        for member, first, count in runs:
            if member is None:
                found += (Channel(number) for number in range(first, first + count))
                continue
            group = self.groups[member.group]
            size = group.channels // group.blocks
            begun[member.group] += member.block == 0
            width = widths.get(member.group, group.channels) // group.blocks
            found += (
                Channel(GroupMember(member.group, member.block, place), begun[member.group], part)
                for place in range(width)
                for part in range(count // size)
            )
        return found


def _runs(members: Members) -> Iterator[tuple[GroupMember | None, int, int]]:
    """Whole blocks, or channels that stay: the first of them, its number, and how many they are."""
    first = 0
    for number in range(1, len(members) + 1):
        if number == len(members) or not _goes_on(members[number - 1], members[number]):
            yield members[first], first, number - first
            first = number


def _goes_on(before: GroupMember | None, member: GroupMember | None) -> bool:
    if before is None or member is None:
        return before is member
    return before[:2] == member[:2] and before.place <= member.place


def is_regular(members: Members, group: ChannelGroup) -> bool:
    """Whether the group's channels stand in whole blocks on this side, from the first block to the last, each
    member in as many places: then more or fewer have an order.
    """
    size, expected = group.channels // group.blocks, 0
    for member, first, count in _runs(members):
        if member is None or member.group != group.name:
            continue
        wanted = [
            GroupMember(group.name, expected, place) for place in range(size) for _ in range(count // size)
        ]
        if count % size or list(members[first : first + count]) != wanted:
            return False
        expected = (expected + 1) % group.blocks
    return expected == 0
