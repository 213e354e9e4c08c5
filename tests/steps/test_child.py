import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.steps.samples import DIVERGING, LONGER, config, documents, open_archive

from nasflow.base.errors import BlobDamaged
from nasflow.search.record import Attempt, Checkpoint, ChildRecord
from nasflow.steps import attempts
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.evaluate import evaluate
from nasflow.steps.keys import attempts_prefix, checkpoint_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.propose import propose
from nasflow.steps.train import train
from nasflow.steps.update import update
from nasflow.steps.warm_start import warm_start
from nasflow.store import blob_key
from nasflow.surgery import TOLERANCE


class Killed(BaseException):
    """Stands in for the end of a process: nothing of ours catches it."""


def killed_after(share: float) -> Callable[[float], None]:
    """A progress that ends the process once more than `share` of a training is done."""

    def progress(done: float) -> None:
        if done > share:
            raise Killed

    return progress


def train_until(share: float, store: Path, child: str) -> None:
    """Train a child in a process that ends after `share` of it."""
    warm_start(open_archive(store), child)
    with pytest.raises(Killed):
        train(open_archive(store), child, killed_after(share))


def read_attempts(store: Path, child: str) -> list[Attempt]:
    """The attempts at a child, in order."""
    archive = open_archive(store)
    return [archive.read(key, Attempt) for key in archive.store.list(attempts_prefix(child))]


def test_each_step_twice_is_once(proposed: Path, child: str) -> None:
    """A step that has been done is done: a second call returns the same and writes nothing."""
    steps: tuple[Callable[[Archive, str], object], ...] = (warm_start, train, evaluate)
    for step in steps:
        first = step(open_archive(proposed), child)
        before = documents(open_archive(proposed))
        assert step(open_archive(proposed), child) == first
        assert documents(open_archive(proposed)) == before


def test_a_round_twice_is_once(proposed: Path) -> None:
    """Proposing, updating and beginning again, in another process, changes no document."""
    for each in propose(open_archive(proposed), "tiny", 1).children:
        run_child(open_archive(proposed), each)
    first = update(open_archive(proposed), "tiny", 1)
    before = documents(open_archive(proposed))
    assert update(open_archive(proposed), "tiny", 1) == first
    propose(open_archive(proposed), "tiny", 1)
    begin(open_archive(proposed), config(child=LONGER))
    assert documents(open_archive(proposed)) == before


def test_the_receipt(archive: Archive, child: str) -> None:
    """A child starts where its parent stood, to 1e-6 of its largest logit, and says by which transforms."""
    receipt = warm_start(archive, child).receipt
    start = read_ledger(archive, "tiny").start
    assert receipt
    assert start
    assert receipt.difference <= TOLERANCE == 1e-6
    assert receipt.transforms
    assert all(each.difference <= TOLERANCE for each in receipt.transforms)
    assert receipt.images == 100
    assert receipt.parent_accuracy == start.accuracy


def test_three_processes_or_one(proposed: Path, child: str, tmp_path: Path) -> None:
    """Warm-start, train and evaluate by three processes, as in a pipeline, end in the record of one."""
    other = open_archive(tmp_path / "other")
    begin(other, config(child=LONGER))
    start = read_ledger(other, "tiny").start_spec
    assert start
    run_child(other, start.id)
    assert propose(other, "tiny", 1).children[0] == child
    whole = run_child(other, child)
    for step in (warm_start, train):
        step(open_archive(proposed), child)
    assert evaluate(open_archive(proposed), child) == whole


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_killed_training_goes_on(share: float, proposed: Path, child: str) -> None:
    """A training killed in any of its epochs, and again, ends with the very bits of one that was not."""
    whole = run_child(open_archive(proposed), child)
    forget(proposed, child)
    train_until(share / 2, proposed, child)
    train_until(share, proposed, child)
    done = 3 * share // 1
    checkpoint = open_archive(proposed).find(checkpoint_key(child), Checkpoint)
    assert (len(checkpoint.history) if checkpoint else 0) == done
    assert run_child(open_archive(proposed), child) == whole
    left = open_archive(proposed).store
    assert not left.exists(checkpoint_key(child))
    assert checkpoint is None or not left.exists(blob_key(checkpoint.state))


