import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from tests.strategies import trees

from nasflow.base.errors import InvalidSpec
from nasflow.spec.cells import NAMED_CELLS, TREE_CELL_A, TREE_CELL_B, find_cell
from nasflow.spec.tree import (
    CELL_OPERATIONS,
    MAXIMUM_BRANCHES,
    MAXIMUM_DEPTH,
    START_CELL,
    Allocation,
    Branch,
    Merge,
    Node,
    Operation,
    Tree,
    show_path,
)

FAST = settings(max_examples=40, deadline=None)


def multiset(node: Node | None) -> object:
    """What a node computes, whatever the order of its sums: nested and comparable."""
    if node is None:
        return "leaf"
    branches = [(branch.operation.value, multiset(branch.child)) for branch in node.branches]
    return (node.merge.value, sorted(branches, key=repr) if node.merge is Merge.ADD else branches)


@FAST
@given(tree=trees())
def test_json_round_trip(tree: Tree) -> None:
    """A tree read back from its canonical JSON is the same tree with the same digest."""
    again = Tree.from_json(tree.to_bytes(), "here")
    assert again == tree
    assert again.digest() == tree.digest()


@FAST
@given(tree=trees())
def test_canonical(tree: Tree) -> None:
    """Canonical order is reached in one step and keeps what the cell computes."""
    canonical = tree.canonical()
    assert canonical.canonical() == canonical
    assert multiset(canonical.root) == multiset(tree.root)


@FAST
@given(tree=trees())
def test_canonical_of_equal_cells(tree: Tree) -> None:
    """Cells that differ by the order of their sums only have one canonical form."""
    mirrored = Tree(root=_mirror_sums(tree.root))
    assert mirrored.canonical() == tree.canonical()


def _mirror_sums(node: Node) -> Node:
    branches = [
        Branch(operation=each.operation, child=each.child and _mirror_sums(each.child))
        for each in node.branches
    ]
    return Node(merge=node.merge, branches=tuple(reversed(branches) if node.merge is Merge.ADD else branches))


def test_canonical_keeps_concatenation() -> None:
    """The order of a concatenation is part of the function and stays."""
    tree = Tree.parse("( 3x3G -> concat( max3, avg3 ) )")
    assert tree.canonical() == tree


@FAST
@given(tree=trees())
def test_paths(tree: Tree) -> None:
    """Every edge is found again by its path, and the node below it is its branch's child."""
    paths = [path for path, _ in tree.edges()]
    assert len(set(paths)) == len(paths)
    for path, branch in tree.edges():
        assert tree.branch(path) is branch
        assert tree.node(path) is branch.child
        assert 1 <= len(path) <= tree.root.depth


@pytest.mark.parametrize("path", [(1,), (-1,), (0, 0), (0, 0, 0), (64,)])
def test_missing_paths(path: tuple[int, ...]) -> None:
    """A path to nothing is a KeyError, also a negative one."""
    with pytest.raises(KeyError):
        START_CELL.branch(path)
    if path != (0, 0):
        with pytest.raises(KeyError):
            START_CELL.node((*path, 0))


def test_root_is_no_edge() -> None:
    """The empty path names the root node, which is no edge."""
    assert START_CELL.node(()) is START_CELL.root
    assert show_path(()) == "root"
    assert show_path((0, 2)) == "0.2"
    with pytest.raises(KeyError):
        START_CELL.branch(())


def test_golden_digests() -> None:
    """Digests name what is stored, so they must never change."""
    assert START_CELL.digest() == "265b9e0421fda3679ce77f734744fee8351481b2aaaf62b0c7082ca04b4ed55f"
    assert TREE_CELL_A.digest() == "5781967a9cd433c0a8bf8e47edb3302012297fbe5f7648c5666e50e1c6c700b3"
    assert TREE_CELL_B.digest() == "6d66032f39e4a3cbe68891d72f23fc0033121174a8e2c0fe55795652e616bd23"


