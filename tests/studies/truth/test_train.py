from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import TINY, config, ledger_of, open_archive, run_search
from tests.test_generality import SEARCH as WIDTHS

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.finalists import full_size
from nasflow.spec.tree import START_CELL
from nasflow.steps.begin import begin
from nasflow.steps.keys import record_key
from nasflow.studies.truth import Truth, TruthTable

CURVES: dict[str, Any] = {
    "start": TINY["start"] | {"curve": True},
    "child": TINY["child"] | {"curve": True},
    "finish": TINY["finish"] | {"recipe": TINY["finish"]["recipe"] | {"curve": True}},
}
"""Trainings that show the held-out images after every epoch."""

SMALL: dict[str, Any] = CURVES | {
    "space": {"max_depth": 1, "operations": ["identity"], "add_branches": [2], "concat_branches": [2]}
}
"""Three cells: the host as it is, a sum of two of it, and two halves of it."""


def truth(store: Path, known: TruthTable | None = None, seeds: int = 2) -> Truth:
    """Of the small space."""
    archive = open_archive(store)
    return Truth(archive, begin(archive, config(**SMALL)), seeds, known)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With all cells trained."""
    folder = tmp_path_factory.mktemp("truth") / "store"
    assert list(truth(folder).train(lanes=1)) == [9]
    return folder


def test_every_cell_is_told(store: Path) -> None:
    """Each cell of the space stands in the table once, with its curves, inherited and of each seed."""
    table = truth(store).table()
    assert len(table.cells) == len(table.complete) == 3
    assert START_CELL in {cell.cell for cell in table.cells}
    assert table.asked == config(**SMALL)
    for cell in table.cells:
        first, second = cell.scratch
        assert first != second
        assert first
        assert cell.inherited
        assert [len(curve.held_out_loss) for curve in (first, cell.inherited)] == [1, 1]
    assert len({cell.mult_adds for cell in table.cells}) > 1


def test_curves_are_the_records(store: Path) -> None:
    """From scratch it is what the search's finish would train, of the same id."""
    ledger, archive = ledger_of(store), open_archive(store)
    for cell in truth(store).table().cells:
        spec = full_size(
            ledger, ledger.start_spec.network.with_parts(ledger.config.start_parts.with_cell(cell.cell)).parts
        )
        assert archive.store.exists(record_key(spec.id))


def test_a_search_finds_them_in_the_bank(store: Path, tmp_path: Path) -> None:
    """An inherited cell is a child as a search of the space proposes it."""
    run_search(store, config(**SMALL, budget={"children": 2}))
    ledger = ledger_of(store)
    assert all(each.proposal.banked == each.proposal.children for each in ledger.rounds)
    assert ledger.children


def test_it_goes_on(store: Path, tmp_path: Path) -> None:
    """What is in the store, or in a table that was kept from another machine, is not trained again."""
    table = truth(store).table()
    assert truth(store).table() == table
    elsewhere = truth(tmp_path / "elsewhere", table)
    assert list(elsewhere.train(lanes=1)) == [9]
    assert len(list((tmp_path / "elsewhere/children").iterdir())) == 1
    assert elsewhere.table().cells == table.cells


def test_what_is_missing_is_none(store: Path, tmp_path: Path) -> None:
    """A cell that is not trained has no curves, and is trained later."""
    table = truth(store).table()
    first, *others = table.cells
    part = table.model_copy(update={"cells": (first.model_copy(update={"inherited": None}), *others)})
    assert len(part.complete) == 2
    again = truth(tmp_path / "again", part)
    list(again.train(lanes=1))
    assert len(again.table().complete) == 3


def test_a_sample(tmp_path: Path) -> None:
    """Of a space that is too dear to be trained whole, the first cells as they were drawn."""
    archive = open_archive(tmp_path / "store")
    some = Truth(archive, begin(archive, config(**SMALL)), 1, most=2)
    assert list(some.train(lanes=1)) == [len(some)] == [4]
    table = some.table()
    assert table.complete == table.cells[:2]
    assert len(table.cells) == 3


def test_another_table(store: Path) -> None:
    """A table of another question is not gone on with."""
    with pytest.raises(InvalidSpec, match="another configuration or other seeds"):
        truth(store, truth(store).table(), seeds=1)


def test_a_space_that_is_too_large(tmp_path: Path) -> None:
    """Nobody can train every cell of the paper's space."""
    archive = open_archive(tmp_path / "store")
    search = begin(archive, config(**CURVES, space={}))
    with pytest.raises(InvalidSpec, match="more than 10000 cells: make it smaller"):
        Truth(archive, search, 1)


def test_a_space_without_cells(plugins: Path, tmp_path: Path) -> None:
    """A table holds cells: what a space changes elsewhere would be lost in it."""
    archive = open_archive(tmp_path / "store")
    search = begin(archive, SearchConfig.model_validate(WIDTHS))
    with pytest.raises(InvalidSpec, match="a table holds cells, and the space widths makes something else"):
        Truth(archive, search, 1)


def test_nothing_is_trained_yet(tmp_path: Path) -> None:
    """Without a start network there is nothing to tell."""
    with pytest.raises(InvalidSpec, match="the start network is not trained"):
        truth(tmp_path / "store").table()


def test_trainings_without_curves(tmp_path: Path) -> None:
    """A table that would hold no held-out figures is refused before anything is trained."""
    archive = open_archive(tmp_path)
    with pytest.raises(InvalidSpec, match="curve: true is wanted"):
        Truth(archive, begin(archive, config(**SMALL | {"child": TINY["child"]})), 1)
