from collections import Counter
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasflow.report.description import describe_cell
from nasflow.report.drawing import draw_cell, draw_part, rounded, thickness
from nasflow.report.layout import LABEL_WIDTH, layout
from nasflow.report.shapes import Box, Mark, Symbol, Wire
from nasflow.spec.cells import NAMED_CELLS, TREE_CELL_A, TREE_CELL_B
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Branch, Merge, Node, Operation, Tree

SVG = "{http://www.w3.org/2000/svg}"
MIXERS = [operation for operation in CELL_OPERATIONS if operation.mixes_channels]

Rectangle = tuple[float, float, float, float]


@st.composite
def nodes(draw: st.DrawFn, depth: int, at_root: bool = False) -> Node:
    """Any node of at most `depth` levels."""
    merges = [Merge.NONE, Merge.ADD, Merge.CONCAT, *([] if at_root else [Merge.CUT])]
    merge = draw(st.sampled_from(merges))
    count = 1 if merge is Merge.NONE else draw(st.integers(2, 4))
    known = [Operation.HOST] if at_root else list(CELL_OPERATIONS)
    if merge is Merge.CUT:
        known = [draw(st.sampled_from(MIXERS))]
    return Node(
        merge=merge,
        branches=tuple(
            Branch(
                operation=draw(st.sampled_from(known)),
                child=draw(nodes(depth - 1)) if depth > 1 and draw(st.booleans()) else None,
            )
            for _ in range(count)
        ),
    )


trees = nodes(depth=4, at_root=True).map(lambda root: Tree(root=root))


def boxes(tree: Tree) -> list[Box]:
    """The operations of the tree's drawing."""
    return [shape for shape in layout(tree).shapes if isinstance(shape, Box)]


def rectangle(shape: Box | Mark) -> Rectangle:
    """Left, top, right, bottom; of a mark with its word."""
    if isinstance(shape, Box):
        return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
    word = LABEL_WIDTH if shape.symbol in {Symbol.SPLIT, Symbol.MEAN, Symbol.CONCAT, Symbol.CUT} else 0
    right = shape.x + shape.half_width + word
    return shape.x - shape.half_width, shape.y - shape.half_height, right, shape.y + shape.half_height


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether the two share more than a side."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@settings(max_examples=60, deadline=None)
@given(trees)
def test_nothing_overlaps(tree: Tree) -> None:
    """No operation, circle or word of a drawing touches another one."""
    solid = [rectangle(shape) for shape in layout(tree).shapes if not isinstance(shape, Wire)]
    assert not [pair for pair in combinations(solid, 2) if overlap(*pair)]


@settings(max_examples=60, deadline=None)
@given(trees)
def test_no_wire_runs_behind_an_operation(tree: Tree) -> None:
    """A wire meets an operation only at the middle of its upper or lower side."""
    shapes = layout(tree).shapes
    solid = [rectangle(box) for box in boxes(tree)]
    for wire in (shape for shape in shapes if isinstance(shape, Wire)):
        for (x1, y1), (x2, y2) in pairwise(wire.points):
            assert x1 == pytest.approx(x2) or y1 == pytest.approx(y2)
            thin = min(x1, x2) - 0.1, min(y1, y2) + 0.1, max(x1, x2) + 0.1, max(y1, y2) - 0.1
            assert not [each for each in solid if overlap(each, thin)]


@settings(max_examples=60, deadline=None)
@given(trees)
def test_everything_lies_on_the_paper(tree: Tree) -> None:
    """The group's extents hold all that was drawn."""
    group = layout(tree)
    for shape in group.shapes:
        if isinstance(shape, Wire):
            xs, ys = zip(*shape.points, strict=True)
            left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        else:
            left, top, right, bottom = rectangle(shape)
        assert -group.left - 1e-6 <= left <= right <= group.right + 1e-6
        assert top >= 0
        assert bottom <= group.height + 1e-6


@settings(max_examples=60, deadline=None)
@given(trees)
def test_each_operation_is_drawn_once(tree: Tree) -> None:
    """The boxes are the edges of the tree, by path and by name, and the SVG is well-formed XML."""
    assert {box.path: box.operation for box in boxes(tree)} == {
        path: branch.operation for path, branch in tree.edges()
    }
    drawn = ElementTree.fromstring(draw_cell(tree))
    labels = [
        group.findtext(f"{SVG}text") for group in drawn.iter(f"{SVG}g") if "op" in group.get("class", "")
    ]
    assert Counter(labels) == Counter(branch.operation.value for _, branch in tree.edges())


