from xml.etree import ElementTree

from nasflow.report.drawing import draw_cell
from nasflow.report.network import describe_parts, draw_parts, network_text, parts_in_page
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.hosts import Chain, DenseNet
from nasflow.spec.parts import CellPart, Parts, Width
from nasflow.spec.tree import Tree

SVG = "{http://www.w3.org/2000/svg}"
CHAIN = Chain(widths=(8, 16))
OWN = CellPart(tree=Tree.parse("( 3x3G -> ( ds5 ) )"))


def words(parts: Parts) -> list[str]:
    """The lines of text of the drawing that belong to no cell."""
    root = ElementTree.fromstring(draw_parts(parts, "a network"))
    return [each.text or "" for each in root.findall(f"{SVG}text")]


def test_one_cell_is_drawn_as_a_cell() -> None:
    """Where nothing is a place's own, the drawing is the cell's, title and all."""
    assert draw_parts(Parts(cell=TREE_CELL_A), "A") == draw_cell(TREE_CELL_A, "A")


def test_widths_are_a_list() -> None:
    """Parts that are no cells stand in a list of place and part, without a cell that is nowhere."""
    parts = Parts(own={"layers.0": Width(channels=12), "layers.10": Width(channels=7)})
    assert words(parts) == ["a network", "layers.0: width 12", "layers.10: width 7"]
    assert "3x3G" not in draw_parts(parts)
    assert describe_parts(parts) == "layers.0: width 12\nlayers.10: width 7"


def test_each_cell_is_drawn_once() -> None:
    """Places that share a cell of their own share its drawing; the other places have theirs."""
    parts = Parts(cell=TREE_CELL_A, own={"b": OWN, "a": OWN, "c": Width(channels=3)})
    assert words(parts) == ["a network", "everywhere else", "a, b", "c: width 3"]
    root = ElementTree.fromstring(draw_parts(parts))
    assert len(root.findall(f"{SVG}g/{SVG}svg")) == 2
    assert "cell of depth 3" in describe_parts(parts)
    assert "a, b:\ncell of depth 2" in describe_parts(parts)
    assert "<style>" not in parts_in_page(parts)


def test_very_many_parts_stay_a_picture() -> None:
    """Hundreds of places fill columns, and the rest is counted; nothing lies outside."""
    parts = Parts(own={f"layers.{number}": Width(channels=number + 1) for number in range(500)})
    root = ElementTree.fromstring(draw_parts(parts))
    lines = root.findall(f"{SVG}text")
    assert len(lines) == 96
    assert lines[-1].text == "and 405 more"
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert width < 900
    assert all(float(each.get("x", 0)) < width and float(each.get("y", 0)) < height for each in lines)


def test_a_host_without_cells_names_none() -> None:
    """An unchanged chain is called as it is; a cell's host by its cell."""
    assert network_text(Parts(), CHAIN) == "the chain as it is"
    assert network_text(Parts(), DenseNet(growth=4, blocks=1)) == "( 3x3G )"
    assert network_text(Parts(own={"layers.0": Width(channels=3)}), CHAIN) == "layers.0: 3"
