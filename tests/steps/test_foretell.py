from pathlib import Path

import pytest
from tests.steps.samples import copy_of_finished, open_archive

from nasflow.search.forecast import Forecast
from nasflow.search.ledger import Ledger
from nasflow.search.record import Attempt
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


def additions(ledger: Ledger) -> list[float]:
    """Mult-adds of the first round's children."""
    start = ledger.start_spec.network
    return [work_of(start.with_parts(each.parts)) for each in ledger.rounds[0].proposal.episodes]


def test_a_birth_is_no_epoch(archive: Archive) -> None:
    """What a network took besides its steps is foretold once a network, however long that is trained and
    however large it is; an epoch grows with the mult-adds.
    """
    ledger = read_ledger(archive, "tiny")
    took(archive, ledger.start_spec.id, 3.0)
    took(archive, ledger.rounds[0].proposal.children[0], 2.0)
    told = foretell(archive, "tiny", lanes=1)
    assert told
    first, second = additions(ledger)
    typical = 2.0 * (first + second) / 2 / first
    assert stages(told) == {
        "start": pytest.approx(BORN + 3.0),
        "children": pytest.approx(4 * (BORN + typical)),
        # The host of the end is the search's; so its control is the start network, trained already.
        "finish": pytest.approx(BORN + typical),
    }


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


def test_a_training_times_its_steps(archive: Archive) -> None:
    """They are a part of what is kept."""
    ledger = read_ledger(archive, "tiny")
    assert {each.child for each in ledger.attempts} == {each.child for each in ledger.networks}
    for each in ledger.attempts:
        assert each.trained_seconds
        assert 0 < each.trained_seconds < each.kept_seconds
