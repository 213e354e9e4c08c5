from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.spec.recipe import Distil
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.distil import Teachers
from nasflow.training.evaluate import evaluate_network
from nasflow.training.loop import train_network
from nasflow.training.session import Training

NewTraining = Callable[[int], Training]


class Says(nn.Module):
    """Always the same logits."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [batch, classes]."""
        return self.logits.expand(len(images), -1)


def test_the_loss() -> None:
    """Labels and teachers by their weights; the target is the mean of the softened probabilities."""
    outputs, images = torch.tensor([[2.0, 0.0]]), torch.zeros(1, 1, 2, 2)
    label = F.cross_entropy(outputs, torch.tensor([0]))
    teachers = Teachers([Says(3.0, 0.0), Says(0.0, 3.0)], Distil(weight=0.25, temperature=3.0))
    said = F.softmax(outputs / 3, dim=1)
    wanted = torch.tensor([[0.5, 0.5]])
    apart = (wanted * (wanted / said).log()).sum() * 9
    assert teachers.teach(outputs, label, images).item() == pytest.approx(
        (0.75 * label + 0.25 * apart).item()
    )


def test_who_says_the_same_learns_nothing() -> None:
    """A student that agrees with its teacher has no loss but that of the labels."""
    outputs = torch.tensor([[1.0, -1.0]], requires_grad=True)
    teachers = Teachers([Says(1.0, -1.0)], Distil(weight=1.0))
    loss = teachers.teach(outputs, torch.tensor(7.0), torch.zeros(1, 1, 2, 2))
    (gradient,) = torch.autograd.grad(loss, outputs)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert gradient.abs().max().item() == pytest.approx(0, abs=1e-6)


def test_a_teacher_is_learned_from(new_training: NewTraining, data: TrainingData) -> None:
    """A student whose labels are wrong comes to what its teacher says; without it, to nothing."""
    taught = new_training(0)
    recipe = taught.recipe.model_copy(update={"epochs": 10, "augmentation": "none"})
    train_network(replace(taught, recipe=recipe))
    labels = torch.randperm(len(data.train.labels), generator=torch.Generator().manual_seed(0))
    assert isinstance(data.train, MemoryImages)
    wrong = replace(data, train=replace(data.train, labels=data.train.labels[labels]))
    distil = Distil(weight=1.0)
    found = []
    for teachers in (Teachers([taught.network], distil), None):
        student = replace(new_training(1), recipe=recipe, data=wrong, teachers=teachers)
        train_network(student)
        found.append(evaluate_network(student.network, data.held_out, data.facts, device="cpu").accuracy)
    assert found[0] > 0.8
    assert found[1] < 0.5


def test_a_teacher_stays_as_it_is(new_training: NewTraining) -> None:
    """Neither its weights nor its BatchNorms follow what it is shown."""
    teacher = new_training(0).network
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    student = replace(new_training(1), teachers=Teachers([teacher], Distil()))
    train_network(student)
    after = teacher.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
