"""What the training itself has told of a network."""

from nasflow.measure.subject import Subject
from nasflow.search.measures import Measured


def training_loss(subject: Subject) -> Measured | None:
    """The mean cross-entropy over the images of the last epoch, as they went by; None without an epoch."""
    if not subject.history:
        return None
    return Measured(value=subject.history[-1].train_loss, unit="nats")


def training_loss_sum(subject: Subject) -> Measured | None:
    """The sum of the training losses over the epochs: how fast it learned; None without an epoch.

    Training speed estimation (Ru et al., NeurIPS 2021).
    """
    if not subject.history:
        return None
    return Measured(value=sum(epoch.train_loss for epoch in subject.history), unit="nats")
