from collections.abc import Hashable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.search.spaces.samples import SINGLE_STARTS, STARTS, finish, network_of, path_spaces
from tests.strategies import own_cells

from nasflow.base.errors import InvalidSpec
from nasflow.search.spaces import PathSpace, Walk, replay
from nasflow.search.spaces.path.edge import Edge
from nasflow.search.spaces.path.space import EXPAND, MERGE, OPERATION, Sight
from nasflow.spec.edits import Insert, Replace, Replicate, Split, apply_all
from nasflow.spec.edits.plan import plan
from nasflow.spec.parts import Parts
from nasflow.spec.tree import START_CELL, Operation, Tree

SPACE = PathSpace()
FAST = settings(max_examples=50, deadline=None)


def cell(start: Tree, space: PathSpace, decisions: Sequence[int]) -> Tree:
    """The cell that decisions make."""
    return replay(space, network_of(start), tuple(decisions)).parts.cell


def questions(start: Tree, space: PathSpace, decisions: Sequence[int]) -> list[tuple[str, Hashable]]:
    """What an episode asks, in order."""
    walk, asked = Walk(space, network_of(start)), []
    for choice in decisions:
        assert walk.question
        asked.append((walk.question.head, walk.question.about))
        walk.answer(choice)
    assert walk.question is None
    return asked


def test_order_of_questions() -> None:
    """First the merge, then all operations of the node, then expansion child by child, depth first."""
    # The root: add 2. Left: insert, concat ds3 and max3, no more. Right: insert, single, 1x1, no more.
    decisions = [1, 1, 3, 2, 6, 0, 0, 1, 0, 0, 0]
    assert questions(START_CELL, SPACE, decisions) == [
        (MERGE, ()),
        (EXPAND, (0,)),
        (MERGE, (0,)),
        (OPERATION, (0, 0)),
        (OPERATION, (0, 1)),
        (EXPAND, (0, 0)),
        (EXPAND, (0, 1)),
        (EXPAND, (1,)),
        (MERGE, (1,)),
        (OPERATION, (1, 0)),
        (EXPAND, (1, 0)),
    ]
    tree = cell(START_CELL, SPACE, decisions)
    assert str(tree) == "add( 3x3G -> concat( ds3, max3 ), 3x3G -> ( 1x1 ) )"


def test_existing_nodes_are_visited() -> None:
    """Below an edge with a node nothing is inserted, and the node itself is asked about."""
    start = Tree.parse("( 3x3G -> ( ds5 -> ( identity ) ) )")
    assert questions(start, SPACE, [0, 0, 0, 1]) == [
        (MERGE, ()),
        (MERGE, (0,)),
        (MERGE, (0, 0)),
        (OPERATION, (0, 0, 0)),
    ]


def test_concat_needs_a_leaf() -> None:
    """Splitting is legal only where no node hangs below the branch, and the options keep their numbers."""
    with_child = Walk(SPACE, network_of("( 3x3G -> ( ds5 ) )")).question
    without = Walk(SPACE, network_of()).question
    assert with_child
    assert without
    assert with_child.legal == (True, True, True, False)
    assert without.legal == (True, True, True, True)


def test_identity_may_be_missing() -> None:
    """In a space without the identity every identity edge becomes something."""
    space = PathSpace(operations=(Operation.MAX3,))
    for seed in range(20):
        tree = finish(Walk(space, network_of()), seed).network.parts.cell
        assert all(branch.operation is not Operation.IDENTITY for _, branch in tree.edges())


def test_the_view() -> None:
    """What an encoder sees is the cell as it is at each question, and where in it the question is."""
    walk = Walk(SPACE, network_of())
    seen = []
    for choice in (1, 1, 3, 2):
        assert walk.question
        sight = walk.question.view
        assert isinstance(sight, Sight)
        assert sight.path == walk.question.about
        seen.append(str(sight.root.tree()))
        walk.answer(choice)
    assert seen == [
        "( 3x3G )",
        "add( 3x3G, 3x3G )",
        "add( 3x3G -> ( identity ), 3x3G )",
        "add( 3x3G -> concat( identity, identity ), 3x3G )",
    ]


