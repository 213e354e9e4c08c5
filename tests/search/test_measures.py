from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugin import install_plugin

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import plugged
from nasflow.search.measures import MEASURES, Measure, find_measure
from nasflow.search.objective import Objective

CODE = """
from nasflow.search.measures import Measure
DEPTH = Measure("depth", "parameters", False, "depth_of_theirs:depth", is_counted=True)
"""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package with this code, whose `DEPTH` is the measure `depth`."""

    def install(code: str) -> None:
        group, address = "nasflow.measures", "depth_of_theirs:DEPTH"
        install_plugin(monkeypatch, tmp_path, group, "depth", address, depth_of_theirs=code)

    yield install
    plugged.cache_clear()


def test_names() -> None:
    """Each measure is found by its own name; whether more of it is better follows from what it is."""
    assert all(find_measure(name) is each and each.name == name for name, each in MEASURES.items())
    assert {name for name, each in MEASURES.items() if each.higher_is_better} == {"held_out_accuracy"}
    assert {name for name, each in MEASURES.items() if each.is_counted} == {"parameters", "mult_adds"}
    assert {name for name, each in MEASURES.items() if each.is_asked_for} == {"latency", "latency_64"}


def test_an_unknown_name() -> None:
    """It is refused with the known ones."""
    with pytest.raises(InvalidSpec, match="no measure is called 'depth': known are held_out_accuracy, "):
        find_measure("depth")


def test_a_measure_that_is_plugged_in(install: Callable[[str], None]) -> None:
    """An installed package adds a measure, which an objective can name as one of ours."""
    install(CODE)
    found = find_measure("depth")
    assert found == Measure("depth", "parameters", False, "depth_of_theirs:depth", is_counted=True)
    assert Objective.model_validate("depth") == Objective(minimise="depth")
    assert "depth" not in MEASURES


@pytest.mark.parametrize("code", ["DEPTH = 3", "raise RuntimeError"])
def test_a_broken_package(install: Callable[[str], None], code: str) -> None:
    """What offers something else, or cannot be loaded, is refused in one line."""
    install(code)
    with pytest.raises(InvalidSpec, match="'depth': ") as raised:
        find_measure("depth")
    assert str(raised.value).isprintable()
