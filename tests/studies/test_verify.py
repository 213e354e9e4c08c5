from nasflow.spec.edits import CellEdit, Replace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import Operation
from nasflow.studies.verify import fitting


def edits(host: DenseNet, cell: str) -> dict[str, list[CellEdit]]:
    """What fits a cell in a host."""
    return fitting(NetworkSpec(host=host, parts=Parts(cell=cell), channels=1, size=8, classes=10))


def test_every_kind_that_fits() -> None:
    """The start cell can be copied, split and deepened; only an identity can be replaced."""
    host = DenseNet(growth=8, blocks=1)
    assert set(edits(host, "( 3x3G )")) == {"replicate", "split", "insert"}
    assert set(edits(host, "add( 3x3G, 3x3G -> ( identity ) )")) == {
        "replicate",
        "split",
        "insert",
        "replace",
    }


def test_what_does_not_fit_is_left_out() -> None:
    """Two groups of one channel each cannot be split; three channels can be, in two or in three."""
    narrow, wider = DenseNet(growth=2, blocks=1, groups=2), DenseNet(growth=3, blocks=1)
    assert "split" not in edits(narrow, "( 3x3G )")
    assert [str(each) for each in edits(wider, "( 3x3G )")["split"]] == [
        "split root into 2",
        "split root into 3",
    ]


def test_all_fit() -> None:
    """Each can be applied, and changes the network; but for an identity in the place of an identity."""
    spec = NetworkSpec(
        host=DenseNet(growth=4, blocks=2, groups=2),
        parts=Parts(cell="concat( 3x3G -> ( identity -> ( identity ) ), 3x3G )"),
        channels=1,
        size=8,
        classes=10,
    )
    for edit in (each for kind in fitting(spec).values() for each in kind):
        is_nothing = isinstance(edit, Replace) and edit.operation is Operation.IDENTITY
        assert (edit.apply(spec).name == spec.name) == is_nothing
