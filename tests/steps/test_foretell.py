from pathlib import Path
from statistics import fmean

import pytest
from tests.steps.samples import copy_of_finished, open_archive

from nasflow.measure.counts import layers
from nasflow.search.forecast import Forecast
from nasflow.search.ledger import Ledger
from nasflow.search.record import Attempt
from nasflow.spec.network import NetworkSpec
from nasflow.steps.archive import Archive
from nasflow.steps.foretell import foretell
from nasflow.steps.keys import attempt_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.pace import work_of

BORN = 40.0
"""Seconds of a network that are no step: it was imported, born, and judged."""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A finished search of which nothing was foretold."""
    return open_archive(copy_of_finished(tmp_path))


def took(archive: Archive, child: str, steps: float | None) -> None:
    """Say what a network's only attempt has taken."""
    key = attempt_key(child, 1)
    attempt, version = archive.find_changing(key, Attempt)
    assert attempt
    seconds = BORN + (steps or 0.0)
    known = {"seconds": seconds, "kept_seconds": seconds, "trained_seconds": steps}
    assert archive.replace(key, attempt.model_copy(update=known), version)


def stages(told: Forecast) -> dict[str, float]:
    """Seconds by stage."""
    return {each.stage: each.seconds for each in told.stages}


def of_start(ledger: Ledger) -> NetworkSpec:
    """The start network."""
    return ledger.start_spec.network


def first_children(ledger: Ledger) -> list[NetworkSpec]:
    """Of the first round."""
    return [of_start(ledger).with_parts(each.parts) for each in ledger.rounds[0].proposal.episodes]


@pytest.mark.parametrize(("a_layer", "an_addition"), [(0.1, 0.0), (0.0, 1e-5), (0.1, 1e-5)])
def test_a_birth_is_no_epoch(a_layer: float, an_addition: float, archive: Archive) -> None:
    """What a network took besides its steps is foretold once a network, however long that is trained and
    however large it is; an epoch has its time for each layer and for each mult-add, as two networks showed.
    """

    def epoch(network: NetworkSpec) -> float:
        return a_layer * layers(network) + an_addition * work_of(network)

    ledger = read_ledger(archive, "tiny")
    children = first_children(ledger)
    took(archive, ledger.start_spec.id, epoch(of_start(ledger)))
    took(archive, ledger.rounds[0].proposal.children[0], epoch(children[0]))
    told = foretell(archive, "tiny", lanes=1)
    assert told
    typical = fmean(map(epoch, children))
    assert stages(told) == {
        "start": pytest.approx(BORN + epoch(of_start(ledger))),
        "children": pytest.approx(4 * (BORN + typical)),
        # The host of the end is the search's; so its control is the start network, trained already.
        "finish": pytest.approx(BORN + typical),
    }


def test_more_layers_are_never_foretold_to_save_time(archive: Archive) -> None:
    """Where the larger network was the faster one, by chance, no part of the time is taken for negative."""
    ledger = read_ledger(archive, "tiny")
    took(archive, ledger.start_spec.id, 5.0)
    took(archive, ledger.rounds[0].proposal.children[0], 1.0)
    told = foretell(archive, "tiny", lanes=1)
    assert told
    assert all(each > BORN for each in stages(told).values())


def test_a_start_that_was_not_trained_here(archive: Archive) -> None:
    """Then the child alone tells, by its mult-adds."""
    ledger = read_ledger(archive, "tiny")
    took(archive, ledger.start_spec.id, None)
    took(archive, ledger.rounds[0].proposal.children[0], 2.0)
    told = foretell(archive, "tiny", lanes=1)
    assert told
    first, second = map(work_of, first_children(ledger))
    assert stages(told)["children"] == pytest.approx(4 * (BORN + 2.0 * (first + second) / 2 / first))


def test_nothing_is_told_of_what_was_not_timed(archive: Archive) -> None:
    """Older attempts do not say what their steps took; then the next child tells."""
    ledger = read_ledger(archive, "tiny")
    first, second = ledger.rounds[0].proposal.children
    took(archive, first, None)
    took(archive, second, None)
    assert foretell(archive, "tiny", lanes=1) is None
    took(archive, second, 2.0)
    assert foretell(archive, "tiny", lanes=1)
    assert foretell(archive, "tiny", lanes=1) is None


def test_nothing_is_told_of_what_was_cut_off(archive: Archive) -> None:
    """The seconds of the attempt that ended it are those of its last epochs alone."""
    first, second = read_ledger(archive, "tiny").rounds[0].proposal.children
    took(archive, first, 2.0)
    took(archive, second, None)
    attempt, _ = archive.find_changing(attempt_key(first, 1), Attempt)
    assert attempt
    archive.replace(attempt_key(first, 2), attempt.model_copy(update={"number": 2}), None)
    _, version = archive.find_changing(attempt_key(first, 1), Attempt)
    archive.replace(attempt_key(first, 1), attempt.model_copy(update={"outcome": "stopped"}), version)
    assert foretell(archive, "tiny", lanes=1) is None
    took(archive, second, 2.0)
    assert foretell(archive, "tiny", lanes=1)


def test_a_training_times_its_steps(archive: Archive) -> None:
    """They are a part of what is kept."""
    ledger = read_ledger(archive, "tiny")
    assert {each.child for each in ledger.attempts} == {each.child for each in ledger.networks}
    for each in ledger.attempts:
        assert each.trained_seconds
        assert 0 < each.trained_seconds < each.kept_seconds
