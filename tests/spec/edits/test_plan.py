import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import grown, growths, trees

from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.edits import apply_all
from nasflow.spec.edits.plan import plan
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import START_CELL, Operation, Tree

FAST = settings(max_examples=60, deadline=None)


def reached(base: Tree, target: Tree) -> Tree | None:
    """What the plan makes of `base`; None if there is none."""
    edits = plan(base, target)
    return None if edits is None else grown(base, edits)


@FAST
@given(target=trees())
def test_from_the_start(target: Tree) -> None:
    """Every valid cell, in its canonical order too, grows from the start cell, branch for branch."""
    for each in (target, target.canonical()):
        assert reached(START_CELL, each) == each


@FAST
@given(base=trees(max_depth=3), data=st.data())
def test_from_any_cell(base: Tree, data: st.DataObject) -> None:
    """What edits made of any cell, a plan makes of it too, but for the order of sums."""
    target = grown(base, data.draw(growths(base, steps=5, edges=60)))
    for each in (target, target.canonical()):
        found = reached(base, each)
        assert found
        assert found.canonical() == target.canonical()


@FAST
@given(data=st.data())
def test_in_a_network(data: st.DataObject) -> None:
    """Applied to a network of the base cell, the plan gives the network of the target by its name."""
    base = data.draw(trees(max_depth=2))
    target = grown(base, data.draw(growths(base, steps=4, edges=40)))
    network = NetworkSpec(
        host=DenseNet(growth=12, blocks=1), parts=Parts(cell=base), channels=1, size=8, classes=10
    )
    edits = plan(base, target.canonical())
    assert edits is not None
    assert apply_all(edits, network).name == network.with_parts(Parts(cell=target)).name


@FAST
@given(one=trees(), other=trees())
def test_between_any_two(one: Tree, other: Tree) -> None:
    """Between any two cells there is a plan that works, or none."""
    found = reached(one, other)
    assert found is None or found.canonical() == other.canonical()


@FAST
@given(tree=trees())
def test_to_itself_nothing_is_done(tree: Tree) -> None:
    """Nothing is to be done to reach what is there, however its sums are ordered."""
    assert plan(tree, tree) == plan(tree, tree.canonical()) == plan(tree.canonical(), tree) == ()


@pytest.mark.parametrize("target", [TREE_CELL_A, TREE_CELL_B])
def test_the_published_cells(target: Tree) -> None:
    """The published cells grow from the start cell, also in their canonical order."""
    for each in (target, target.canonical()):
        assert reached(START_CELL, each) == each


@pytest.mark.parametrize(
    ("base", "target", "edits"),
    [
        # Branches of a sum change places: ds3 stays, the identity is what is replaced.
        (
            "( 3x3G -> add( ds3, identity ) )",
            "( 3x3G -> add( 1x1, ds3 ) )",
            ["replace the identity 0.1 by 1x1"],
        ),
        ("add( 3x3G -> ( ds3 ), 3x3G )", "add( 3x3G, 3x3G -> ( ds3 ) )", []),
        # Both could grow into it; the one with the node below needs fewer edits.
        (
            "add( 3x3G, 3x3G -> ( identity ) )",
            "add( 3x3G -> ( ds5 ), 3x3G )",
            ["replace the identity 1.0 by ds5"],
        ),
        # Of equal ways the one that leaves the order alone.
        (
            "add( 3x3G -> ( identity ), 3x3G -> ( identity ) )",
            "add( 3x3G -> ( ds3 ), 3x3G -> ( identity ) )",
            ["replace the identity 0.0 by ds3"],
        ),
        # Concatenations have an order.
        (
            "( 3x3G -> concat( identity, identity ) )",
            "( 3x3G -> concat( identity, max3 ) )",
            ["replace the identity 0.1 by max3"],
        ),
        # First the merge, as in an episode; a cut of an identity needs the operation before.
        (
            "( 3x3G -> ( identity ) )",
            "( 3x3G -> cut( ds3, ds3 ) )",
            ["replace the identity 0.0 by ds3", "split 0 into 2"],
        ),
        (
            "( 3x3G )",
            "add( 3x3G, 3x3G -> ( max3 ) )",
            ["replicate root into 2", "insert a node below 1", "replace the identity 1.0 by max3"],
        ),
    ],
)
def test_edits_by_hand(base: str, target: str, edits: list[str]) -> None:
    """The plan has the fewest edits that the branches of a sum allow, top down."""
    found = plan(Tree.parse(base), Tree.parse(target))
    assert found is not None
    assert list(map(str, found)) == edits


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
        ("( 3x3G -> concat( max3, avg3 ) )", "( 3x3G -> concat( avg3, max3 ) )"),
        ("( 3x3G -> add( ds3, ds5 ) )", "( 3x3G -> add( ds3, 1x1 ) )"),
        ("( 3x3G -> ( max3 ) )", "concat( 3x3G -> ( max3 ), 3x3G -> ( max3 ) )"),
    ],
)
def test_what_cannot_be_grown(base: str, target: str) -> None:
    """Edits only add: where something would have to be taken away or changed there is no plan."""
    assert plan(Tree.parse(base), Tree.parse(target)) is None


def test_a_sum_of_many_branches() -> None:
    """Also the branches of the widest sum are matched at once, and none of them is touched."""
    others = [operation for operation in Operation if operation is not Operation.HOST]
    chains = [f"3x3G -> ( {one} -> ( {other} ) )" for one in others for other in others]
    one, other = (Tree.parse(f"add( {', '.join(each)} )") for each in (chains, chains[::-1]))
    assert plan(one, other) == ()
