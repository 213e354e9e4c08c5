"""One step of SGD with Nesterov momentum, and all that differs from step to step.

Whatever is drawn for a step follows from (seed, epoch, step).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from nasflow.base.seeds import derive
from nasflow.spec.recipe import Recipe
from nasflow.training.augment import crop_and_flip, cut_out, resize_and_flip
from nasflow.training.batches import ImageBatch
from nasflow.training.condense import Condensation
from nasflow.training.determinism import generator, seed_torch
from nasflow.training.drop_path import DropPath
from nasflow.training.evaluate import normalise
from nasflow.training.schedule import drop_path, gate_opening, learning_rate
from nasflow.training.session import Training
from nasflow.training.state import TrainingState, restore_training
from nasflow.training.team import Share


@dataclass(frozen=True)
class Moment:
    """Before a step of a training."""

    epoch: int
    """From 1."""
    step: int
    """From 0 in each epoch."""
    batches: int
    """Steps of an epoch."""
    epochs: int
    """Of the whole recipe, wherever this training ends."""

    @property
    def done(self) -> int:
        """Steps before this one."""
        return (self.epoch - 1) * self.batches + self.step

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.epochs * self.batches


class Stepper:
    """Makes the steps of one training; between two of them only weights and momentum remember anything."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.device = torch.device(training.device)
        self.optimizer = _optimizer(training.network, training.recipe)
        self.paths = DropPath(training.network)
        """Whose `with` block is to be round all steps."""
        self._condensation = Condensation(training.network, training.recipe)

    def begin(self, resume: TrainingState | None) -> None:
        """Bring the network to its device and, if the training goes on, to where it stood."""
        training = self.training
        if resume is not None and training.gates is not None:
            training.gates.open(self._opened(resume))
        training.network.to(self.device, memory_format=_layout(training.recipe))  # type: ignore[call-overload]
        if resume is not None:
            restore_training(resume, training.network, self.optimizer)

    def learning_rate(self, moment: Moment) -> float:
        """Of the step at this moment."""
        return learning_rate(self.training.recipe, moment.done, moment.steps)

    def step(
        self, called: nn.Module, moment: Moment, batch: ImageBatch, share: Share
    ) -> tuple[Tensor, Tensor]:
        """This process's part of the batch's mean loss, and its number of correct images.

        `called` stands for the network, so that all processes of a team make the same step.
        """
        self._set(moment, share)
        recipe = self.training.recipe
        images, labels = self._read(moment, batch, share), batch.labels.to(self.device)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, recipe.precision == "bfloat16"):
            outputs = called(images)
            loss = F.cross_entropy(outputs.float(), labels)
            teachers = self.training.teachers
            followed = teachers.teach(outputs, loss, images) if teachers else loss
        # A team takes the mean of its gradients, and the losses of its parts are to be summed.
        whole = followed * share.part * self.training.team.size + self._condensation.penalty()
        whole.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach() * share.part, (outputs.argmax(1) == labels).sum()

    def _set(self, moment: Moment, share: Share) -> None:
        """Whatever has a schedule to where it is at this moment."""
        training, place = self.training, (moment.epoch, moment.step)
        self._open_gates(moment)
        self._condensation.advance(moment.done, moment.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(moment)
        dropped = drop_path(training.recipe, moment.done, moment.steps)
        self.paths.draw(dropped, generator(training.seed, "drop path", *place), share)
        # Dropout, which an adopted network may have, draws from torch's own generator.
        seed_torch(self.device, derive(training.seed, "dropout", *place, training.team.rank))

    def _read(self, moment: Moment, batch: ImageBatch, share: Share) -> Tensor:
        """What the network reads: float32 [batch, channels, height, width], on the device."""
        recipe, seed = self.training.recipe, self.training.seed
        pixels = batch.pixels.to(self.device)
        augment = {"standard": crop_and_flip, "resized": resize_and_flip}.get(recipe.augmentation)
        if augment:
            pixels = augment(pixels, generator(seed, "augmentation", moment.epoch, moment.step), share)
        images = normalise(pixels, self.training.data.facts, self.device)
        if recipe.cutout:
            draws = generator(seed, "cutout", moment.epoch, moment.step)
            images = cut_out(images, recipe.cutout, draws, share)
        return images.contiguous(memory_format=_layout(recipe))

    def _open_gates(self, moment: Moment) -> None:
        """In the first epoch, until they are open."""
        gates, recipe = self.training.gates, self.training.recipe
        if gates is None or moment.epoch > 1:
            return
        opening = gate_opening(recipe, moment.step, moment.batches)
        if opening < 1 or moment.step == 0 or gate_opening(recipe, moment.step - 1, moment.batches) < 1:
            gates.open(opening)
        if opening == 1:
            self._check_parameters()

    def _opened(self, resume: TrainingState) -> float:
        """How far the gates stood open in the last step before `resume`."""
        if resume.epoch:
            return 1.0
        return gate_opening(self.training.recipe, resume.step - 1, self.training.batches)

    def _check_parameters(self) -> None:
        """A gate that goes and takes a parameter's identity along would leave it untrained, silently."""
        known = {id(each) for group in self.optimizer.param_groups for each in group["params"]}
        for name, parameter in self.training.network.named_parameters():
            if id(parameter) not in known:
                raise RuntimeError(f"opening the gates replaced the parameter {name!r} by a new object")


def _optimizer(network: nn.Module, recipe: Recipe) -> SGD:
    return SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
    )


def _layout(recipe: Recipe) -> torch.memory_format:
    return torch.channels_last if recipe.channels_last else torch.contiguous_format
