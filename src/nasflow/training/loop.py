"""The loop: epoch after epoch, each with its figures and a state to go on from.

Nothing random is left over from one step to the next: the order of the images follows from (seed,
epoch), the augmentation from (seed, epoch, step). So a training that goes on from any checkpoint
ends, on the same CPU with as many threads, with the very bits of one that was never interrupted.
"""

from collections.abc import Sequence
from contextlib import closing

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.search.record import Epoch
from nasflow.training.batches import read_ahead, shuffled
from nasflow.training.condense import FEWEST_STEPS
from nasflow.training.determinism import reproducible
from nasflow.training.evaluate import Evaluation, evaluate_network
from nasflow.training.failures import check_held_out, check_losses, watched
from nasflow.training.memory import keep_freed_memory
from nasflow.training.session import Training
from nasflow.training.state import Begun, TrainingState, capture
from nasflow.training.step import Moment, Stepper
from nasflow.training.team import Team

CHECK_EVERY = 50
"""Steps between two looks at the losses, where a state may be kept too: each look makes a GPU wait."""


def train_network(
    training: Training, resume: TrainingState | None = None, until: int | None = None
) -> TrainingState:
    """Train the network in place: it is moved to its device and left there in evaluation mode.

    From `resume`, or from the weights that it has, until epoch `until` is done, or the recipe's last. Every
    schedule runs over the whole recipe all the same, so that going on later gives the bits of going through.
    Raise ChildFailed, naming epoch and step, if the loss is not finite or the memory runs out; InvalidSpec if
    `resume` belongs to another network or a longer training, or if there is no such epoch.
    """
    last = training.recipe.epochs if until is None else until
    _check_size(training)
    _check_epochs(training.recipe.epochs, resume, last)
    keep_freed_memory()
    stepper, state = Stepper(training), resume
    with reproducible(stepper.device), stepper.paths, torch.random.fork_rng():
        with watched("before the first step"):
            stepper.begin(resume)
        with training.team.training(training.network) as called:
            while state is None or state.epoch < last:
                state = _run_epoch(stepper, called, state)
                training.watch.keep(state)
    training.network.eval()
    return state


def _check_size(training: Training) -> None:
    images, recipe, team, batches = len(training.data.train), training.recipe, training.team, training.batches
    if not batches:
        raise InvalidSpec(f"{images} training images make no batch: train_images must be larger")
    smallest = images - (batches - 1) * recipe.batch_size
    if smallest < team.size:
        raise InvalidSpec(
            f"the last batch has {smallest} images for {team.size} processes: take fewer, or another "
            "batch_size or train_images"
        )
    if recipe.condense and batches * recipe.epochs < FEWEST_STEPS:
        raise InvalidSpec(f"condense takes {FEWEST_STEPS} steps at least, this training has {batches}")


def _check_epochs(epochs: int, resume: TrainingState | None, last: int) -> None:
    if not 1 <= last <= epochs:
        raise InvalidSpec(f"there is no epoch {last} to train until: the recipe has {epochs}")
    if resume is not None and resume.reached > (last, 0):
        what = "the recipe has" if last == epochs else "it is trained until"
        raise InvalidSpec(f"the checkpoint is of epoch {resume.epoch}, and {what} {last}")


def _run_epoch(stepper: Stepper, called: nn.Module, before: TrainingState | None) -> TrainingState:
    training = stepper.training
    history, begun = (before.history, before.begun) if before else ((), None)
    epoch = len(history) + 1
    with watched(f"in epoch {epoch}"):
        train_loss, train_accuracy = _train_epoch(stepper, called, history, begun)
    held_out = _evaluate(training, epoch) if training.recipe.curve else None
    metrics = Epoch(
        epoch=epoch,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        held_out_loss=held_out and held_out.loss,
        held_out_accuracy=held_out and held_out.accuracy,
        learning_rate=stepper.learning_rate(_moment(training, epoch + 1, 0)),
    )
    return capture(training.network, stepper.optimizer, (*history, metrics))


def _train_epoch(
    stepper: Stepper, called: nn.Module, history: tuple[Epoch, ...], begun: Begun | None
) -> tuple[float, float]:
    """One pass over the training images, or its rest; mean loss and accuracy over all, as they went by."""
    training, epoch = stepper.training, len(history) + 1
    called.train()
    order = shuffled(len(training.data.train), training.recipe.batch_size, training.seed, epoch)
    tally = _Tally(training.team, len(order), stepper.device, begun)
    shares = [training.team.share(len(indices)) for indices in order]
    own = [indices[share.rows] for indices, share in zip(order, shares, strict=True)]
    with closing(read_ahead(training.data.train, own[tally.done :])) as batches:
        for batch in batches:
            step = tally.done
            with watched(f"at epoch {epoch}, step {step + 1}"):
                tally.add(*stepper.step(called, _moment(training, epoch, step), batch, shares[step]))
            if tally.look(epoch) and tally.done < len(order) and training.watch.is_due():
                state = capture(training.network, stepper.optimizer, history, tally.begun)
                training.watch.keep(state)
            training.watch.beat(epoch, tally.done, len(order))
    return tally.means([len(indices) for indices in order])


def _moment(training: Training, epoch: int, step: int) -> Moment:
    return Moment(epoch, step, training.batches, training.recipe.epochs)


class _Tally:
    """What the steps of an epoch have come to; on the device, because to look there makes it wait."""

    def __init__(self, team: Team, batches: int, device: torch.device, begun: Begun | None) -> None:
        self._team = team
        self._losses = torch.zeros(batches, device=device)
        self._correct = torch.zeros(batches, dtype=torch.int64, device=device)
        self.done = len(begun.losses) if begun else 0
        self._seen = self.done
        if begun:
            self._losses[: self.done], self._correct[: self.done] = begun.losses, begun.correct

    def add(self, loss: Tensor, correct: Tensor) -> None:
        """This process's part of a step."""
        self._losses[self.done], self._correct[self.done] = loss, correct
        self.done += 1

    def look(self, epoch: int) -> bool:
        """From time to time (then True): make what came since that of whole batches, check the losses."""
        is_time = self.done % CHECK_EVERY == 0 or self.done == len(self._losses)
        if is_time:
            for figures in (self._losses, self._correct):
                self._team.add_up(figures[self._seen : self.done])
            check_losses(self._losses[self._seen : self.done], self._seen + 1, epoch)
            self._seen = self.done
        return is_time

    @property
    def begun(self) -> Begun:
        """What a state in the middle of the epoch has of it; right after a look."""
        losses, correct = (each[: self.done].to("cpu", copy=True) for each in (self._losses, self._correct))
        return Begun(losses, correct)

    def means(self, images: Sequence[int]) -> tuple[float, float]:
        """Mean loss and accuracy over all images, so many a batch."""
        sizes = torch.tensor(images, dtype=torch.float64)
        loss = (self._losses.cpu().double() * sizes).sum() / sizes.sum()
        return loss.item(), self._correct.sum().item() / int(sizes.sum())


def _evaluate(training: Training, epoch: int) -> Evaluation:
    """The held-out images; raise what `check_held_out` raises."""
    data = training.data
    with watched(f"in the evaluation after epoch {epoch}"):
        held_out = evaluate_network(training.network, data.held_out, data.facts, device=training.device)
    check_held_out(held_out.loss, epoch)
    return held_out
