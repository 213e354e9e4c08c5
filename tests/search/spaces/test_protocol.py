from collections.abc import Mapping
from typing import Literal

import pytest
from tests.search.spaces.samples import network_of

from nasflow.search.spaces import Asking, Question, Space
from nasflow.search.spaces.protocol import every_episode
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart
from nasflow.spec.tree import Tree

CELLS = [CellPart(tree=Tree.parse(f"( 3x3G -> ( {name} ) )")) for name in ("max3", "ds3", "avg3", "1x1")]


class Parity(Space):
    """Many ways to a few networks: what counts of two answers is their sum."""

    kind: Literal["parity"] = "parity"
    ways: int
    networks: int

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        return {"way": self.ways}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space; the first option of the second question is never legal."""
        one = yield Question("way", 1, (True,) * self.ways)
        other = yield Question("way", 2, (False,) + (True,) * (self.ways - 1))
        return start.with_parts(start.parts.put("stages.0.cell", CELLS[(one + other) % self.networks]))


def test_every_episode() -> None:
    """Every way to answer what is legal comes once, in order, with the network that it makes."""
    found = list(every_episode(Parity(ways=3, networks=2), network_of()))
    assert [decisions for decisions, _ in found] == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert len({network.name for _, network in found}) == 2


@pytest.mark.parametrize(
    ("ways", "networks", "most", "listed"),
    [
        # Several ways to each network do not hide one of the networks.
        (3, 2, 2, [(0, 1), (0, 2)]),
        (4, 3, 3, [(0, 1), (0, 2), (0, 3)]),
        (4, 3, 2, None),
        (3, 2, 1, None),
        # Ten ways a network are followed, not more.
        (4, 1, 1, None),
        (4, 1, 2, [(0, 1)]),
    ],
)
def test_listing(ways: int, networks: int, most: int, listed: list[tuple[int, ...]] | None) -> None:
    """The listing of a space that cannot count has the first way to each network, or there are too many."""
    assert Parity(ways=ways, networks=networks).listing(network_of(), most) == listed


def test_options() -> None:
    """The options of a question are the numbers of those that are legal."""
    assert Question("way", 1, (False, True, False, True)).options == [1, 3]
