from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.strategies import fitting, growths, trees

from nasflow.base.errors import InvalidSpec
from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.growth import Insert, Replace, Replicate, Split, Transform, apply, plan
from nasflow.spec.tree import MAXIMUM_BRANCHES, START_CELL, Merge, Operation, Tree

FAST = settings(max_examples=40, deadline=None)
TRANSFORMS: TypeAdapter[Transform] = TypeAdapter(Transform)


@FAST
@given(sequence=growths(steps=8, edges=30))
def test_apply_keeps_validity(sequence: tuple[Transform, ...]) -> None:
    """After every transform the cell is a valid one, which prints and parses, and has not shrunk."""
    tree = START_CELL
    for transform in sequence:
        grown = apply(tree, transform)
        assert Tree.parse(str(grown)) == grown
        assert len(list(grown.edges())) >= len(list(tree.edges()))
        tree = grown


@FAST
@given(target=trees())
def test_plan_from_the_start(target: Tree) -> None:
    """Every valid cell, in its canonical order too, grows from the start cell by its plan."""
    for each in (target, target.canonical()):
        assert reduce(apply, plan(START_CELL, each), START_CELL) == each


@FAST
@given(base=trees(max_depth=3), data=st.data())
def test_plan_from_any_cell(base: Tree, data: st.DataObject) -> None:
    """What transforms made of any cell, a plan makes of it too."""
    target = reduce(apply, data.draw(growths(base, steps=5, edges=60)), base)
    assert reduce(apply, plan(base, target), base) == target


@FAST
@given(one=trees(), other=trees())
def test_plan_or_refusal(one: Tree, other: Tree) -> None:
    """Between any two cells there is a plan that works, or a refusal in one line."""
    message = ""
    try:
        assert reduce(apply, plan(one, other), one) == other
    except InvalidSpec as error:
        message = str(error)
    assert message.isprintable()


@FAST
@given(tree=trees())
def test_plan_to_itself_is_empty(tree: Tree) -> None:
    """Nothing is to be done to reach what is there."""
    assert plan(tree, tree) == ()


@pytest.mark.parametrize("target", [TREE_CELL_A, TREE_CELL_B])
def test_plan_of_the_published_cells(target: Tree) -> None:
    """The published cells grow from the start cell, also in their canonical order."""
    for each in (target, target.canonical()):
        assert reduce(apply, plan(START_CELL, each), START_CELL) == each


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("( 3x3G -> ( ds3 ) )", "( 3x3G )"),
        ("( 3x3G -> ( ds3 ) )", "( 3x3G -> ( ds5 ) )"),
        ("( 3x3G -> ( ds3 ) )", "( 3x3G -> concat( ds3, ds3 ) )"),
        ("( 3x3G -> ( max3 ) )", "( 3x3G -> concat( max3, avg3 ) )"),
        ("( 3x3G -> ( identity -> ( max3 ) ) )", "( 3x3G -> concat( identity -> ( max3 ), max3 ) )"),
        ("( 3x3G -> cut( ds3, ds3 ) )", "( 3x3G -> add( ds3, ds3 ) )"),
        ("add( 3x3G, 3x3G )", "add( 3x3G, 3x3G, 3x3G )"),
        ("add( 3x3G, 3x3G )", "concat( 3x3G, 3x3G )"),
        # Branches never change places: the canonical order of a child may be out of its parent's reach.
        ("( 3x3G -> add( ds3, identity ) )", "( 3x3G -> add( 1x1, ds3 ) )"),
        ("( 3x3G -> ( max3 ) )", "concat( 3x3G -> ( max3 ), 3x3G -> ( max3 ) )"),
    ],
)
def test_what_cannot_be_grown(base: str, target: str) -> None:
    """Transforms only add: what would have to be taken away or changed is refused."""
    with pytest.raises(InvalidSpec, match="cannot be grown from"):
        plan(Tree.parse(base), Tree.parse(target))


