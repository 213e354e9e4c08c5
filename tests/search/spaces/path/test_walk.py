import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.controllers.samples import SINGLE_STARTS, STARTS, finish, spaces

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import Space
from nasflow.search.spaces import Head, Walk, options, replay
from nasflow.spec import growth
from nasflow.spec.edits import Insert, Replace, Replicate, Split
from nasflow.spec.tree import START_CELL, Operation, Tree

SPACE = Space()


def heads(start: Tree, space: Space, decisions: list[int]) -> list[tuple[Head, tuple[int, ...]]]:
    """What a walk asks, in order."""
    walk, asked = Walk(start, space), []
    for choice in decisions:
        assert walk.question
        asked.append((walk.question.head, walk.question.path))
        walk.answer(choice)
    assert walk.question is None
    return asked


def test_order_of_questions() -> None:
    """First the merge, then all operations of the node, then expansion child by child, depth first."""
    # The root: add 2. Left: insert, concat ds3 and max3, no more. Right: insert, single, 1x1, no more.
    decisions = [1, 1, 3, 2, 6, 0, 0, 1, 0, 0, 0]
    asked = heads(START_CELL, SPACE, decisions)
    assert asked == [
        (Head.MERGE, ()),
        (Head.EXPAND, (0,)),
        (Head.MERGE, (0,)),
        (Head.OPERATION, (0, 0)),
        (Head.OPERATION, (0, 1)),
        (Head.EXPAND, (0, 0)),
        (Head.EXPAND, (0, 1)),
        (Head.EXPAND, (1,)),
        (Head.MERGE, (1,)),
        (Head.OPERATION, (1, 0)),
        (Head.EXPAND, (1, 0)),
    ]
    tree = replay(START_CELL, SPACE, decisions)
    assert str(tree) == "add( 3x3G -> concat( ds3, max3 ), 3x3G -> ( 1x1 ) )"


def test_existing_nodes_are_visited() -> None:
    """Below an edge with a node nothing is inserted, and the node itself is asked about."""
    start = Tree.parse("( 3x3G -> ( ds5 -> ( identity ) ) )")
    asked = heads(start, SPACE, [0, 0, 0, 1])
    assert asked == [
        (Head.MERGE, ()),
        (Head.MERGE, (0,)),
        (Head.MERGE, (0, 0)),
        (Head.OPERATION, (0, 0, 0)),
    ]


def test_concat_needs_a_leaf() -> None:
    """Splitting is legal only where no node hangs below the branch, and the options keep their numbers."""
    with_child = Walk(Tree.parse("( 3x3G -> ( ds5 ) )"), SPACE).question
    without = Walk(START_CELL, SPACE).question
    assert with_child
    assert without
    assert with_child.legal == (True, True, True, False)
    assert without.legal == (True, True, True, True)


def test_identity_may_be_missing() -> None:
    """In a space without the identity every identity edge becomes something."""
    space = Space(operations=(Operation.MAX3,))
    for seed in range(20):
        tree = finish(Walk(START_CELL, space), seed).tree()
        assert all(branch.operation is not Operation.IDENTITY for _, branch in tree.edges())


@given(st.sampled_from(STARTS), spaces(depth=4), st.integers(0, 10**6))
def test_random_walks(start: Tree, space: Space, seed: int) -> None:
    """Any answers give a valid cell within the depth, that grows from the start and is replayed exactly."""
    walk = finish(Walk(start, space), seed)
    tree = walk.tree()
    assert Tree.parse(str(tree)) == tree
    assert tree.root.depth <= max(start.root.depth, space.max_depth)
    assert replay(start, space, walk.decisions) == tree
    steps = growth.plan(start, tree)
    grown = start
    for step in steps:
        grown = growth.apply(grown, step)
    assert grown == tree


@given(st.sampled_from(SINGLE_STARTS), spaces(depth=4), st.integers(0, 10**6))
def test_canonical_cells_grow(start: Tree, space: Space, seed: int) -> None:
    """From a start without branches the canonical order of a child can be grown too."""
    tree = finish(Walk(start, space), seed).tree().canonical()
    grown = start
    for step in growth.plan(start, tree):
        grown = growth.apply(grown, step)
    assert grown == tree


@given(st.sampled_from(STARTS), spaces(), st.integers(0, 10**6))
def test_changes_are_those_of_growth(start: Tree, space: Space, seed: int) -> None:
    """Each answer changes the cell exactly as the transform of `spec.growth` that it stands for."""
    answers = finish(Walk(start, space), seed).decisions
    walk, tree = Walk(start, space), start
    for choice in answers:
        question = walk.question
        assert question
        walk.answer(choice)
        if question.head is Head.OPERATION and space.operations[choice] is not Operation.IDENTITY:
            tree = growth.apply(tree, Replace(path=question.path, operation=space.operations[choice]))
        if question.head is Head.EXPAND and choice:
            tree = growth.apply(tree, Insert(path=question.path))
        if question.head is Head.MERGE and 1 <= choice <= len(space.add_branches):
            count = space.add_branches[choice - 1]
            tree = growth.apply(tree, Replicate(path=question.path, count=count))
        if question.head is Head.MERGE and choice > len(space.add_branches):
            count = space.concat_branches[choice - 1 - len(space.add_branches)]
            tree = growth.apply(tree, Split(path=question.path, count=count))
        assert walk.tree() == tree


@given(spaces(), st.integers(0, 10**6))
def test_number_of_options(space: Space, seed: int) -> None:
    """Each question has as many options as its head."""
    walk = Walk(START_CELL, space)
    for choice in finish(Walk(START_CELL, space), seed).decisions:
        assert walk.question
        assert len(walk.question.legal) == options(walk.question.head, space)
        assert any(walk.question.legal)
        walk.answer(choice)


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ([0], "1 decisions are too few: expand at 0 is still open"),
        ([0, 0, 0], "decision 3 has no question: the episode is over"),
        ([0, 2], r"decision 2 \(expand at 0\) cannot be 2"),
        ([-1], r"decision 1 \(merge at root\) cannot be -1"),
    ],
)
def test_broken_decisions(decisions: list[int], reason: str) -> None:
    """Too few, too many, unknown: each is refused with the place."""
    with pytest.raises(InvalidSpec, match=reason):
        replay(START_CELL, SPACE, decisions)


def test_illegal_decision() -> None:
    """An option that the cell does not allow is refused."""
    with pytest.raises(InvalidSpec, match="the cell does not allow this option"):
        replay(Tree.parse("( 3x3G -> ( ds5 ) )"), SPACE, [3])
