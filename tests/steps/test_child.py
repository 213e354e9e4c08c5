from collections.abc import Callable
from pathlib import Path

import pytest
from tests.steps.interrupted import read_attempts, train_until
from tests.steps.samples import LONGER, config, documents, ledger_of, open_archive, trained

from nasflow.base.errors import BlobDamaged
from nasflow.search.record import AnyRecord, Checkpoint
from nasflow.steps import attempts
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import evaluate, run_child, train, warm_start
from nasflow.steps.images import training_data
from nasflow.steps.keys import checkpoint_key
from nasflow.steps.learn import learn
from nasflow.steps.propose import propose
from nasflow.steps.records import find_record
from nasflow.store import blob_key
from nasflow.surgery import TOLERANCE


def test_each_step_twice_is_once(proposed: Path, child: str) -> None:
    """A step that has been done is done: a second call returns the same and writes nothing."""
    steps: tuple[Callable[[Archive, str], object], ...] = (warm_start, train, evaluate)
    for step in steps:
        first = step(open_archive(proposed), child)
        before = documents(open_archive(proposed))
        assert step(open_archive(proposed), child) == first
        assert documents(open_archive(proposed)) == before


def test_a_round_twice_is_once(proposed: Path) -> None:
    """Proposing, learning and beginning again, in another process, changes no document."""
    for each in propose(open_archive(proposed), "tiny", 1).children:
        run_child(open_archive(proposed), each)
    first = learn(open_archive(proposed), "tiny", 1)
    before = documents(open_archive(proposed))
    assert learn(open_archive(proposed), "tiny", 1) == first
    propose(open_archive(proposed), "tiny", 1)
    begin(open_archive(proposed), config(child=LONGER))
    assert documents(open_archive(proposed)) == before


def test_the_receipt(proposed: Path, archive: Archive, child: str) -> None:
    """A child starts where its parent stood, to 1e-6 of its largest logit, and says by which edits."""
    receipt = warm_start(archive, child).receipt
    ledger = ledger_of(proposed)
    assert receipt
    assert receipt.difference <= TOLERANCE == 1e-6
    assert receipt.tolerance == TOLERANCE
    assert receipt.edits
    assert tuple(each.edit for each in receipt.edits) == ledger.episodes[child].edits
    assert receipt.images == 100
    assert receipt.parent_accuracy == trained(ledger.start).accuracy


def test_a_record_knows_what_a_guess_gets_right(proposed: Path, archive: Archive) -> None:
    """The share of the commonest class of the held-out images, beside which an accuracy is to be read."""
    ledger = ledger_of(proposed)
    labels = training_data(archive, ledger.start_spec.data).held_out.labels.tolist()
    assert trained(ledger.start).guess == max(map(labels.count, labels)) / len(labels)


def test_three_processes_or_one(proposed: Path, child: str, whole: AnyRecord) -> None:
    """Warm-start, train and evaluate by three processes, as in a pipeline, end in the record of one."""
    for step in (warm_start, train):
        step(open_archive(proposed), child)
    assert evaluate(open_archive(proposed), child) == whole


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_killed_training_goes_on(share: float, proposed: Path, child: str, whole: AnyRecord) -> None:
    """A training killed in any of its epochs, and again, ends with the very bits of one that was not."""
    train_until(share / 2, proposed, child)
    train_until(share, proposed, child)
    done = 3 * share // 1
    checkpoint = open_archive(proposed).find(checkpoint_key(child), Checkpoint)
    assert (len(checkpoint.history) if checkpoint else 0) == done
    assert run_child(open_archive(proposed), child) == whole
    left = open_archive(proposed).store
    assert not left.exists(checkpoint_key(child))
    assert checkpoint is None or not left.exists(blob_key(checkpoint.state))


def test_rung_by_rung(proposed: Path, child: str, whole: AnyRecord) -> None:
    """Trained until an epoch, and later to its end: the very bits of a training that went through."""
    for until in (1, 1, 2):
        run_child(open_archive(proposed), child, until=until)
        checkpoint = open_archive(proposed).read(checkpoint_key(child), Checkpoint)
        assert len(checkpoint.history) == until
        assert find_record(open_archive(proposed), child) is None
    before = documents(open_archive(proposed), ["attempts"])
    run_child(open_archive(proposed), child, until=1)
    assert documents(open_archive(proposed), ["attempts"]) == before
    assert run_child(open_archive(proposed), child) == whole
    assert {each.outcome for each in read_attempts(proposed, child)} == {"useful"}


def test_a_damaged_checkpoint(proposed: Path, child: str, whole: AnyRecord) -> None:
    """A cut-off checkpoint stops the training in one line; once it is deleted, the training begins anew."""
    train_until(0.5, proposed, child)
    checkpoint = open_archive(proposed).read(checkpoint_key(child), Checkpoint)
    blob = proposed / blob_key(checkpoint.state)
    blob.write_bytes(blob.read_bytes()[:-20])
    with pytest.raises(BlobDamaged, match=checkpoint.state) as caught:
        train(open_archive(proposed), child)
    assert "\n" not in str(caught.value)
    blob.unlink()
    assert run_child(open_archive(proposed), child) == whole


def test_the_attempts_of_a_killed_child(proposed: Path, child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed attempt leaves its seconds and what of them was kept; the next one has the next number."""
    monkeypatch.setattr(attempts, "BEAT_SECONDS", 0.01)
    train_until(0.5, proposed, child)
    run_child(open_archive(proposed), child)
    killed, useful = read_attempts(proposed, child)
    assert (killed.number, useful.number) == (1, 2)
    assert killed.outcome is None
    assert killed.seconds > killed.kept_seconds > 0
    assert useful.outcome == "useful"
    assert useful.seconds == pytest.approx(useful.kept_seconds, abs=0.1)
