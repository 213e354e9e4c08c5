import inspect
from dataclasses import dataclass
from typing import Annotated

import typer

from nasflow.cli.options import spread


@dataclass(frozen=True)
class Place:
    """Two options."""

    city: Annotated[str, typer.Option(help="Its name.")]
    street: str


def test_spread() -> None:
    """A command takes one value where typer sees an option a field, in the order of the fields."""
    said = list[object]()

    @spread(Place)
    def visit(who: str, place: Place, often: int = 1) -> None:
        said.extend((who, place, often))

    shown = inspect.signature(visit).parameters
    assert list(shown) == ["who", "city", "street", "often"]
    assert shown["city"].annotation == inspect.signature(Place).parameters["city"].annotation
    visit(who="Ada", city="London", street="Strand", often=2)
    assert said == ["Ada", Place("London", "Strand"), 2]