@pytest.mark.parametrize(
    ("tree", "transform", "grown"),
    [
        ("( 3x3G )", Replicate(path=(), count=2), "add( 3x3G, 3x3G )"),
        ("( 3x3G )", Split(path=(), count=3), "concat( 3x3G, 3x3G, 3x3G )"),
        ("( 3x3G )", Insert(path=(0,)), "( 3x3G -> ( identity ) )"),
        ("( 3x3G -> ( max3 ) )", Replicate(path=(), count=2), "add( 3x3G -> ( max3 ), 3x3G -> ( max3 ) )"),
        ("( 3x3G -> ( ds3 ) )", Split(path=(0,), count=2), "( 3x3G -> cut( ds3, ds3 ) )"),
        ("( 3x3G -> ( 1x1 ) )", Split(path=(0,), count=2), "( 3x3G -> cut( 1x1, 1x1 ) )"),
        ("( 3x3G -> ( max3 ) )", Split(path=(0,), count=2), "( 3x3G -> concat( max3, max3 ) )"),
        ("( 3x3G -> ( identity ) )", Split(path=(0,), count=2), "( 3x3G -> concat( identity, identity ) )"),
        (
            "( 3x3G -> ( identity -> ( max3 ) ) )",
            Replace(path=(0, 0), operation=Operation.DS7),
            "( 3x3G -> ( ds7 -> ( max3 ) ) )",
        ),
    ],
)
def test_apply(tree: str, transform: Transform, grown: str) -> None:
    """Each transform does to the tree what the paper says."""
    assert str(apply(Tree.parse(tree), transform)) == grown


@pytest.mark.parametrize(
    ("tree", "transform", "reason"),
    [
        ("add( 3x3G, 3x3G )", Replicate(path=(), count=2), "node root has 2 branches already"),
        ("( 3x3G )", Replicate(path=(0,), count=2), "there is no node at 0"),
        ("( 3x3G )", Replicate(path=(0, 0), count=2), "there is no edge at 0.0"),
        ("( 3x3G )", Split(path=(1,), count=2), "there is no edge at 1"),
        ("( 3x3G -> ( max3 ) )", Split(path=(), count=2), "node root cannot be split"),
        ("( 3x3G )", Insert(path=()), "there is no edge at root"),
        ("( 3x3G )", Insert(path=(-1,)), "there is no edge at -1"),
        ("( 3x3G -> ( max3 ) )", Insert(path=(0,)), "edge 0 has a node below it already"),
        ("( 3x3G )", Replace(path=(0,), operation=Operation.DS3), "edge 0: 3x3G cannot become ds3"),
        ("( 3x3G -> ( max3 ) )", Replace(path=(0, 0), operation=Operation.DS3), "max3 cannot become ds3"),
        (
            "( 3x3G -> ( identity ) )",
            Replace(path=(0, 0), operation=Operation.HOST),
            "identity cannot become 3x3G",
        ),
        ("( 3x3G )", Replace(path=(0, 0, 0), operation=Operation.DS3), "there is no edge at 0.0.0"),
    ],
)
def test_apply_refuses(tree: str, transform: Transform, reason: str) -> None:
    """A transform that does not fit is refused with the place and the reason."""
    with pytest.raises(InvalidSpec, match=reason):
        apply(Tree.parse(tree), transform)


def test_too_deep() -> None:
    """The insertion that would make a cell too deep is refused as every other misfit."""
    tree = START_CELL
    path: tuple[int, ...] = (0,)
    for _ in range(15):
        tree, path = apply(tree, Insert(path=path)), (*path, 0)
    with pytest.raises(InvalidSpec, match="17 nodes deep"):
        apply(tree, Insert(path=path))


@pytest.mark.parametrize("count", [-1, 0, 1, MAXIMUM_BRANCHES + 1, 10**12])
def test_branch_numbers(count: int) -> None:
    """A transform has at least two branches, and no more than a node may have."""
    for kind in ("replicate", "split"):
        with pytest.raises(ValidationError):
            TRANSFORMS.validate_python({"kind": kind, "path": [], "count": count})


@FAST
@given(tree=trees(), data=st.data())
def test_transforms_as_json(tree: Tree, data: st.DataObject) -> None:
    """A transform is read back from JSON with its kind, and says in one line what it does."""
    options = fitting(tree, 12)
    if options:
        transform = data.draw(st.sampled_from(options))
        assert TRANSFORMS.validate_json(TRANSFORMS.dump_json(transform)) == transform
        assert str(transform).isprintable()


@FAST
@given(tree=trees())
def test_split_merges(tree: Tree) -> None:
    """Split-Concat cuts what mixes channels and gives everything else its own share of them."""
    for transform in fitting(tree, 12):
        if isinstance(transform, Split):
            node = apply(tree, transform).node(transform.path)
            assert node is not None
            mixes = node.branches[0].operation.mixes_channels
            assert node.merge is (Merge.CUT if mixes else Merge.CONCAT)
