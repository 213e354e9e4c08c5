import json
from pathlib import Path
from typing import Any

import yaml
from tests.steps.grown import FOUND
from tests.steps.samples import copy_of_finished, finished_once, ledger_of, open_archive

from nasflow.base.errors import NotFound
from nasflow.search.config import SearchConfig
from nasflow.search.record import RoundRecord
from nasflow.search.rounds import Arm, Proposal
from nasflow.spec.parts import Parts
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.keys import proposal_key
from nasflow.steps.propose import propose
from nasflow.steps.turn import children_to_train, learn_from_round
from nasflow.store import Store

GOLDEN = Path(__file__).parents[1] / "golden"
ROUNDS = json.loads((GOLDEN / "expected.json").read_text())["rounds"]

BY_POLICY = [
    ["add( 3x3G, 3x3G -> add( 1x1, ds7, identity ) )", "add( 3x3G, 3x3G -> concat( avg3, identity ) )"],
    ["( 3x3G -> add( ds3, ds7, identity ) )", "add( 3x3G, 3x3G )"],
]
"""What the policy of that search proposes, since it draws in batches; random children are what they were."""


def canonical(cell: str) -> str:
    """A cell that the old version named by the order in which it grew."""
    return str(Parts.model_validate(cell).canonical())


def cells_of(store: Path, search: str) -> list[list[str]]:
    """What each round has proposed."""
    rounds = ledger_of(store, search).rounds
    return [[str(episode.parts) for episode in each.proposal.episodes] for each in rounds]


def test_the_same_proposals_as_ever(tmp_path: Path) -> None:
    """A search whose children are really trained proposes the same from version to version."""
    wanted = SearchConfig.model_validate(yaml.safe_load((GOLDEN / "search.yaml").read_text()))
    search = begin(open_archive(tmp_path), wanted)
    # The start network, then a round; the round after it is proposed only.
    for _ in range(2):
        for child in children_to_train(open_archive(tmp_path), search):
            run_child(open_archive(tmp_path), child)
        learn_from_round(open_archive(tmp_path), search)
    children_to_train(open_archive(tmp_path), search)
    found = cells_of(tmp_path, "old")
    assert [cells[:-1] for cells in found] == BY_POLICY
    assert [cells[-1] for cells in found] == [canonical(cells[-1]) for cells in ROUNDS["old"]]


def test_a_proposal_that_was_first_stays(proposed: Path) -> None:
    """Whoever proposes a round that is there gets the one that is there, and it can be made again."""
    first = propose(open_archive(proposed), "tiny", 1)
    assert open_archive(proposed).read(proposal_key("tiny", 1), Proposal) == first
    open_archive(proposed).store.delete(proposal_key("tiny", 1))
    assert propose(open_archive(proposed), "tiny", 1) == first


class Unseen:
    """A store of which a key is not there yet at the first look: somebody writes it just after that."""

    def __init__(self, store: Store, key: str) -> None:
        self._store, self._key = store, key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, key: str) -> bytes:
        """Nothing, the first time."""
        if key == self._key:
            self._key = ""
            raise NotFound(key)
        return self._store.read(key)


def test_who_proposes_at_the_same_time_draws_the_same(proposed: Path) -> None:
    """Whoever comes second, and sees the first one's children already, draws them and no others."""
    store = open_archive(proposed).store
    before, known = store.list(""), ledger_of(proposed).rounds[0].proposal
    assert propose(Archive(Unseen(store, proposal_key("tiny", 1))), "tiny", 1) == known
    assert store.list("") == before


def test_no_network_twice(tmp_path: Path) -> None:
    """No search proposes a network that it has had, whatever the order of the branches of its sums."""
    ledger = ledger_of(finished_once(**FOUND))
    start = ledger.start_spec.network
    names = [start.with_parts(each.parts).name for each in ledger.episodes.values()]
    assert len({start.name, *names}) == len(names) + 1


def test_who_has_no_wish_grows_from_the_nearest(tmp_path: Path) -> None:
    """A child of the random arm grows from the record that needs the fewest edits; of several, the best."""
    ledger = ledger_of(finished_once(**FOUND))
    config, start = ledger.config, ledger.start_spec.network
    able: dict[str, RoundRecord | None] = {ledger.start_spec.id: ledger.start}
    for each in ledger.rounds:
        for episode in each.proposal.episodes:
            if episode.arm is Arm.RANDOM:
                network = start.with_parts(episode.parts)
                ways = {
                    id: (len(edits), -score)
                    for id, record in able.items()
                    if record
                    and (score := config.judge.score(record)) is not None
                    and (edits := config.space.edits(start.with_parts(record.parts), network)) is not None
                }
                assert ways[str(episode.parent)] == min(ways.values())
                assert len(episode.edits) == ways[str(episode.parent)][0]
        able |= {record.child: record for record in each.records if record}


def test_another_process_proposes_the_same(tmp_path: Path) -> None:
    """A proposal follows from the ledger alone, with `parents: found` too."""
    store = copy_of_finished(tmp_path, **FOUND)
    last = len(ledger_of(store).rounds)
    before = open_archive(store).read(proposal_key("tiny", last), Proposal)
    open_archive(store).store.delete(proposal_key("tiny", last))
    again = propose(open_archive(store), "tiny", last)
    # What the bank held was nothing then, and is everything now.
    assert (before.banked, again.banked) == ((), again.children)
    assert again.model_copy(update={"banked": ()}) == before


def test_an_old_proposal_is_read() -> None:
    """A proposal of the old schema tells the cells that it told."""
    for search, expected in ROUNDS.items():
        assert cells_of(GOLDEN / "store", search) == expected
