"""Children that fail: their failure is a result, written once and read by everybody."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.plugin import install_plugin
from tests.steps.grown import FIRST, write_child
from tests.steps.interrupted import out_of_memory, read_attempts, train_until
from tests.steps.samples import (
    DIVERGING,
    LONGER,
    TINY,
    config,
    documents,
    failed,
    ledger_of,
    open_archive,
    run_search,
    trained,
)

from nasflow.base.errors import ChildFailed, SearchFailed
from nasflow.base.plugins import plugged
from nasflow.search.measures import MEASURES, USUAL
from nasflow.search.record import FailedRecord, TrainedRecord, TrainingRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import evaluate, run_child, train, warm_start
from nasflow.steps.execute import tasks_of
from nasflow.steps.keys import birth_key, checkpoint_key, record_key, spec_key, training_key
from nasflow.steps.learn import learn
from nasflow.steps.propose import propose
from nasflow.steps.records import write_record
from nasflow.store import get_blob, put_blob
from nasflow.surgery import operate_all
from nasflow.training.memory import UNKNOWN_ROOM
from nasflow.training.tensors import from_bytes, to_bytes


def start_of(folder: Path, **changes: Any) -> tuple[Archive, str]:
    """A search that has begun, and its start network."""
    archive = open_archive(folder)
    begin(archive, config(**changes))
    return archive, ledger_of(folder).start_spec.id


def assert_done(folder: Path, child: str) -> FailedRecord:
    """The failure is written, and every step of another process reads it and writes nothing."""
    before = documents(open_archive(folder))
    record = failed(run_child(open_archive(folder), child))
    steps: tuple[Callable[[Archive, str], object], ...] = (warm_start, train, evaluate)
    for step in steps:
        assert step(open_archive(folder), child) == record
    assert documents(open_archive(folder)) == before
    assert not open_archive(folder).store.exists(checkpoint_key(child))
    assert not open_archive(folder).store.exists(training_key(child))
    return record


def test_a_training_that_diverges(tmp_path: Path) -> None:
    """A learning rate of 1e9 is a result: a failed record that says where the loss left the numbers, with its
    receipt and what can be counted; the controller learns from the round all the same."""
    archive, start = start_of(tmp_path, **DIVERGING | {"failure_share": 1.0})
    run_child(archive, start)
    for child in propose(archive, "tiny", 1).children:
        run_child(archive, child)
        record = assert_done(tmp_path, child)
        assert re.match(r"loss is (nan|inf) at epoch 1, step \d", record.failure)
        assert record.receipt
        assert set(record.measures) == {name for name in USUAL if MEASURES[name].is_counted}
        assert [each.outcome for each in read_attempts(tmp_path, child)] == ["failed"]
    assert "mean_reward" not in learn(archive, "tiny", 1).metrics
    assert ledger_of(tmp_path).rounds[0].is_complete


def test_what_was_kept_of_a_training_that_diverges(tmp_path: Path) -> None:
    """The curve up to its last good epoch is in the record: it shows how the training went wrong."""
    # Each step makes the weights larger, until they are no numbers any more.
    recipe = {"epochs": 6, "learning_rate": 1.0, "weight_decay": 10.0}
    archive, start = start_of(tmp_path, start=recipe)
    run_child(archive, start)
    record = assert_done(tmp_path, start)
    found = re.search(r"(?:at|after) epoch (\d)", record.failure)
    assert found
    assert [each.epoch for each in record.history] == list(range(1, int(found[1])))
    assert record.history


def test_children_of_a_failed_start(tmp_path: Path) -> None:
    """Where the parent has no weights, the child fails with the parent's reason, and trains nothing."""
    archive, start = start_of(tmp_path, start={"epochs": 1, "learning_rate": 1e9})
    failure = failed(run_child(archive, start)).failure
    child = write_child(archive, start, FIRST)
    run_child(archive, child)
    record = assert_done(tmp_path, child)
    assert record.failure == f"its parent {start} has no weights: {failure}"
    assert [each.outcome for each in read_attempts(tmp_path, child)] == ["failed"]


