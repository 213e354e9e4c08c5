import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.cli.calling import call
from tests.steps.samples import open_archive

from nasflow.base.document import Document
from nasflow.cli.door import GROUPS
from nasflow.cli.groups import HEADINGS
from nasflow.search.schemas import DOCUMENTS
from nasflow.spec.cells import NAMED_CELLS
from nasflow.spec.tree import Tree

STATUS = {"tiny": "finished", "new": "unfinished", "failed": "failed"}


def test_list(three: Path) -> None:
    """Searches in every state are listed, a line each."""
    said = call("list", "--store", three)
    assert said.code == 0
    assert said.err == ""
    assert {line.split()[0]: line.split()[1] for line in said.out.splitlines()} == STATUS


def test_list_json(three: Path) -> None:
    """The list as JSON tells other programs the same, and nothing else is printed."""
    said = call("list", "--store", three, "--json")
    assert {row["search"]: row["status"] for row in said.json} == STATUS
    assert {row["search"]: row["failed"] for row in said.json} == {"tiny": 0, "new": 0, "failed": 2}


def test_list_of_an_empty_store(tmp_path: Path) -> None:
    """A folder in which nothing is holds no searches, and looking writes nothing."""
    assert call("list", "--store", tmp_path, "--json").json == []
    assert "no searches in" in call("list", "--store", tmp_path).err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("search", STATUS)
def test_show(search: str, three: Path) -> None:
    """A search in any state is shown, for people and as JSON with its whole ledger."""
    said = call("show", search, "--store", three)
    assert said.code == 0
    assert said.err == ""
    assert f"{search}: {STATUS[search]}" in said.out
    further = f"budget: children: 4 of 4; `nasflow resume tiny --children 8 --store {three}` goes on\n"
    assert (further in said.out) == (search == "tiny")
    shown = call("show", search, "--store", three, "--json").json
    assert shown["status"] == STATUS[search]
    assert shown["ledger"]["config"]["name"] == search
    assert len(shown["ledger_digest"]) == 64
    assert (shown["best"] is None) == (search != "tiny")


@pytest.mark.parametrize("search", STATUS)
def test_report(search: str, three: Path, tmp_path: Path) -> None:
    """A search in any state has a page, in the file that is asked for or in the store."""
    held = open_archive(three).store.list("")
    said = call("report", search, "--store", three, "--output", tmp_path / "page.html")
    assert said.code == 0
    assert said.out.strip() == str(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!")
    assert open_archive(three).store.list("") == held
    assert call("report", search, "--store", three).out.strip().endswith(f"searches/{search}/report.html")
    assert page == (three / "searches" / search / "report.html").read_text()


@pytest.mark.parametrize("name", NAMED_CELLS)
def test_cell(name: str, tmp_path: Path) -> None:
    """A named cell is described, given as JSON that is read back, and drawn as an SVG."""
    said = call("cell", name)
    assert said.code == 0
    assert said.out.startswith(f"{NAMED_CELLS[name]}\n")
    assert Tree.from_json(call("cell", name, "--json").out, "cell") == NAMED_CELLS[name]
    drawn = call("cell", name, "--svg", tmp_path / "cell.svg")
    assert drawn.out == drawn.err == ""
    assert ElementTree.parse(tmp_path / "cell.svg").getroot().tag.endswith("svg")


def test_cell_by_its_text() -> None:
    """A cell in its text form, which `nasflow cell` prints, is taken as well as a name."""
    text = str(NAMED_CELLS["TreeCell-A"])
    assert call("cell", text).out == call("cell", "TreeCell-A").out


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema(name: str) -> None:
    """Every document has a JSON Schema that names its required fields and refuses unknown ones."""
    schema: dict[str, Any] = call("schema", name).json
    kind: type[Document] = DOCUMENTS[name]
    assert set(schema["properties"]) == set(kind.model_fields)
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", [])) == {
        field for field, info in kind.model_fields.items() if info.is_required()
    }
    assert_references(schema, schema.get("$defs", {}))


def assert_references(schema: Any, definitions: dict[str, Any]) -> None:
    """Every `$ref` leads to a definition, and every `type` is one of JSON's."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            assert schema["$ref"].removeprefix("#/$defs/") in definitions
        if isinstance(schema.get("type"), str):
            assert schema["type"] in {"object", "array", "string", "number", "integer", "boolean", "null"}
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            assert_references(each, definitions)


def test_all_schemas() -> None:
    """Without a name, the schemas of all documents come as one JSON object."""
    assert set(call("schema").json) == set(DOCUMENTS)


def test_no_command() -> None:
    """`nasflow` alone prints its help."""
    said = call()
    assert said.code == 0
    assert said.out.startswith("Usage: nasflow ")
    assert all(f"\n  {name} " in said.out for name in ("search", "resume", "show", "verify"))


def test_help_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command is under one heading, and no text is cut where a terminal has 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    said = call("--help").out
    named = [name for names in HEADINGS.values() for name in names]
    assert sorted(named) == sorted(set(named))
    assert [line.split()[0] for line in said.splitlines() if re.match("  [a-z]", line)] == named
    assert all(f"\n{title}:\n" in said for title in HEADINGS)
    for text in (said, call("study", "--help").out):
        assert "..." not in text.replace("[ARGS]...", "")
        assert max(map(len, text.splitlines())) <= 80
    registered = {each.name for group in GROUPS for each in group.registered_commands}
    assert registered | {"study"} == set(named)


def test_a_shell_completes_names(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, and searches of the store at hand; where there is none, nothing."""
    monkeypatch.setenv("_NASFLOW_COMPLETE", "complete_bash")
    for words, found in (
        ("nasflow sho", ["show"]),
        ("nasflow show ", ["failed", "new", "tiny"]),
        ("nasflow watch t", ["tiny"]),
        (f"nasflow show --store {tmp_path / 'none'} ", []),
    ):
        monkeypatch.setenv("NASFLOW_STORE", str(three))
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        assert call().out.split() == found


def test_version() -> None:
    """The version is a line."""
    from nasflow import __version__

    assert call("--version").out == f"{__version__}\n"


def test_search_prints_results_only(three: Path, tmp_path: Path) -> None:
    """In a pipe, a search says its results on standard output and its children, as they end, on the other."""
    from tests.cli.calling import write_config

    said = call("search", write_config(tmp_path), "--store", tmp_path / "store", "--no-track", "--json")
    assert said.code == 0
    assert said.json["status"] == "finished"
    # The start network, four children, the winner at full size: there the start network is what it was. And
    # what is going to be trained, that so little training is no better than a guess, and how long it takes.
    assert len(said.err.splitlines()) == 6 + 3
    assert "\x1b" not in said.err
    assert said.json == json.loads(
        json.dumps(call("show", "tiny", "--store", tmp_path / "store", "--json").json)
    )
