from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig


def test_golden_digest(search: dict[str, Any]) -> None:
    """The digest of a configuration must not change from version to version."""
    config = SearchConfig.from_data(search, "here")
    assert config.digest() == "d5d8b4a26528523a997ec66a094f4bc5558665bcf734f6d9ff01765864c5fa87"


def test_round_trip(search: dict[str, Any]) -> None:
    """A configuration is read back as it was, with every default written out."""
    config = SearchConfig.from_data(search, "here")
    assert SearchConfig.from_json(config.to_bytes(), "there") == config
    assert '"entropy_weight":0.01' in config.canonical_json()


def test_identity(search: dict[str, Any]) -> None:
    """A search stays the same with another budget or another data folder, and with nothing else."""
    config = SearchConfig.from_data(search, "here")
    same = search | {"budget": {"gpu_hours": 3.0}, "data": search["data"] | {"path": None}}
    assert SearchConfig.from_data(same, "here").identity() == config.identity()
    others: list[dict[str, Any]] = [
        {"seed": 1},
        {"name": "other"},
        {"data": search["data"] | {"held_out": 301}},
        {"controller": {"kind": "random"}},
        {"space": {"max_depth": 2}},
        {"child": {"epochs": 1}},
        {"start_cell": "( 3x3G -> ( identity ) )"},
    ]
    identities = {SearchConfig.from_data(search | other, "here").identity() for other in others}
    assert len(identities | {config.identity()}) == len(others) + 1


def test_start_cell_in_order(search: dict[str, Any]) -> None:
    """A start cell is held in canonical order, so that two ways to write it are one search."""
    one = SearchConfig.from_data(search | {"start_cell": "add( 3x3G -> ( max3 ), 3x3G )"}, "here")
    other = SearchConfig.from_data(search | {"start_cell": "add( 3x3G, 3x3G -> ( max3 ) )"}, "here")
    assert one == other


@pytest.mark.parametrize("where", ["host", "finish"])
def test_start_cell_must_fit(search: dict[str, Any], where: str) -> None:
    """A start cell that does not fit the search's host or the final one is refused at once."""
    search["start_cell"] = "concat( 3x3G, 3x3G )"
    small = {"growth": 1, "blocks": 1}
    search[where] = small if where == "host" else search["finish"] | {"host": small}
    with pytest.raises(InvalidSpec, match="node root: 1 channels cannot be shared by 2 branches"):
        SearchConfig.from_data(search, "here")


@pytest.mark.parametrize(
    ("share", "count", "children"),
    [(0.0, 10, 0), (0.2, 10, 2), (1.0, 10, 10), (0.2, 5, 1), (0.2, 2, 1), (0.2, 1, 0)],
)
def test_random_children(search: dict[str, Any], share: float, count: int, children: int) -> None:
    """The random arm gets its share of each round, and one child where there is a choice."""
    config = SearchConfig.from_data(search | {"random_share": share}, "here")
    assert config.random_children(count) == children


def test_an_evolution_that_would_not_begin(search: dict[str, Any]) -> None:
    """A budget below the population would be random search by another name: it is refused."""
    evolution = {"controller": {"kind": "evolution"}, "budget": {"children": 40}}
    with pytest.raises(InvalidSpec, match=r"a population of 50 .* gives the controller 32"):
        SearchConfig.from_data(search | evolution, "here")
    enough = {"controller": {"kind": "evolution", "population": 20}, "budget": {"children": 40}}
    assert SearchConfig.from_data(search | enough, "here")


@pytest.mark.parametrize("number", [10**400, 10**10])
def test_absurd_sizes(search: dict[str, Any], number: int) -> None:
    """Numbers that no network can have are refused before anybody counts with them."""
    pyramid = {"kind": "pyramidnet", "widening": number, "blocks": 1}
    for host in ({"growth": 8, "blocks": number}, pyramid):
        with pytest.raises(InvalidSpec, match="host"):
            SearchConfig.from_data(search | {"host": host}, "here")
