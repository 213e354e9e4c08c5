from tests.docs.pages import ROOT

from nasflow.base.settings import ALL
from nasflow.cli.door import program
from nasflow.cli.reference import pages
from nasflow.search.schemas import schemas

FOLDER = ROOT / "docs/reference"


def test_it_is_what_the_program_says() -> None:
    """`nasflow reference docs/reference` was called after the last change of an option or a key."""
    made = dict(pages(program()))
    assert {path.name: path.read_text() for path in FOLDER.glob("*.md") if path.name in made} == made


def test_every_key_is_told() -> None:
    """Whatever a configuration may say, the page says what it is."""
    schema = schemas("SearchFile")
    silent = [
        f"{name}.{key}"
        for name, part in {"SearchFile": schema, **schema["$defs"]}.items()
        for key, each in part.get("properties", {}).items()
        if "description" not in each and key not in {"kind", "schema_version"}
    ]
    assert silent == []


def test_every_variable_is_told() -> None:
    """In the order in which the program has them."""
    told = [
        line.split("`")[1] for line in (FOLDER / "environment.md").read_text().splitlines() if "| `" in line
    ]
    assert told == [each.name for each in ALL]
