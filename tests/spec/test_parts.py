from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.strategies import own_cells, trees

from nasflow.base.document import Document, canonical_json
from nasflow.base.errors import InvalidSpec
from nasflow.spec.parts import CellPart, Part, Parts, Width
from nasflow.spec.tree import START_CELL, Tree

FAST = settings(max_examples=40, deadline=None)
DS3, SUM = Tree.parse("( 3x3G -> ( ds3 ) )"), Tree.parse("add( 3x3G, 3x3G -> ( ds3 ) )")
MIRRORED = Tree.parse("add( 3x3G -> ( ds3 ), 3x3G )")


class Holder(Document):
    """A document round some parts, to see its messages."""

    parts: Parts


@st.composite
def any_parts(draw: st.DrawFn) -> Parts:
    """A cell, and cells and widths of some places' own."""
    names = st.sampled_from(["a.cell", "b", "c.0.cell"])
    parts: st.SearchStrategy[Part] = trees().map(lambda tree: CellPart(tree=tree))
    widths: st.SearchStrategy[Part] = st.integers(1, 99).map(lambda channels: Width(channels=channels))
    own = draw(st.dictionaries(names, parts | widths, max_size=3))
    return Parts.model_validate({"cell": draw(trees()), "own": own})


@FAST
@given(parts=any_parts())
def test_json_both_ways(parts: Parts) -> None:
    """Parts are read back from their JSON as they were, in another document too."""
    assert Parts.model_validate_json(canonical_json(parts.model_dump(mode="json"))) == parts
    assert Parts.model_validate(parts.model_dump()) == parts
    holder = Holder(parts=parts)
    assert Holder.from_json(holder.to_bytes(), "here") == holder


@pytest.mark.parametrize(
    ("parts", "data", "text"),
    [
        (Parts(), "( 3x3G )", "( 3x3G )"),
        (Parts(cell=DS3), "( 3x3G -> ( ds3 ) )", "( 3x3G -> ( ds3 ) )"),
        (
            Parts(own=(("b", Width(channels=5)), ("a", CellPart(tree=DS3)))),
            {
                "cell": "( 3x3G )",
                "own": {
                    "a": {"kind": "cell", "tree": "( 3x3G -> ( ds3 ) )"},
                    "b": {"kind": "width", "channels": 5},
                },
            },
            "a: ( 3x3G -> ( ds3 ) ); b: 5",
        ),
        (
            Parts(cell=DS3, own=(("a", Width(channels=5)),)),
            {"cell": "( 3x3G -> ( ds3 ) )", "own": {"a": {"kind": "width", "channels": 5}}},
            "( 3x3G -> ( ds3 ) ); a: 5",
        ),
    ],
)
def test_forms(parts: Parts, data: Any, text: str) -> None:
    """JSON and text are the cell alone where nothing is a place's own; else they tell the places by name."""
    assert parts.model_dump(mode="json") == data
    assert Parts.model_validate(data) == parts
    assert str(parts) == text


def test_what_stands_where() -> None:
    """A place has its own part, or the cell that stands everywhere; a width is no cell."""
    parts = Parts(cell=SUM).put("b", CellPart(tree=DS3)).put("c", Width(channels=3))
    assert parts.at("a") is None
    assert parts.cell_at("a") == SUM
    assert parts.cell_at("b") == DS3
    assert parts.at("c") == Width(channels=3)
    assert parts.put("b", CellPart(tree=START_CELL)).cell_at("b") == START_CELL
    assert parts.with_cell(DS3).own == parts.own
    assert parts.with_cell(DS3).cell_at("a") == DS3


def test_the_order_of_places() -> None:
    """Places are held in the order of their names, however they are given, and each once."""
    a, b = ("a", Width(channels=1)), ("b", Width(channels=2))
    assert Parts(own=(b, a)) == Parts(own=(a, b)) == Parts().put(*b).put(*a)
    assert Parts(own=(("a", Width(channels=9)), a)) == Parts(own=(a,))


@FAST
@given(parts=any_parts())
def test_canonical(parts: Parts) -> None:
    """Canonical order is reached in one step, for the cell and for those of places."""
    canonical = parts.canonical()
    assert canonical.canonical() == canonical
    assert canonical.cell == parts.cell.canonical()
    for place in ("a.cell", "b", "c.0.cell"):
        assert canonical.cell_at(place) == parts.cell_at(place).canonical()
        assert isinstance(parts.at(place), CellPart) or canonical.at(place) == parts.at(place)


def test_canonical_of_equal_parts() -> None:
    """They are equal if only the order of sums tells them apart, or a place that says what holds anyway."""
    assert Parts(cell=MIRRORED).canonical() == Parts(cell=SUM)
    one, other = (Parts(own=own_cells({"a": tree})).canonical() for tree in (MIRRORED, SUM))
    assert one == other
    assert Parts(cell=SUM, own=own_cells({"a": MIRRORED})).canonical() == Parts(cell=SUM)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("( 3x3G", "here: parts.cell: cell '( 3x3G'"),
        (5, "here: parts: a mapping is wanted (given: 5)"),
        (
            {"own": {"a": {"kind": "width", "channels": 0}}},
            "here: parts.own.0.1.channels: Input should be greater",
        ),
        (
            {"own": {"a": {"kind": "height"}}},
            "here: parts.own.0.1: no kind is called 'height': take cell, width, depth, layer, written, or",
        ),
        ({"own": [["a"]]}, "here: parts.own.0"),
        ({"oown": {}}, "here: unknown key 'parts.oown': did you mean 'own'?"),
    ],
)
def test_messages(data: Any, message: str) -> None:
    """What is no parts is refused with one line."""
    with pytest.raises(InvalidSpec) as raised:
        Holder.from_data({"parts": data}, "here")
    assert str(raised.value).startswith(message)


def test_no_channels() -> None:
    """A layer without channels is none."""
    with pytest.raises(ValidationError):
        Width(channels=0)
