"""What a network is worth on the images that it was not trained on."""

from nasflow.measure.subject import Subject
from nasflow.search.measures import Measured


def held_out_accuracy(subject: Subject) -> Measured:
    """The share of the held-out images that it tells right, 0..1."""
    return Measured(value=subject.held_out.accuracy, unit="share")


def held_out_loss(subject: Subject) -> Measured:
    """The mean cross-entropy over the held-out images."""
    return Measured(value=subject.held_out.loss, unit="nats")
