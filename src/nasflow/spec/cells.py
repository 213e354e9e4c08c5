"""The published cells (Cai et al., ICML 2018, figure 5), by name."""

from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line
from nasflow.spec.tree import START_CELL, Tree

TREE_CELL_A = Tree.parse(
    "add( 3x3G -> add( 1x1 -> concat( avg3, ds7 ), max3 -> add( ds3, ds5 ) ), "
    "3x3G -> add( ds5 -> add( ds5, avg3, avg3 ), ds3 -> add( avg3, ds3 ) ) )"
)
TREE_CELL_B = Tree.parse(
    "add( 3x3G -> add( 1x1 -> ( ds5 ), ds7 -> ( avg3 ) ), "
    "3x3G -> add( avg3 -> add( ds7, 1x1 ), ds7 -> ( avg3 ) ) )"
)

NAMED_CELLS = {"start": START_CELL, "TreeCell-A": TREE_CELL_A, "TreeCell-B": TREE_CELL_B}


def find_cell(name_or_text: str) -> Tree:
    """A named cell or one in its text form; raise InvalidSpec with the known names."""
    if name_or_text in NAMED_CELLS:
        return NAMED_CELLS[name_or_text]
    if "(" not in name_or_text:
        raise InvalidSpec(
            f"no cell is named '{one_line(name_or_text, 80)}': name one of {', '.join(NAMED_CELLS)}, "
            "or write its text form"
        )
    return Tree.parse(name_or_text)
