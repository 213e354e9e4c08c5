"""The loop: epoch after epoch, each with its figures and a state to go on from.

Nothing random is left over from one epoch to the next: the order of the images follows from (seed,
epoch), the augmentation from (seed, epoch, step). So a training that goes on from any checkpoint
ends, on the same CPU with as many threads, with the very bits of one that was never interrupted.
"""

from contextlib import closing

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.search.record import Epoch
from nasflow.training.batches import read_ahead, shuffled
from nasflow.training.condense import FEWEST_STEPS
from nasflow.training.determinism import reproducible
from nasflow.training.evaluate import Evaluation, evaluate_network
from nasflow.training.failures import check_held_out, check_losses, memory_watched
from nasflow.training.memory import keep_freed_memory
from nasflow.training.session import Training
from nasflow.training.state import TrainingState, capture
from nasflow.training.step import Moment, Stepper
from nasflow.training.team import Team

CHECK_EVERY = 50
"""Steps between two looks at the losses: each look makes a GPU wait."""


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
        with memory_watched("before the first step"):
            stepper.begin(resume)
        with training.team.training(training.network) as called:
            while state is None or state.epoch < last:
                state = _run_epoch(stepper, called, state.history if state else ())
                training.watch.after_epoch(state)
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
    if resume is not None and resume.epoch > last:
        what = "the recipe has" if last == epochs else "it is trained until"
        raise InvalidSpec(f"the checkpoint is of epoch {resume.epoch}, and {what} {last}")


def _run_epoch(stepper: Stepper, called: nn.Module, history: tuple[Epoch, ...]) -> TrainingState:
    training, epoch = stepper.training, len(history) + 1
    with memory_watched(f"in epoch {epoch}"):
        train_loss, train_accuracy = _train_epoch(stepper, called, epoch)
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


def _train_epoch(stepper: Stepper, called: nn.Module, epoch: int) -> tuple[float, float]:
    """One pass over the training images; mean loss and accuracy over them, as they went by."""
    training = stepper.training
    called.train()
    order = shuffled(len(training.data.train), training.recipe.batch_size, training.seed, epoch)
    shares = [training.team.share(len(indices)) for indices in order]
    own = [indices[share.rows] for indices, share in zip(order, shares, strict=True)]
    losses = torch.zeros(len(order), device=stepper.device)
    correct = torch.zeros(len(order), dtype=torch.int64, device=stepper.device)
    with closing(read_ahead(training.data.train, own)) as batches:
        for step, (batch, share) in enumerate(zip(batches, shares, strict=True)):
            with memory_watched(f"at epoch {epoch}, step {step + 1}"):
                moment = _moment(training, epoch, step)
                losses[step], correct[step] = stepper.step(called, moment, batch, share)
            _look_at(training.team, losses, step, epoch)
            training.watch.beat(epoch, step + 1, len(order))
    training.team.add_up(correct)
    sizes = torch.tensor([len(indices) for indices in order], dtype=torch.float64)
    loss = (losses.cpu().double() * sizes).sum() / sizes.sum()
    return loss.item(), correct.sum().item() / int(sizes.sum())


def _moment(training: Training, epoch: int, step: int) -> Moment:
    return Moment(epoch, step, training.batches, training.recipe.epochs)


def _look_at(team: Team, losses: Tensor, step: int, epoch: int) -> None:
    """From time to time: make the losses since the last look those of the whole batches, and check them."""
    if (step + 1) % CHECK_EVERY == 0 or step + 1 == len(losses):
        first = step - step % CHECK_EVERY
        team.add_up(losses[first : step + 1])
        check_losses(losses[first : step + 1], first + 1, epoch)


def _evaluate(training: Training, epoch: int) -> Evaluation:
    """The held-out images; raise what `check_held_out` raises."""
    data = training.data
    with memory_watched(f"in the evaluation after epoch {epoch}"):
        held_out = evaluate_network(training.network, data.held_out, data.facts, device=training.device)
    check_held_out(held_out.loss, epoch)
    return held_out
