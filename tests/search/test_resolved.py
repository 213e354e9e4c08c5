from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.search.samples import asked, resolved

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.file import SearchFile
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.spec.hosts import Adopted, DenseNet
from nasflow.spec.parts import Parts
from nasflow.spec.tree import Tree

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BROUGHT = {
    "host": None,
    "start": {"network": "torchvision:resnet18", "cells": "layer4.*", "recipe": {"epochs": 1}},
}


def read(path: Path) -> SearchConfig:
    """The search of a file."""
    return SearchFile.from_data(yaml.safe_load(path.read_text()), path.name).config()


def brought(config: SearchConfig, digest: str = "d" * 64, **known: Any) -> ResolvedConfig:
    """A search whose start network has been read."""
    host = Adopted(network="torchvision:resnet18", cells="layer4.*")
    start = BroughtStart.model_validate(config.start.model_dump() | {"digest": digest})
    return ResolvedConfig.of(config, start, **({"host": host} | known))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """Every example is a search, and what is asked of a resolved one is what was asked for."""
    config = read(path)
    if config.host is None:
        assert brought(config).asked() == config
    else:
        assert ResolvedConfig.of(config).asked() == config


def test_what_is_asked_again() -> None:
    """A search with every kind of setting comes back as it was written."""
    config = asked(
        start_cell="add( 3x3G, 3x3G -> ( ds3 ) )",
        controller={"kind": "evolution", "population": 4, "tournament": 2},
        space={"max_depth": 2},
        parents="found",
        objective={
            "maximise": "held_out_accuracy",
            "trade": {"parameters": {"target": "3M", "weight": 0.07}},
        },
        limits={"latency": "4ms"},
        measures=["latency_64"],
    )
    known = ResolvedConfig.of(config)
    assert known.asked() == config
    assert ResolvedConfig.from_json(known.to_bytes(), "store") == known
    assert known.start_parts == Parts(cell=config.start_cell)
    assert known.hosts == (DenseNet(growth=12, blocks=1),) * 2


@pytest.mark.parametrize("last", [{}, {"host": {"growth": 24, "blocks": 1}}])
def test_a_start_that_was_brought(last: dict[str, Any]) -> None:
    """Its host comes with it, for the finish too where none is named; what is asked for names neither."""
    config = asked(**BROUGHT, finish={"recipe": {"epochs": 1}, **last})
    known = brought(config, start_parts=Parts(cell=Tree.parse("( 3x3G -> ( max3 ) )")))
    assert known.asked() == config
    assert isinstance(known.finish.host, DenseNet if last else Adopted)
    assert ResolvedConfig.from_json(known.to_bytes(), "store") == known


def test_identity() -> None:
    """A search stays the same with another budget or another data folder, and with nothing else."""
    data = asked().data.model_dump(mode="json")
    same = resolved(budget={"gpu_hours": 3.0}, data=data | {"path": None})
    assert same.identity() == resolved().identity()
    others: list[dict[str, Any]] = [
        {"seed": 1},
        {"name": "other"},
        {"data": data | {"held_out": 301}},
        {"controller": {"kind": "random"}},
        {"space": {"max_depth": 2}},
        {"child": {"epochs": 1}},
        {"start_cell": "( 3x3G -> ( identity ) )"},
        {"objective": "held_out_loss"},
        {"limits": {"parameters": "3M"}},
        {"measures": ["latency"]},
        {"parents": "found"},
    ]
    identities = {resolved(**other).identity() for other in others}
    assert len(identities | {resolved().identity()}) == len(others) + 1


def test_identity_of_what_was_brought() -> None:
    """Where the weights came from may change, the weights may not: their digest says which network it is."""
    config = asked(**BROUGHT, finish={"recipe": {"epochs": 1}})
    start = (
        BROUGHT["start"] | {"weights": "elsewhere.safetensors"} if isinstance(BROUGHT["start"], dict) else {}
    )
    moved = asked(**(BROUGHT | {"start": start}), finish={"recipe": {"epochs": 1}})
    assert brought(moved).identity() == brought(config).identity()
    assert brought(config, "e" * 64).identity() != brought(config).identity()


def test_a_search_of_an_older_version() -> None:
    """What the store kept of an older search is what its configuration is resolved to now."""
    store = ROOT / "tests/golden/store/searches/old/config.json"
    old = ResolvedConfig.from_json(store.read_bytes(), "store")
    asked = yaml.safe_load((ROOT / "tests/golden/search.yaml").read_text())
    # It compared with the start network alone, judged by accuracy, and showed the held-out images after
    # every epoch.
    asked["objective"] = "held_out_accuracy"
    asked["finish"]["controls"] = ["start"]
    for recipe in (asked["start"], asked["child"], asked["finish"]["recipe"]):
        recipe["curve"] = True
    config = SearchConfig.from_data(asked, "here")
    assert old.model_dump(exclude={"first_identity"}) == ResolvedConfig.of(config).model_dump()
    assert old.asked() == config


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"host": None}, "host: a mapping with a `kind` is wanted"),
        ({"finish": {"recipe": {}}}, "finish.host: Field required"),
        ({"start": {"network": "torchvision:resnet18"}}, "start.digest: Field required"),
        (
            {"start_parts": "concat( 3x3G, 3x3G, 3x3G )", "host": {"growth": 2, "blocks": 1}},
            "the cell does not fit",
        ),
        ({"schema_version": 4}, "has schema version 4, and this nasflow reads 1 to 3: upgrade nasflow"),
    ],
)
def test_what_is_left_open(change: dict[str, Any], reason: str) -> None:
    """A resolved search that leaves something open, or that no network fits, is none."""
    with pytest.raises(InvalidSpec) as raised:
        ResolvedConfig.from_data(resolved().model_dump(mode="json") | change, "here")
    assert str(raised.value).startswith(f"here: {reason}")
