from pathlib import Path

import pytest
from tests.steps.samples import config, documents, ledger_of, open_archive, run_search

from nasflow.search.costs import costs


def test_a_child_is_trained_once(finished: Path) -> None:
    """Another search on the same store that proposes the same children trains none of them again."""
    before = documents(open_archive(finished))
    run_search(finished, config(name="again"))
    after = documents(open_archive(finished))
    new = {key for key in after if key not in before}
    assert all(key.startswith("searches/again/") for key in new), new
    assert all(after[key] == value for key, value in before.items())
    one, other = (ledger_of(finished, name) for name in ("tiny", "again"))
    assert other.children == one.children
    assert (other.start, other.finals) == (one.start, one.finals)
    assert [each.update for each in other.rounds] == [each.update for each in one.rounds]
    assert [each.proposal.banked for each in other.rounds] == [each.proposal.children for each in one.rounds]
    assert not {each.proposal.banked for each in one.rounds} - {()}


def test_banked_children_cost_nothing(finished: Path) -> None:
    """The seconds of a banked child are those of the search that trained it."""
    run_search(finished, config(name="again"))
    one, other = (ledger_of(finished, name) for name in ("tiny", "again"))
    searched = {record.child for record in one.children}
    told = [attempt for attempt in other.attempts if attempt.child in searched]
    assert {attempt.child for attempt in told} == searched
    assert costs(other).cpu.reused == pytest.approx(sum(attempt.seconds for attempt in told))
    assert costs(one).cpu.reused == 0
