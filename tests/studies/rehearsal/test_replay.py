"""Searches replayed on a table that was made up, so that the best cell is known."""

import pytest
from tests.search.spaces.samples import TINY
from tests.steps.samples import config

from nasflow.base.errors import InvalidSpec
from nasflow.search.controller import EvolutionController, RandomController
from nasflow.search.halving import Halving
from nasflow.search.spaces import replay as answered
from nasflow.spec.tree import Tree
from nasflow.studies.rehearsal import Replay, rehearse
from nasflow.studies.rehearsal.run import REHEARSED_START
from nasflow.studies.signals import Signal
from nasflow.studies.truth import Curve, TrueCell, TruthTable

SIGNAL = Signal(source="scratch", figure="held-out loss", epochs=1)


def curve(early: float, late: float) -> Curve:
    """Two epochs, of which only the losses held out are told."""
    losses = (early, late)
    return Curve(train_loss=losses, train_accuracy=losses, held_out_loss=losses, held_out_accuracy=losses)


def made_up(is_misleading: bool = False) -> TruthTable:
    """Every cell of a tiny space: the more edges, the lower its loss in the end; at first as well, or not."""
    listed = TINY.listing(REHEARSED_START, 1000)
    assert listed
    cells = []
    for decisions in listed:
        tree = answered(TINY, REHEARSED_START, decisions).parts.cell.canonical()
        loss = 1 / len(list(tree.edges()))
        runs = tuple(curve(-loss if is_misleading else loss, loss + 0.001 * seed) for seed in range(2))
        cells.append(
            TrueCell(
                cell=tree,
                parameters=1,
                mult_adds=1,
                full_parameters=1,
                full_mult_adds=1,
                scratch=runs,
                inherited=curve(loss, loss),
            )
        )
    asked = config(space=TINY.model_dump())
    return TruthTable(asked=asked, seeds=2, versions={}, start=curve(1, 1), cells=tuple(cells))


def test_a_search_of_all_cells_has_nothing_to_regret() -> None:
    """Whoever sees every cell with a signal that tells the truth chooses the best."""
    judged = Replay(made_up(), SIGNAL)
    trial = rehearse(RandomController(), judged.reward(3), 3, 100, judged.space)
    assert len(trial.cells) == 26  # and the start cell
    assert judged.regret(trial, 3, 26) == pytest.approx(0)
    assert judged.regret(trial, 3, 1) >= 0


def test_a_signal_that_misleads() -> None:
    """What a search regrets is the truth of what it chose, whatever the signal said of it."""
    judged = Replay(made_up(is_misleading=True), SIGNAL)
    trial = rehearse(RandomController(), judged.reward(0), 0, 100, judged.space)
    worth = judged.worth(0)
    worst = min(worth[str(cell.canonical())] for cell in trial.cells)
    assert judged.regret(trial, 0, 26) == pytest.approx(max(worth.values()) - worst)
    assert judged.regret(trial, 0, 26) > 0.2


def test_what_was_seen_is_not_the_truth() -> None:
    """A search that is rewarded by one seed of the table is judged by the other; an inherited one by both."""
    judged = Replay(made_up(), SIGNAL)
    cell = "( 3x3G )"
    assert judged.worth(0)[cell] == -1.001
    assert judged.worth(1)[cell] == -1.0
    assert judged.reward(1)(Tree.parse(cell)) == -1.0
    inherited = Replay(made_up(), Signal(source="inherited", figure="held-out loss", epochs=2))
    assert inherited.worth(0)[cell] == pytest.approx(-1.0005)


def test_figures() -> None:
    """Mean regret after so many children, where every seed had as many; with its interval."""
    judged = Replay(made_up(), SIGNAL)
    evolution = EvolutionController(population=4, tournament=2)
    trials = [rehearse(evolution, judged.reward(seed), seed, 26, judged.space) for seed in range(3)]
    found = judged.figures(trials, range(3))["regret"]
    assert list(found) == [20]
    mean, interval = found[20]
    assert mean >= 0
    assert interval is None or interval[0] <= mean <= interval[1]


def test_halved_rounds() -> None:
    """Only those that go on can be chosen; what they cost is told beside what they are worth."""
    early = Signal(source="inherited", figure="held-out loss", epochs=2)
    judged = Replay(made_up(), early, Halving(rungs=(1,), keep=0.5))
    trial = rehearse(RandomController(), judged.reward(0), 0, 20, judged.space)
    # The inherited curve tells the same at once and in the end: nothing is lost.
    whole = Replay(made_up(), early)
    assert judged.regret(trial, 0, 20) == whole.regret(trial, 0, 20)
    assert judged.quality(trial, 0, 20) == whole.quality(trial, 0, 20) <= 1
    assert judged.figures([trial], range(1))["epochs"] == pytest.approx(0.75)
    assert whole.figures([trial], range(1))["epochs"] == 1
    # A signal that turns round lets the better ones go.
    misled = Replay(made_up(is_misleading=True), Signal(source="scratch", figure="held-out loss", epochs=2))
    halved = Replay(misled.table, misled.signal, Halving(rungs=(1,), keep=0.5))
    assert halved.regret(trial, 0, 20) > misled.regret(trial, 0, 20)


def test_quality() -> None:
    """The mean cell is 0, the best of all 1."""
    judged = Replay(made_up(), SIGNAL)
    trial = rehearse(RandomController(), judged.reward(3), 3, 100, judged.space)
    assert judged.quality(trial, 3, 26) == pytest.approx(1)


def test_a_table_with_gaps() -> None:
    """A search may ask for any cell: all have to be there, for as long as the signal wants."""
    table = made_up()
    first, *others = table.cells
    gap = table.model_copy(update={"cells": (first.model_copy(update={"inherited": None}), *others)})
    with pytest.raises(InvalidSpec, match="the table lacks 1 cells: `nasflow study truth` goes on with it"):
        Replay(gap, SIGNAL)
    with pytest.raises(InvalidSpec, match="after 3 epochs, and the table has 1 to 2"):
        Replay(table, Signal(source="scratch", figure="held-out loss", epochs=3))
    with pytest.raises(InvalidSpec, match="a rung comes before the signal's last epoch, which is 1"):
        Replay(table, SIGNAL, Halving(rungs=(1,)))