def test_a_birth_that_fails(proposed: Path, archive: Archive) -> None:
    """A parent whose logits are no numbers has no children: each fails at its birth, once."""
    parent = ledger_of(proposed).start_spec.id
    record = archive.read(record_key(parent), TrainedRecord)
    broken, _ = from_bytes(get_blob(archive.store, record.weights), parent)
    broken["classifier.bias"][0] = torch.inf
    digest = put_blob(archive.store, to_bytes(broken))
    archive.store.delete(record_key(parent))
    write_record(archive, record.model_copy(update={"weights": digest}))
    child = write_child(open_archive(proposed), parent, FIRST)
    run_child(open_archive(proposed), child)
    failure = assert_done(proposed, child)
    assert "the network's logits are not finite" in failure.failure
    assert failure.receipt is None
    assert [each.outcome for each in read_attempts(proposed, child)] == ["failed"]
    assert not archive.store.exists(birth_key(child))


def test_a_network_without_memory(tmp_path: Path) -> None:
    """A network that does not fit into the memory fails, as a child, before it is built: Linux would give it
    pages until there are none, and kill."""
    host = {"kind": "densenet", "growth": 4_000_000, "blocks": 1, "stages": 2}
    archive = open_archive(tmp_path)
    begin(archive, config(host=host), UNKNOWN_ROOM)
    start = ledger_of(tmp_path).start_spec.id
    run_child(archive, start)
    assert re.fullmatch(
        r"out of memory: training its [\d,]+ parameters takes \d+ .iB, and this \w+ has .*iB: .*",
        assert_done(tmp_path, start).failure,
    )


def test_a_training_without_memory(proposed: Path, child: str) -> None:
    """A training that finds no memory fails in the epoch where it does; the epochs before are told."""
    run_child(open_archive(proposed), child, out_of_memory(0.5))
    record = assert_done(proposed, child)
    assert record.failure == "out of memory in epoch 2: a smaller batch size or a smaller network fits"
    assert [each.epoch for each in record.history] == [1]
    assert record.receipt


def test_a_batch_of_one(tmp_path: Path) -> None:
    """Where a BatchNorm would have to learn from one number, the child fails with the remedy."""
    archive = open_archive(tmp_path)
    begin(archive, config(host=TINY["host"] | {"stages": 4}, start={"epochs": 1, "batch_size": 1}))
    start = ledger_of(tmp_path).start_spec.id
    run_child(archive, start)
    assert assert_done(tmp_path, start).failure == (
        "one image is too few at epoch 1, step 1 for a BatchNorm: a larger batch size fits"
    )


def test_a_failure_after_a_kill(proposed: Path, child: str) -> None:
    """The epochs that an earlier process has kept belong to the curve of the failure."""
    train_until(0.7, proposed, child)
    run_child(open_archive(proposed), child, out_of_memory(0.9))
    assert [each.epoch for each in assert_done(proposed, child).history] == [1, 2]
    assert [each.outcome for each in read_attempts(proposed, child)] == [None, "failed"]


Progress = Callable[[float], None]


def in_between(share: float, act: Callable[[], object], then: Progress) -> Progress:
    """A progress in which another process acts, once, when `share` of a training is done; then `then`."""
    acts = [act]

    def progress(done: float) -> None:
        if done > share:
            while acts:
                acts.pop()()
            then(done)

    return progress


def nothing(share: float) -> None:
    """The progress of a training that goes on."""


def test_one_trains_and_another_fails(proposed: Path, child: str) -> None:
    """Of two processes at one child the first to end says what became of it: here it is trained."""
    whole: list[object] = []

    def other() -> None:
        whole.append(run_child(open_archive(proposed), child))

    record = run_child(open_archive(proposed), child, in_between(0.5, other, out_of_memory(0.0)))
    assert whole == [trained(record)]
    assert trained(run_child(open_archive(proposed), child)) == record
    assert sorted(str(each.outcome) for each in read_attempts(proposed, child)) == ["failed", "useful"]


