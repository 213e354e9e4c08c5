"""nasflow from Python: what docs/python.md shows runs, and is what the command line tells."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.calling import call
from tests.steps.samples import TINY, config, finished_once

from nasflow import api
from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.report.drawing import draw_cell
from nasflow.report.page import render

PAGE = Path(__file__).parents[1] / "docs/python.md"


def test_every_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(snippets) == PAGE.read_text().count("```") / 2
    names: dict[str, object] = {}
    for snippet in snippets:
        exec(compile(snippet, str(PAGE), "exec"), names)
    assert call("list", "--store", tmp_path / "nasflow-store").out.startswith("small")


def test_the_import_is_quick() -> None:
    """Neither the package nor its API loads torch, or anything else that takes seconds."""
    program = "import sys, nasflow, nasflow.api; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert not {"torch", "numpy", "pydantic", "mlflow", "boto3", "scipy"} & set(loaded.split())


@pytest.mark.parametrize("lanes", [0, -3, "2"])
def test_lanes_that_cannot_be(lanes: Any, tmp_path: Path) -> None:
    """None would train nothing for ever."""
    with pytest.raises(InvalidSpec, match="1 at least"):
        api.search(TINY, tmp_path / "store", lanes)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("asked", [None, b"search.yaml", 3])
def test_what_is_no_configuration(asked: Any, tmp_path: Path) -> None:
    """One line says what is wanted."""
    with pytest.raises(InvalidSpec, match="a mapping or a SearchConfig is wanted"):
        api.search(asked, tmp_path / "store")


def test_a_store_is_a_mapping() -> None:
    """Of names to searches; what is not there is a KeyError, and a store that is not there is said."""
    searches = api.open(finished_once())
    assert list(searches) == ["tiny"]
    assert len(searches) == 1
    assert "tiny" in searches
    assert "other" not in searches
    assert "tiny" in repr(searches)
    assert searches.get("other") is None
    with pytest.raises(KeyError) as caught:
        searches["other"]
    assert isinstance(caught.value, NotFound)
    assert str(caught.value).startswith("no search 'other' in ")
    assert str(caught.value).endswith(": there are tiny")
    with pytest.raises(NotFound):
        api.open("no-such-folder")


def test_a_search_is_what_the_commands_tell() -> None:
    """Its cell, its figures and its page; in a notebook it draws itself."""
    store = finished_once()
    found = api.open(store)["tiny"]
    shown = call("show", "tiny", "--store", store, "--json").json
    assert found.summary == shown
    assert str(found.cell) == shown["best"]["cell"]
    assert found.report() == render(found.ledger)
    assert found.cell._repr_svg_() == draw_cell(found.cell)
    assert found._repr_html_() == found.ledger._repr_html_()
    assert found._repr_html_().startswith("<iframe srcdoc=")


def test_a_search_that_finds_no_cell(tmp_path: Path) -> None:
    """Says so, instead of giving the one that stands everywhere where nothing is changed."""
    written = {"kind": "written", "layers": 2, "filters": 4}
    chain = {"space": {"kind": "chain"}, "host": written, "parents": "none", "budget": {"children": 1}}
    found = api.search(config(**chain, finish={"host": written, "recipe": {"epochs": 1}}), tmp_path / "store")
    with pytest.raises(NotFound, match=r"finds no cell: `ledger\.chosen\.parts`"):
        _ = found.cell


def test_a_search_goes_on(tmp_path: Path) -> None:
    """From a file, from a mapping, from a configuration: the same search, which is trained once."""
    file, records = tmp_path / "search.yaml", list[object]()
    file.write_text(str(TINY))
    first = api.search(file, store=tmp_path / "store", told=records.append)
    assert first.ledger.finish
    trained = len(records)
    assert trained >= 5
    for again in (TINY, config(), str(file)):
        assert api.search(again, tmp_path / "store", told=records.append).ledger == first.ledger
    assert len(records) == trained


def test_a_network_is_the_one_that_was_tested() -> None:
    """In evaluation mode, with as many parameters as its record has."""
    found = api.open(finished_once())["tiny"]
    network, final = found.network(), found.ledger.final
    assert final
    assert not network.training
    assert sum(each.numel() for each in network.parameters()) == final.parameters
