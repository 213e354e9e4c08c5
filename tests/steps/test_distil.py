"""Networks that learn from others of their search."""

from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import TINY, config, ledger_of, open_archive, run_search, trained

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.controls import Control
from nasflow.spec.child import ChildSpec
from nasflow.steps.keys import spec_key


def search(child: dict[str, Any] | None, finish: dict[str, Any] | None, **changes: Any) -> SearchConfig:
    """The tiny search with teachers."""
    recipes = {"child": TINY["child"] | {"distil": child}}
    last = TINY["finish"] | {"recipe": TINY["finish"]["recipe"] | {"distil": finish}}
    return config(**recipes, finish=last, **changes)


@pytest.mark.long
def test_children_and_finalists(tmp_path: Path) -> None:
    """Children learn from their parents, the networks at full size from the best children together."""
    run_search(tmp_path, search({"teacher": "parent"}, {"teacher": "best", "best": 2}))
    ledger, archive = ledger_of(tmp_path), open_archive(tmp_path)
    for child in ledger.episodes:
        spec = archive.read(spec_key(child), ChildSpec)
        assert spec.teachers == (spec.parent,)
    ranked = dict.fromkeys(each.child for each in ledger.config.judge.ranked(ledger.children))
    assert ledger.finish
    for final in ledger.finals:
        assert final.spec.teachers == tuple(ranked)[:2]
    assert {each.finalist.control for each in ledger.finals} == {None, Control.START}
    plain = tmp_path / "plain"
    run_search(plain, config())
    assert trained(ledger_of(plain).start) == trained(ledger.start)
    assert ledger_of(plain).children != ledger.children


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"start": TINY["start"] | {"distil": {}}}, "start.distil.teacher: nobody is trained before it"),
        (
            {"child": {"epochs": 1, "distil": {"teacher": "best"}}},
            "child.distil.teacher: it can learn",
        ),
        (
            {"finish": TINY["finish"] | {"recipe": {"epochs": 1, "distil": {"teacher": "parent"}}}},
            "finish.recipe.distil.teacher: it can learn from start or best",
        ),
        ({"child": {"epochs": 1, "distil": {"weight": 0}}}, "child.distil.weight"),
    ],
)
def test_teachers_that_cannot_be(given: dict[str, Any], reason: str) -> None:
    """One line says who can teach."""
    with pytest.raises(InvalidSpec, match=reason):
        SearchConfig.from_data(TINY | given, "here")