def test_one_fails_and_another_trains(proposed: Path, child: str) -> None:
    """And here it has failed, whatever the other process has reached."""
    whole: list[object] = []

    def other() -> None:
        whole.append(run_child(open_archive(proposed), child, out_of_memory(0.0)))

    record = run_child(open_archive(proposed), child, in_between(0.5, other, nothing))
    assert whole == [failed(record)]
    assert run_child(open_archive(proposed), child) == record
    assert [each.epoch for each in failed(record).history] == [1]
    assert open_archive(proposed).find(training_key(child), TrainingRecord)
    assert sorted(str(each.outcome) for each in read_attempts(proposed, child)) == ["failed", "useful"]


def test_one_trains_and_another_fails_at_the_birth(
    proposed: Path, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A birth that finds no memory where another process has trained the child takes over its result."""
    calls: list[object] = []

    def broken(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 1:
            return operate_all(*arguments)
        run_child(open_archive(proposed), child)
        raise MemoryError

    monkeypatch.setattr("nasflow.steps.warm_start.operate_all", broken)
    record = trained(run_child(open_archive(proposed), child))
    assert len(calls) == 2
    assert trained(run_child(open_archive(proposed), child)) == record


def test_an_evaluation_without_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measure that finds no memory makes a failed child of a trained one: it keeps its curve."""
    code = (
        "from nasflow.search.measures import Measure\n"
        'HUNGRY = Measure("hungry", "share", True, "hungry_measure:take", is_asked_for=True)\n'
        "def take(subject):\n    raise MemoryError\n"
    )
    address = "hungry_measure:HUNGRY"
    install_plugin(monkeypatch, tmp_path, "nasflow.measures", "hungry", address, hungry_measure=code)
    archive, start = start_of(tmp_path / "store", measures=["hungry"])
    record = failed(run_child(archive, start))
    assert record.failure.startswith("out of memory in its evaluation")
    assert len(record.history) == 1
    assert failed(run_child(open_archive(tmp_path / "store"), start)) == record
    plugged.cache_clear()


def test_a_search_whose_children_fail(tmp_path: Path) -> None:
    """It ends by its failure budget, with nothing left to be done, and has chosen nothing."""
    with pytest.raises(SearchFailed, match="2 of 2 children failed, the last one: loss is"):
        run_search(tmp_path, config(**DIVERGING))
    ledger = ledger_of(tmp_path)
    assert ledger.stop
    assert (ledger.stop.reason, ledger.stop.best, ledger.chosen) == ("failures", None, None)
    assert tasks_of(open_archive(tmp_path), "tiny") == ()


def test_a_winner_that_cannot_be_trained_at_full_size(tmp_path: Path) -> None:
    """What was found is kept; the finish says in one line why there is none."""
    finish = config().finish.model_dump() | {"recipe": {"epochs": 1, "learning_rate": 1e9}, "controls": ()}
    reason = r"could not be trained at full size: loss is .* another finish"
    with pytest.raises(ChildFailed, match=reason) as caught:
        run_search(tmp_path, config(finish=finish, budget={"children": 1}, children_per_round=1))
    assert "\n" not in str(caught.value)
    ledger = ledger_of(tmp_path)
    assert ledger.chosen
    assert failed(ledger.final)
    assert ledger.finish is None


def test_the_spec_of_a_failed_child_is_whole(tmp_path: Path) -> None:
    """So that somebody can see what it was that could not be trained."""
    archive, start = start_of(tmp_path, start=LONGER | {"learning_rate": 1e9})
    record = failed(run_child(archive, start))
    spec = archive.read(spec_key(start), ChildSpec)
    assert (record.child, record.parts) == (spec.id, spec.network.parts)