def forget(store: Path, child: str) -> None:
    """Remove all that is known of a child but its spec."""
    kept = open_archive(store).store
    for key in kept.list(f"children/{child}/"):
        if not key.endswith("spec.json"):
            kept.delete(key)


def test_a_damaged_checkpoint(proposed: Path, child: str) -> None:
    """A cut-off checkpoint stops the training in one line; once it is deleted, the training begins anew."""
    train_until(0.5, proposed, child)
    checkpoint = open_archive(proposed).read(checkpoint_key(child), Checkpoint)
    blob = proposed / blob_key(checkpoint.state)
    blob.write_bytes(blob.read_bytes()[:-20])
    with pytest.raises(BlobDamaged, match=checkpoint.state) as caught:
        train(open_archive(proposed), child)
    assert "\n" not in str(caught.value)
    blob.unlink()
    assert run_child(open_archive(proposed), child).status == "trained"


def test_the_attempts_of_a_killed_child(proposed: Path, child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed attempt leaves its seconds and what of them was kept; the next one has the next number."""
    monkeypatch.setattr(attempts, "BEAT_SECONDS", 0.0)
    train_until(0.5, proposed, child)
    run_child(open_archive(proposed), child)
    killed, useful = read_attempts(proposed, child)
    assert (killed.number, useful.number) == (1, 2)
    assert killed.outcome is None
    assert killed.seconds > killed.kept_seconds > 0
    assert useful.outcome == "useful"
    assert useful.seconds == pytest.approx(useful.kept_seconds, abs=0.1)


def test_two_attempts_at_once(proposed: Path, child: str) -> None:
    """Two processes at work on one child number their attempts apart, and neither overwrites the other's."""
    with attempts.AttemptLog(open_archive(proposed), child, "cpu"):
        with attempts.AttemptLog(open_archive(proposed), child, "cpu") as second:
            second.keep()
        assert [each.outcome for each in read_attempts(proposed, child)] == [None, "useful"]
    assert [each.outcome for each in read_attempts(proposed, child)] == ["useful", "useful"]


def test_a_child_that_fails(tmp_path: Path) -> None:
    """A learning rate of 1e9 is a result: a failed record that says where the loss left the numbers."""
    archive = open_archive(tmp_path)
    begin(archive, config(**DIVERGING | {"failure_share": 1.0}))
    start = read_ledger(archive, "tiny").start_spec
    assert start
    run_child(archive, start.id)
    for child in propose(archive, "tiny", 1).children:
        record = run_child(archive, child)
        assert record.status == "failed"
        assert record.accuracy is None
        assert record.weights is None
        assert record.failure
        assert "nan at epoch 1, step" in record.failure or "inf at epoch 1, step" in record.failure
        assert record.receipt
        assert [each.outcome for each in read_attempts(tmp_path, child)] == ["failed"]
    assert update(archive, "tiny", 1).metrics.get("mean_reward") is None
    assert read_ledger(archive, "tiny").rounds[0].is_complete


def test_children_of_a_failed_start(tmp_path: Path) -> None:
    """Where the parent has no weights, the child fails with the parent's reason, and trains nothing."""
    archive = open_archive(tmp_path)
    begin(archive, config(start={"epochs": 1, "learning_rate": 1e9}))
    start = read_ledger(archive, "tiny").start_spec
    assert start
    failure = run_child(archive, start.id).failure
    record = run_child(archive, propose(archive, "tiny", 1).children[0])
    assert record.failure == f"its parent {start.id} has no weights: {failure}"
    assert not read_attempts(tmp_path, record.child)


def test_a_network_without_memory(tmp_path: Path) -> None:
    """A network that does not fit into the memory fails, as a child, before it is built: Linux would give it
    pages until there are none, and kill."""
    archive = open_archive(tmp_path)
    begin(archive, config(host={"kind": "densenet", "growth": 4_000_000, "blocks": 1, "stages": 2}))
    start = read_ledger(archive, "tiny").start_spec
    assert start
    record: ChildRecord = run_child(archive, start.id)
    assert record.failure
    assert re.fullmatch(
        r"out of memory: training its [\d,]+ parameters takes \d+ GiB, and the machine has \d+: .*",
        record.failure,
    )