@settings(max_examples=30, deadline=None)
@given(trees)
def test_each_node_shows_its_merge(tree: Tree) -> None:
    """As many mean, concat and cut circles are drawn as the tree has such nodes, and a split a split node."""
    found = [tree.root, *(branch.child for _, branch in tree.edges() if branch.child)]
    expected = Counter(
        {Merge.ADD: "mean"}.get(node.merge, node.merge.value)
        for node in found
        if node.merge is not Merge.NONE
    )
    drawn = Counter(shape.symbol.value for shape in layout(tree).shapes if isinstance(shape, Mark))
    assert {name: drawn[name] for name in expected} == dict(expected)
    assert drawn["split"] == sum(node.allocation == "split" for node in found)


def test_a_root_branch_with_a_child_has_a_shortcut() -> None:
    """The published sum edge + BN(child(edge)) is drawn at root branches with a child, and nowhere else."""
    tree = Tree.parse("add( 3x3G -> add( ds3 -> ( ds5 ), avg3 ), 3x3G )")
    shapes = layout(tree).shapes
    assert sum(isinstance(shape, Wire) and shape.is_shortcut for shape in shapes) == 1
    symbols = Counter(shape.symbol for shape in shapes if isinstance(shape, Mark))
    assert symbols[Symbol.NORM] == symbols[Symbol.SUM] == symbols[Symbol.TAP] == 1


@pytest.mark.parametrize("name", NAMED_CELLS)
def test_named_cells_fit_a_screen(name: str) -> None:
    """The published cells are drawn no larger than 900 by 800 pixels."""
    drawn = ElementTree.fromstring(draw_cell(NAMED_CELLS[name], name))
    assert float(drawn.get("width", "inf")) <= 900
    assert float(drawn.get("height", "inf")) <= 800


def test_a_title_is_text() -> None:
    """Markup and control characters in a title do not reach the markup."""
    text = draw_cell(START_CELL, "</title><script>alert(1)</script>\x00&")
    assert "<script" not in text
    assert ElementTree.fromstring(text).findtext(f"{SVG}text") == "</title><script>alert(1)</script>&"


def test_a_drawing_stands_alone() -> None:
    """It brings its style, names no font file, and loads nothing."""
    text = draw_cell(TREE_CELL_A)
    assert "<style>" in text
    assert text.count("http") == text.count('xmlns="http://www.w3.org/2000/svg"') == 1
    assert not {"href", "url(", "@import"} & set(text.split())


def test_a_part_leaves_style_and_legend_to_its_page() -> None:
    """A drawing inside a page repeats neither the style nor, unless asked, the legend."""
    assert "<style>" not in draw_part(TREE_CELL_B).markup
    assert "BatchNorm" not in draw_part(TREE_CELL_B).markup
    assert "BatchNorm" in draw_part(TREE_CELL_B, has_legend=True).markup


def test_deep_and_wide_cells_are_drawn() -> None:
    """The deepest and the widest cells that can be read are drawn too."""
    deep = "( 3x3G" + " -> ( ds3" * 15 + " )" * 16
    wide = f"add( {', '.join(['3x3G -> concat( avg3, max3 )'] * 64)} )"
    assert len(boxes(Tree.parse(deep))) == 16
    assert len(boxes(Tree.parse(wide))) == 64 * 3
    ElementTree.fromstring(draw_cell(Tree.parse(wide)))


def test_rounded_corners_by_hand() -> None:
    """A path turns in arcs of at most half a segment, and goes straight where nothing turns."""
    assert rounded([(0, 0), (0, 10), (0, 20)]) == "M0 0L0 20"
    assert rounded([(0, 0), (0, 10), (30, 10)]) == "M0 0L0 5Q0 10 5 10L30 10"


def test_wires_thin_with_their_channels() -> None:
    """A wire of fewer channels is thinner, yet never invisible."""
    assert thickness(1) > thickness(0.5) > thickness(0.25) > thickness(0.01) > 0.5


def test_description_by_hand() -> None:
    """The words name each operation and merge, indented by what feeds it."""
    assert describe_cell(Tree.parse("add( 3x3G -> concat( ds3, avg3 ), 3x3G )")).splitlines() == [
        "cell of depth 2 with 4 operations",
        "add of 2: every branch reads all, the mean is taken",
        "├─ 3x3G      the host's grouped 3x3 convolution",
        "│  plus the BatchNorm of:",
        "│  concat of 2: the channels are split, the outputs concatenated",
        "│  ├─ ds3       depthwise-separable 3x3 convolution",
        "│  └─ avg3      3x3 average pooling",
        "└─ 3x3G      the host's grouped 3x3 convolution",
    ]


@settings(max_examples=30, deadline=None)
@given(trees)
def test_description_names_every_operation(tree: Tree) -> None:
    """There is one line an operation, in depth-first order."""
    lines = [line.lstrip("│ ├└─") for line in describe_cell(tree).splitlines() if "─" in line]
    assert [line.split()[0] for line in lines] == [branch.operation.value for _, branch in tree.edges()]