@FAST
@given(st.sampled_from(STARTS), path_spaces(depth=4), st.integers(0, 10**6))
def test_random_walks(start: Tree, space: PathSpace, seed: int) -> None:
    """Any answers give a valid cell within the depth, that grows from the start and is replayed exactly."""
    walk = finish(Walk(space, network_of(start)), seed)
    tree = walk.network.parts.cell
    assert Tree.parse(str(tree)) == tree
    assert tree.root.depth <= max(start.root.depth, space.max_depth)
    assert cell(start, space, walk.decisions) == tree
    edits = plan(start, tree)
    assert edits is not None
    for edit in edits:
        start = edit.change(start)
    assert start.canonical() == tree.canonical()


@FAST
@given(st.sampled_from(SINGLE_STARTS), path_spaces(depth=4), st.integers(0, 10**6))
def test_edits_give_the_canonical_order(start: Tree, space: PathSpace, seed: int) -> None:
    """From a start without branches a child stands in canonical order, whatever order its answers made."""
    network = network_of(start)
    child = finish(Walk(space, network), seed).network
    edits = space.edits(network, child)
    assert edits is not None
    tree = network.parts.cell
    for edit in edits:
        tree = edit.change(tree)
    assert tree == child.parts.cell.canonical()


@FAST
@given(st.sampled_from(STARTS), path_spaces(), st.integers(0, 10**6))
def test_changes_are_those_of_edits(start: Tree, space: PathSpace, seed: int) -> None:
    """Each answer changes the cell exactly as the edit that it stands for."""
    answers = finish(Walk(space, network_of(start)), seed).decisions
    walk, tree = Walk(space, network_of(start)), start
    for choice in answers:
        question = walk.question
        assert question
        sight = question.view
        assert isinstance(sight, Sight)
        assert sight.root.tree() == tree
        walk.answer(choice)
        adds = len(space.add_branches)
        if question.head == OPERATION and space.operations[choice] is not Operation.IDENTITY:
            tree = Replace(path=sight.path, operation=space.operations[choice]).change(tree)
        if question.head == EXPAND and choice:
            tree = Insert(path=sight.path).change(tree)
        if question.head == MERGE and 1 <= choice <= adds:
            tree = Replicate(path=sight.path, count=space.add_branches[choice - 1]).change(tree)
        if question.head == MERGE and choice > adds:
            tree = Split(path=sight.path, count=space.concat_branches[choice - 1 - adds]).change(tree)
    assert walk.network.parts.cell == tree


def test_an_edge_is_its_tree() -> None:
    """The mutable stand-in for a cell is the cell again."""
    for start in STARTS:
        assert Edge.above_root(start).tree() == start


def test_places_with_cells_of_their_own() -> None:
    """What a place has of its own stays as it is; a network that differs there is out of reach."""
    own = own_cells({"stages.0.cell": Tree.parse("( 3x3G -> ( max3 ) )")})
    start = network_of()
    special = start.with_parts(Parts(own=own))
    child = finish(Walk(SPACE, special), 3).network
    assert child.parts.own == own
    edits = SPACE.edits(special, child)
    assert edits is not None
    assert apply_all(edits, special).name == child.name
    assert SPACE.edits(start, child) is None
    assert SPACE.edits(special, start) is None


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ([0], r"1 decisions are too few: expand at \(0,\) is still open"),
        ([0, 0, 0], "decision 3 has no question: the episode is over"),
        ([0, 2], r"decision 2 \(expand, \(0,\)\) cannot be 2: the space does not allow this option here"),
        ([-1], r"decision 1 \(merge, \(\)\) cannot be -1"),
    ],
)
def test_broken_decisions(decisions: list[int], reason: str) -> None:
    """Too few, too many, unknown: each is refused with the place."""
    with pytest.raises(InvalidSpec, match=reason):
        cell(START_CELL, SPACE, decisions)


def test_illegal_decision() -> None:
    """An option that the cell does not allow is refused."""
    with pytest.raises(InvalidSpec, match="the space does not allow this option"):
        cell(Tree.parse("( 3x3G -> ( ds5 ) )"), SPACE, [3])
