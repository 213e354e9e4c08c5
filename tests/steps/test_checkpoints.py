import time
from pathlib import Path

import pytest
import torch
from tests.steps.interrupted import read_attempts, train_until
from tests.steps.samples import LONGER, open_archive

from nasflow.base.errors import StoreUnavailable
from nasflow.search.record import Checkpoint, Epoch, RoundRecord
from nasflow.spec.recipe import Recipe
from nasflow.steps import checkpoints
from nasflow.steps.archive import Archive
from nasflow.steps.checkpoints import CheckpointWriter, drop_checkpoint, read_checkpoint, write_checkpoint
from nasflow.steps.child import run_child
from nasflow.steps.keys import checkpoint_key
from nasflow.store.directory import DirectoryStore
from nasflow.training import loop
from nasflow.training.state import Begun, TrainingState

STEPS = 3
"""Of an epoch: 150 images by the recipe's batches."""


@pytest.fixture
def empty(tmp_path: Path) -> Archive:
    """An empty store."""
    return open_archive(tmp_path / "store")


def state(epochs: int, steps: int = 0) -> TrainingState:
    """A training that has come so far."""
    history = tuple(
        Epoch(epoch=each, train_loss=1, train_accuracy=0.5, learning_rate=0.1)
        for each in range(1, epochs + 1)
    )
    begun = Begun(torch.ones(steps), torch.ones(steps, dtype=torch.int64)) if steps else None
    return TrainingState(epochs, {"weight": torch.full((2,), epochs + steps / 10)}, {}, history, begun)


@pytest.mark.parametrize("step", range(1, STEPS * 2))
def test_killed_after_any_step(
    step: int, proposed: Path, child: str, whole: RoundRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where checkpoints are due at any time, a killed training loses a step, and ends with the same bits."""
    assert -(-150 // Recipe.model_validate(LONGER).batch_size) == STEPS
    monkeypatch.setattr(loop, "CHECK_EVERY", 1)
    monkeypatch.setattr(checkpoints, "_SECONDS", 0)
    monkeypatch.setattr(CheckpointWriter, "is_due", lambda self: True)
    train_until((step - 0.5) / (3 * STEPS), proposed, child)
    found = open_archive(proposed).find(checkpoint_key(child), Checkpoint)
    assert found
    # The progress that kills is told of an epoch's last step before the epoch is kept.
    epochs, steps = divmod(step, STEPS)
    assert found.reached == ((epochs, steps) if steps else (epochs - 1, STEPS - 1))
    (attempt,) = read_attempts(proposed, child)
    assert attempt.kept_seconds > 0
    assert run_child(open_archive(proposed), child) == whole


def test_the_one_that_is_further_stays(empty: Archive) -> None:
    """A checkpoint is replaced by a later one alone, be it by a step; the blob of the old one goes."""
    for each, left in [
        (state(0, 2), (0, 2)),
        (state(1), (1, 0)),
        (state(0, 9), (1, 0)),
        (state(1, 3), (1, 3)),
        (state(1, 2), (1, 3)),
    ]:
        write_checkpoint(empty, "child", each)
        found = read_checkpoint(empty, "child")
        assert found
        assert found.reached == left
        assert len(empty.store.list("blobs/")) == 1
    drop_checkpoint(empty, "child")
    assert empty.store.list("") == []


def test_time_decides(empty: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is due so long after the last, as the environment says."""
    monkeypatch.setenv("NASFLOW_CHECKPOINT_SECONDS", "1")
    kept = list[float]()
    with CheckpointWriter(empty, "child", kept.append) as writer:
        assert not writer.is_due()
        time.sleep(1)
        assert writer.is_due()
        before = time.monotonic()
        writer.write(state(1))
        assert not writer.is_due()
    assert len(kept) == 1
    assert before <= kept[0] <= before + 1
    assert read_checkpoint(empty, "child")


def test_what_goes_wrong_beside_the_training(empty: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint that could not be written ends the training, at the next one or at its end."""

    def away(store: DirectoryStore, key: str, data: bytes) -> bool:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(DirectoryStore, "create", away)
    kept = list[float]()
    with pytest.raises(StoreUnavailable), CheckpointWriter(empty, "child", kept.append) as writer:
        writer.write(state(1))
    with CheckpointWriter(empty, "child", kept.append) as writer:
        writer.write(state(1))
        with pytest.raises(StoreUnavailable):
            writer.write(state(2))
        monkeypatch.undo()
        writer._going_on = None
    assert kept == []
