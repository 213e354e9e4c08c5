"""What a training keeps on its way."""

from dataclasses import replace

import pytest

from nasflow.training import loop
from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch
from nasflow.training.state import TrainingState


def every_state(training: Training) -> list[TrainingState]:
    """The state after each epoch of a whole training."""
    states = list[TrainingState]()
    train_network(replace(training, watch=Watch(keep=states.append)))
    return states


def every_look(training: Training, monkeypatch: pytest.MonkeyPatch) -> list[TrainingState]:
    """The state after every second step, too."""
    monkeypatch.setattr(loop, "CHECK_EVERY", 2)
    states = list[TrainingState]()
    train_network(replace(training, watch=Watch(keep=states.append, is_due=lambda: True)))
    return states
