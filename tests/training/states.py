"""What a training keeps on its way."""

from dataclasses import replace

from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch
from nasflow.training.state import TrainingState


def every_state(training: Training) -> list[TrainingState]:
    """The state after each epoch of a whole training."""
    states = list[TrainingState]()
    train_network(replace(training, watch=Watch(after_epoch=states.append)))
    return states
