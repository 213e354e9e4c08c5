from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugin import install_plugin
from tests.search.samples import asked

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import plugged
from nasflow.search.measures import MEASURES, Measure, find_measure
from nasflow.search.objective import Objective

CODE = """
from nasflow.search.measures import Measure
STRANGE = Measure("strangeness", "parameters", False, "strange:count", is_counted=True)
"""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package with this code, whose `STRANGE` is the measure `strangeness`."""

    def install(code: str) -> None:
        group, address = "nasflow.measures", "strange:STRANGE"
        install_plugin(monkeypatch, tmp_path, group, "strangeness", address, strange=code)

    yield install
    plugged.cache_clear()


def test_names() -> None:
    """Each measure is found by its own name; whether more of it is better follows from what it is."""
    assert all(find_measure(name) is each and each.name == name for name, each in MEASURES.items())
    assert MEASURES["held_out_accuracy"].higher_is_better
    assert not MEASURES["held_out_loss"].higher_is_better
    assert all(MEASURES[name].is_counted for name in ("parameters", "mult_adds"))
    assert all(MEASURES[name].is_asked_for for name in ("latency", "latency_64"))


def test_an_unknown_name() -> None:
    """It is refused with the known ones."""
    with pytest.raises(InvalidSpec, match="called 'strangeness': known are held_out_accuracy, "):
        find_measure("strangeness")


def test_a_measure_that_is_plugged_in(install: Callable[[str], None]) -> None:
    """An installed package adds a measure, which an objective can name as one of ours."""
    install(CODE)
    found = find_measure("strangeness")
    assert found == Measure("strangeness", "parameters", False, "strange:count", is_counted=True)
    assert Objective.model_validate("strangeness") == Objective(minimise="strangeness")
    assert "strangeness" not in MEASURES


@pytest.mark.parametrize(
    "code", ["STRANGE = 3", "raise RuntimeError", CODE.replace('"strangeness"', '"oddness"')]
)
def test_a_broken_package(install: Callable[[str], None], code: str) -> None:
    """What offers something else, or cannot be loaded, is refused in one line."""
    install(code)
    with pytest.raises(InvalidSpec, match="'strangeness': ") as raised:
        find_measure("strangeness")
    assert str(raised.value).isprintable()


def test_a_plugged_in_measure_is_asked_for(install: Callable[[str], None]) -> None:
    """Whatever it says of itself, it is taken where a configuration names it: nobody else would take it."""
    install(CODE)
    assert asked(limits={"strangeness": 3}).asked_measures == ("strangeness",)
    assert asked(limits={"parameters": "3M", "latency": "4ms"}).asked_measures == ("latency",)