def test_published_cells() -> None:
    """The published cells have the shape of the paper's figure: two root branches, depth three."""
    for cell, edges in ((TREE_CELL_A, 15), (TREE_CELL_B, 11)):
        assert cell.root.merge is Merge.ADD
        assert len(cell.root.branches) == 2
        assert cell.root.depth == 3
        assert len(list(cell.edges())) == edges


def test_find_cell() -> None:
    """A cell is found by its name or read from its text; an unknown name is refused with the known ones."""
    for name, cell in NAMED_CELLS.items():
        assert find_cell(name) == cell
    assert find_cell("( 3x3G )") == START_CELL
    with pytest.raises(InvalidSpec, match="TreeCell-A, TreeCell-B"):
        find_cell("TreeCell-C")


@pytest.mark.parametrize(
    ("merge", "operation", "allocation"),
    [
        (Merge.NONE, Operation.DS3, Allocation.REPLICATE),
        (Merge.ADD, Operation.DS3, Allocation.REPLICATE),
        (Merge.CONCAT, Operation.DS3, Allocation.SPLIT),
        (Merge.CONCAT, Operation.HOST, Allocation.REPLICATE),
        (Merge.CUT, Operation.DS3, Allocation.REPLICATE),
    ],
)
def test_allocation(merge: Merge, operation: Operation, allocation: Allocation) -> None:
    """Only a concat node below the root splits its input."""
    count = 1 if merge is Merge.NONE else 2
    node = Node(merge=merge, branches=(Branch(operation=operation),) * count)
    assert node.allocation is allocation


@pytest.mark.parametrize(
    ("merge", "operations"),
    [
        (Merge.NONE, []),
        (Merge.ADD, []),
        (Merge.NONE, [Operation.DS3, Operation.DS3]),
        (Merge.ADD, [Operation.DS3]),
        (Merge.CONCAT, [Operation.IDENTITY]),
        (Merge.CUT, [Operation.DS3]),
        (Merge.CUT, [Operation.DS3, Operation.DS5]),
        (Merge.CUT, [Operation.AVG3, Operation.AVG3]),
        (Merge.CUT, [Operation.IDENTITY, Operation.IDENTITY]),
        (Merge.CUT, [Operation.HOST, Operation.HOST]),
        (Merge.ADD, [Operation.DS3] * (MAXIMUM_BRANCHES + 1)),
    ],
)
def test_impossible_nodes(merge: Merge, operations: list[Operation]) -> None:
    """A merge scheme without the branches for it is no node."""
    with pytest.raises(ValidationError):
        Node(merge=merge, branches=tuple(Branch(operation=each) for each in operations))


@pytest.mark.parametrize("text", ["( ds3 )", "( 3x3G -> ( 3x3G ) )", "add( 3x3G, identity )"])
def test_host_on_the_root_only(text: str) -> None:
    """The host's convolution is on every edge of the root and on no other."""
    with pytest.raises(InvalidSpec, match="edges of the root are 3x3G"):
        Tree.parse(text)


def test_depth() -> None:
    """A cell of the largest depth is read, one more level is refused, in text and in JSON."""
    text = "( identity )"
    for _ in range(MAXIMUM_DEPTH - 2):
        text = f"( identity -> {text} )"
    deepest = f"( 3x3G -> {text} )"
    assert Tree.parse(deepest).root.depth == MAXIMUM_DEPTH
    with pytest.raises(InvalidSpec, match="deeper than"):
        Tree.parse(f"( 3x3G -> ( identity -> {text} ) )")
    leaf = {"operation": "identity", "child": Tree.parse(deepest).model_dump(mode="json")["root"]}
    with pytest.raises(InvalidSpec, match=f"{MAXIMUM_DEPTH + 1} nodes deep"):
        Tree.from_data({"root": {"merge": "none", "branches": [leaf]}}, "here")


def test_operations_of_the_paper() -> None:
    """The set that an identity edge can become is the paper's."""
    names = {operation.value for operation in CELL_OPERATIONS}
    assert names == {"1x1", "identity", "ds3", "ds5", "ds7", "avg3", "max3"}
