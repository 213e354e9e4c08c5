from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugin import install_plugin

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import plugged
from nasflow.spec.data import PLUGGED_DATA_SETS, DataSpec
from nasflow.training.datasets.data import load_data, load_test
from nasflow.training.datasets.digits import DIGITS
from nasflow.training.datasets.registry import data_set

ROW = """
from nasflow.spec.data import KnownDataSet
ROW = KnownDataSet(address="images_of_theirs:IMAGES", held_out=9)
"""

TWICE = """
from nasflow.training.datasets.digits import Digits
class Twice(Digits):
    def read_train(self, spec):
        part = super().read_train(spec)
        return part.take(part.labels.new_tensor([*range(len(part))] * 2))
IMAGES = Twice()
"""
"""The digits, with each training image twice."""


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package with a data set `theirs` and this code for it."""

    def install(images: str) -> None:
        modules = {"row_of_theirs": ROW, "images_of_theirs": images}
        install_plugin(monkeypatch, tmp_path, PLUGGED_DATA_SETS, "theirs", "row_of_theirs:ROW", **modules)

    yield install
    plugged.cache_clear()


def test_the_code_of_a_name() -> None:
    """A name leads to the object that reads it."""
    assert data_set(DataSpec(name="digits", held_out=100)) is DIGITS


def test_an_installed_data_set(plugin: Callable[[str], None]) -> None:
    """One that another package brings is read like nasflow's own."""
    plugin(TWICE)
    spec = DataSpec(name="theirs", held_out=100)
    assert load_data(spec).facts.train_images == 2 * 1438 - 100
    assert len(load_test(spec)) == 359


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no such\\nluck')", r"cannot be loaded \(RuntimeError: no such luck\)"),
        ("OTHER = 1", r"cannot be loaded \(AttributeError"),
        ("IMAGES = 1", "is no DataSet, but a int"),
        ("def", r"cannot be loaded \(SyntaxError"),
    ],
)
def test_a_broken_one(plugin: Callable[[str], None], code: str, reason: str) -> None:
    """Code that cannot be imported, or is no data set's, is one line with name and address."""
    plugin(code)
    with pytest.raises(InvalidSpec, match=rf"data set 'theirs': images_of_theirs:IMAGES {reason}") as caught:
        data_set(DataSpec(name="theirs", held_out=100))
    assert "\n" not in str(caught.value)
