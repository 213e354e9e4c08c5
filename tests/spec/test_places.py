from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.spec.parts import Parts
from nasflow.spec.places import Place, check_parts

CELLS = (Place("a.cell", "cell", 6, 2), Place("b.cell", "cell", 8, 2))
WIDTHS = (Place("layers.0", "width", 4), Place("layers.1", "width", 4))


def parts(cell: str = "( 3x3G )", **own: Any) -> Parts:
    """Parts with a cell for each place's own (`a_cell` for `a.cell`), or a width."""
    kinds = {
        name.replace("_", "."): {"kind": "width", "channels": part}
        if isinstance(part, int)
        else {"kind": "cell", "tree": part}
        for name, part in own.items()
    }
    return Parts.model_validate({"cell": cell, "own": kinds})


@pytest.mark.parametrize(
    ("given", "places"),
    [
        (parts(), ()),
        (parts(), CELLS),
        (parts(), WIDTHS),
        (parts("concat( 3x3G, 3x3G, 3x3G )"), CELLS),
        (parts(layers_0=9), WIDTHS),
        (parts(a_cell="concat( 3x3G, 3x3G )", layers_1=1), CELLS + WIDTHS),
        # The cell that does not fit `a` stands in `b` alone.
        (parts("concat( 3x3G, 3x3G, 3x3G, 3x3G )", a_cell="( 3x3G )"), CELLS),
    ],
)
def test_what_fits(given: Parts, places: tuple[Place, ...]) -> None:
    """Each part has a place of its kind, and each cell fits the channels of the places that it is in."""
    check_parts(given, places)


@pytest.mark.parametrize(
    ("given", "places", "reason"),
    [
        (parts(c_cell="( 3x3G )"), CELLS, "there is no place 'c.cell': known are a.cell, b.cell"),
        (parts(a_cell="( 3x3G )"), (), "there is no place 'a.cell': known are none"),
        (parts(a_cell=4), CELLS, "place 'a.cell' is for a cell, and this is a width"),
        (parts(layers_0="( 3x3G )"), WIDTHS, "place 'layers.0' is for a width, and this is a cell"),
        (parts("( 3x3G -> ( ds3 ) )"), WIDTHS, r"there is no place for the cell \( 3x3G -> \( ds3 \) \)"),
        (parts("concat( 3x3G, 3x3G, 3x3G, 3x3G )"), CELLS, "node root: 6 channels cannot be shared by 4"),
        (
            parts(b_cell="concat( 3x3G, 3x3G, 3x3G, 3x3G, 3x3G )"),
            CELLS,
            "node root: 8 channels .* by 5 .* of 2",
        ),
    ],
)
def test_what_does_not_fit(given: Parts, places: tuple[Place, ...], reason: str) -> None:
    """A part without a place, of another kind than its place, or too large for it is refused, and named."""
    with pytest.raises(InvalidSpec, match=reason):
        check_parts(given, places)
