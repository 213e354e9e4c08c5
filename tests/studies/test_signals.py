"""Signals on a table that was made up, so that it is known which of them tell."""

import numpy as np
import pytest
from tests.steps.samples import config

from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import START_CELL
from nasflow.studies.signals import FIGURES, Agreement, Signal, signal_bands, signals, signals_table
from nasflow.studies.truth import Curve, TrueCell, TruthTable

CELLS = 40


def curve(worth: float, random: np.random.Generator, is_blind: bool = False) -> Curve:
    """Eight epochs of a training: losses fall the lower the more a cell is worth; accuracies say nothing."""
    noise = random.standard_normal(8) * 0.05
    fall = np.linspace(2, 1, 8)
    losses = fall + noise - (0 if is_blind else worth)
    return Curve(
        train_loss=tuple(losses.tolist()),
        train_accuracy=tuple(random.random(8).tolist()),
        held_out_loss=tuple((losses + random.standard_normal(8) * 0.02).tolist()),
        held_out_accuracy=tuple(random.random(8).tolist()),
    )


def made_up(cells: int = CELLS) -> TruthTable:
    """From scratch, losses tell what a cell is worth; inherited, nothing does; size is worth half of it."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(cells):
        size, rest = random.standard_normal(2)
        worth = 0.2 * (size + rest)
        found.append(
            TrueCell(
                cell=START_CELL,
                parameters=1000 + int(100 * size),
                mult_adds=1,
                full_parameters=1000 + int(100 * size),
                full_mult_adds=int(random.integers(1000)),
                scratch=(curve(worth, random), curve(worth, random)),
                inherited=curve(worth, random, is_blind=True),
            )
        )
    start = curve(0, random)
    return TruthTable(asked=config(), seeds=2, versions={}, start=start, cells=tuple(found))


@pytest.fixture(scope="module")
def told() -> list[Agreement]:
    """All that the table tells."""
    return list(signals(made_up()))


def of(told: list[Agreement], truth: str, **signal: object) -> Agreement:
    """What one signal tells of one truth."""
    (found,) = (each for each in told if each.truth == truth and each.signal == Signal.model_validate(signal))
    return found


def test_what_tells_and_what_does_not(told: list[Agreement]) -> None:
    """Training losses from scratch come near the ceiling, accuracies and inherited figures tell nothing."""
    ceiling = of(told, "from scratch", source="ceiling", figure="truth of another seed")
    good = of(told, "from scratch", source="scratch", figure="sum of training losses", epochs=4)
    assert ceiling.tau > 0.7
    assert good.tau > 0.7
    assert good.interval[0] < good.tau < good.interval[1]
    for signal in (
        {"source": "scratch", "figure": "held-out accuracy", "epochs": 4},
        {"source": "inherited", "figure": "sum of training losses", "epochs": 4},
    ):
        bad = of(told, "from scratch", **signal)
        assert abs(bad.tau) < ceiling.tau / 3


def test_size_is_taken_out(told: list[Agreement]) -> None:
    """What is left of a signal once the number of parameters is known; of that number itself, nothing."""
    size = of(told, "from scratch", source="counted", figure="parameters")
    assert 0.2 < size.tau < 0.8
    assert size.partial is None
    good = of(told, "from scratch", source="scratch", figure="held-out loss", epochs=8)
    assert good.partial
    assert 0.4 < good.partial < good.tau


def test_nothing_is_held_against_itself(told: list[Agreement]) -> None:
    """The end of the inherited training is the truth of those that are trained on, and no signal of it."""
    inherited = [each for each in told if each.truth == "trained on" and each.signal.source == "inherited"]
    assert {each.signal.epochs for each in inherited} == {1, 2, 4}
    assert not [each for each in told if each.truth == "trained on" and each.signal.source == "ceiling"]


def test_as_a_page_has_it(told: list[Agreement]) -> None:
    """A line a signal, with the interval of each tau; and a band a figure."""
    lines = signals_table(told).splitlines()
    assert len(lines) == 2 + 3 + 2 * 4 * 4
    assert lines[2].startswith("| truth of another seed | +0.")
    assert {line.count("|") for line in lines} == {6}
    bands = signal_bands(told, "scratch", "from scratch")
    assert set(bands) == set(FIGURES)
    assert all(band.x == [1, 2, 4, 8] for band in bands.values())


def test_too_few_cells() -> None:
    """Nine cells have no ranks worth the name."""
    with pytest.raises(InvalidSpec, match="9 cells are trained to the end, and ranks take 10"):
        list(signals(made_up(9)))
