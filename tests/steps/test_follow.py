from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.steps.samples import config, copy_of_finished, finished_once, open_archive

from nasflow.search.record import Attempt, Checkpoint
from nasflow.search.schedule import Train
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import STILL_SECONDS
from nasflow.steps.begin import begin
from nasflow.steps.follow import Follower
from nasflow.steps.keys import attempt_key, checkpoint_key, record_key
from nasflow.steps.ledger import read_ledger
from nasflow.store import Store, open_store


@dataclass(frozen=True)
class Counting:
    """A real store that counts what it is asked."""

    store: Store
    asked: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> object:
        self.asked[name] += 1
        return getattr(self.store, name)


def test_a_look_is_the_ledger(s3_url: str) -> None:
    """Look after look, on S3 too, what is seen is what a new process would read."""
    there = open_archive(s3_url)
    source = open_archive(finished_once())
    keys = sorted(source.store.list(""), key=lambda key: ("blobs" not in key, "children" not in key, key))
    follower = None
    for number, key in enumerate(keys):
        there.store.create(key, source.store.read(key))
        if key.endswith("start.json"):
            follower = Follower(open_archive(s3_url), "tiny")
        if follower and number % 4 == 0:
            assert follower.look().ledger == read_ledger(open_archive(s3_url), "tiny")
    assert follower
    assert follower.look().is_over


def test_what_is_done_is_read_once() -> None:
    """The second look at a finished search asks for a few documents, however many children there are."""
    store = Counting(open_store(str(finished_once())))
    follower = Follower(Archive(store), "tiny")  # type: ignore[arg-type]
    follower.look()
    first = store.asked.total()
    follower.look()
    # The budget, the next round, and the list of the ends: nothing a child.
    assert first > 40
    assert store.asked.total() - first < 10


def test_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who trains, how far, and that somebody who is still for long, or whose process is gone, does not."""
    store = copy_of_finished(tmp_path)
    archive = open_archive(store)
    child = read_ledger(archive, "tiny").rounds[1].proposal.children[0]
    history = read_ledger(archive, "tiny").networks[0].history
    for key in ("searches/tiny/finishes", "searches/tiny/rounds/0002/update.json"):
        remove(archive, key)
    remove(archive, record_key(child))
    remove(archive, attempt_key(child, 1))
    follower = Follower(open_archive(store), "tiny")
    assert follower.look().trainings == ()
    attempt = Attempt(child=child, number=1, device="cpu", seconds=3, kept_seconds=2, outcome=None)
    version = archive.replace(attempt_key(child, 1), attempt, None)
    archive.replace(checkpoint_key(child), Checkpoint(child=child, state="none", history=history), None)
    view = follower.look()
    (training,) = view.trainings
    assert view.tasks == (Train(child, "round", 2),)
    assert (training.child, training.history, training.epochs) == (child, history, 1)
    assert view.at_work == 1
    monkeypatch.setattr("nasflow.steps.attempts.STILL_SECONDS", 0.0)
    still = follower.look()
    assert (still.at_work, still.trainings[0].is_alive) == (0, False)
    assert still.idle is not None
    monkeypatch.setattr("nasflow.steps.attempts.STILL_SECONDS", STILL_SECONDS)
    beat = attempt.model_copy(update={"seconds": 13.0})
    version = archive.replace(attempt_key(child, 1), beat, version)
    assert follower.look().at_work == 1
    gone = attempt.model_copy(update={"worker": this_machine_but_dead()})
    archive.replace(attempt_key(child, 1), gone, version)
    assert follower.look().at_work == 0


def test_before_the_start_network(tmp_path: Path) -> None:
    """A search that has just begun is seen: its start network is to be trained."""
    begin(open_archive(tmp_path), config())
    view = Follower(open_archive(tmp_path), "tiny").look()
    assert view.tasks == (Train(view.ledger.start_spec.id, "start"),)
    assert not view.is_over


def remove(archive: Archive, prefix: str) -> None:
    """Go back in time: documents are gone."""
    for key in archive.store.list(prefix.rpartition("/")[0] + "/"):
        if key.startswith(prefix):
            archive.store.delete(key)


def this_machine_but_dead() -> str:
    """A process of this machine that is none any more: its number is given to another one since."""
    from nasflow.steps.worker import this_worker

    return f"{this_worker()}0"
