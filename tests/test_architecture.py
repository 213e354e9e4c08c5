"""The picture in docs/architecture.md against the code."""

import re
from itertools import pairwise
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
EVERYWHERE = {"spec", "errors"}


def drawn() -> set[tuple[str, str]]:
    """The arrows of the picture."""
    text = (ROOT / "docs/architecture.md").read_text()
    picture = text.split("```mermaid")[1].split("```")[0]
    return set(re.findall(r"^\s*(\w+) --> (\w+)$", picture, re.MULTILINE))


def imported() -> set[tuple[str, str]]:
    """The imports between rooms, those of `spec` and `errors` left out."""
    graph = grimp.build_graph("nasflow")
    return {
        (importer.split(".")[1], used.split(".")[1])
        for importer in graph.modules
        for used in graph.find_modules_directly_imported_by(importer)
        if importer.count(".")
        and used.count(".")
        and importer.split(".")[1] != used.split(".")[1]
        and used.split(".")[1] not in EVERYWHERE
    }


def test_the_picture_is_the_code() -> None:
    """Every arrow of the picture is an import between rooms, and every such import is an arrow."""
    assert drawn() == imported()


def test_every_room_is_in_the_picture() -> None:
    """No package of nasflow is missing from the picture."""
    rooms = {path.name for path in (ROOT / "src/nasflow").iterdir() if (path / "__init__.py").exists()}
    assert rooms - EVERYWHERE == {room for arrow in drawn() for room in arrow}


def test_the_tables_are_whole() -> None:
    """Every row of a table in the page has as many cells as the row above it."""
    lines = (ROOT / "docs/architecture.md").read_text().splitlines()
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") == below.count("|"), below
