"""The loop: SGD with Nesterov momentum, a cosine, and a checkpoint after each epoch.

Nothing random is left over from one epoch to the next: the order of the images follows from (seed,
epoch), the augmentation from (seed, epoch, step). So a training that goes on from any checkpoint
ends, on the same CPU with as many threads, with the very bits of one that was never interrupted.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.search.record import Epoch
from nasflow.spec.recipe import Recipe
from nasflow.training.augment import crop_and_flip, cut_out, resize_and_flip
from nasflow.training.batches import Batch, count_batches, read_ahead, shuffled
from nasflow.training.condense import FEWEST_STEPS, Condensation
from nasflow.training.datasets.data import TrainingData
from nasflow.training.determinism import generator, reproducible
from nasflow.training.drop_path import DropPath
from nasflow.training.evaluate import Evaluation, evaluate, normalise
from nasflow.training.failures import check_losses, diverged, memory_watched
from nasflow.training.schedule import drop_path, gate_opening, learning_rate
from nasflow.training.state import TrainingState, capture, restore
from nasflow.training.team import ALONE, Share, Team

CHECK_EVERY = 50
"""Steps between two looks at the losses: each look makes a GPU wait."""


class Gates(Protocol):
    """The helpers behind which new operations were born (DESIGN section 5)."""

    def open(self, share: float) -> None:
        """Stand open by `share`: 0 shut; 1 open and removed, the parameters staying the same objects.

        Called before each step with shares that never fall, with 1 once and last, within the first
        epoch; at once with 1 if a training goes on from a checkpoint.
        """


def train(
    network: nn.Module,
    data: TrainingData,
    recipe: Recipe,
    seed: int,
    *,
    device: torch.device | str = "cpu",
    gates: Gates | None = None,
    resume: TrainingState | None = None,
    after_epoch: Callable[[TrainingState], None] = lambda state: None,
    beat: Callable[[int, int, int], None] = lambda epoch, batch, batches: None,
    team: Team = ALONE,
) -> TrainingState:
    """Train `network` in place, moved to `device` and left there in evaluation mode.

    Every process of a `team` calls this with the same network, data and seed. `after_epoch` gets the state
    to store after each epoch, `beat` (epoch, batch, batches of the epoch) after each step, all from 1. Raise
    ChildFailed, naming epoch and step, if the loss is not finite or the memory runs out; InvalidSpec if
    `resume` belongs to another network or a longer training.
    """
    _check(data, recipe, resume, team)
    place, optimizer = torch.device(device), _optimizer(network, recipe)
    session = _Session(
        network,
        data,
        recipe,
        seed,
        place,
        optimizer,
        gates,
        beat,
        DropPath(network),
        Condensation(network, recipe),
        team,
    )
    with reproducible(place), session.paths, torch.random.fork_rng():
        with memory_watched("before the first step"):
            _begin(session, resume)
        state = resume
        with team.training(network) as called:
            while state is None or state.epoch < recipe.epochs:
                state = _run_epoch(session, called, state.history if state else ())
                after_epoch(state)
    network.eval()
    return state


@dataclass(frozen=True, eq=False)
class _Session:
    """What does not change from the first epoch to the last."""

    network: nn.Module
    data: TrainingData
    recipe: Recipe
    seed: int
    device: torch.device
    optimizer: SGD
    gates: Gates | None
    beat: Callable[[int, int, int], None]
    paths: DropPath
    condensation: Condensation
    team: Team

    @property
    def batches(self) -> int:
        """Steps of an epoch."""
        return count_batches(len(self.data.train), self.recipe.batch_size)

    def learning_rate(self, epoch: int, step: int) -> float:
        """Before step `step`, from 0, of epoch `epoch`, from 1."""
        return learning_rate(self.recipe, *self.done(epoch, step))

    def drop_path(self, epoch: int, step: int) -> float:
        """The probability that a branch is dropped, before the same step."""
        return drop_path(self.recipe, *self.done(epoch, step))

    def done(self, epoch: int, step: int) -> tuple[int, int]:
        """Steps before this one, and steps in all."""
        return (epoch - 1) * self.batches + step, self.recipe.epochs * self.batches


def _check(data: TrainingData, recipe: Recipe, resume: TrainingState | None, team: Team) -> None:
    batches = count_batches(len(data.train), recipe.batch_size)
    if not batches:
        raise InvalidSpec(f"{len(data.train)} training images make no batch: train_images must be larger")
    smallest = len(data.train) - (batches - 1) * recipe.batch_size
    if smallest < team.size:
        raise InvalidSpec(
            f"the last batch has {smallest} images for {team.size} processes: take fewer, or another "
            "batch_size or train_images"
        )
    if recipe.condense and batches * recipe.epochs < FEWEST_STEPS:
        raise InvalidSpec(f"condense takes {FEWEST_STEPS} steps at least, this training has {batches}")
    if resume is not None and resume.epoch > recipe.epochs:
        raise InvalidSpec(f"the checkpoint is of epoch {resume.epoch}, and the recipe has {recipe.epochs}")


def _begin(session: _Session, resume: TrainingState | None) -> None:
    if resume is not None and session.gates is not None:
        session.gates.open(1.0)
    session.network.to(session.device, memory_format=_layout(session.recipe))  # type: ignore[call-overload]
    if resume is not None:
        restore(resume, session.network, session.optimizer)


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


def _run_epoch(session: _Session, called: nn.Module, history: tuple[Epoch, ...]) -> TrainingState:
    epoch = len(history) + 1
    with memory_watched(f"in epoch {epoch}"):
        train_loss, train_accuracy = _train_epoch(session, called, epoch)
    with memory_watched(f"in the evaluation after epoch {epoch}"):
        held_out = _evaluate(session, epoch)
    metrics = Epoch(
        epoch=epoch,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        held_out_loss=held_out.loss,
        held_out_accuracy=held_out.accuracy,
        learning_rate=session.learning_rate(epoch, session.batches),
    )
    return capture(session.network, session.optimizer, (*history, metrics))


def _train_epoch(session: _Session, called: nn.Module, epoch: int) -> tuple[float, float]:
    """One pass over the training images; mean loss and accuracy over them, as they went by."""
    called.train()
    order = shuffled(len(session.data.train), session.recipe.batch_size, session.seed, epoch)
    shares = [session.team.share(len(indices)) for indices in order]
    own = [indices[share.rows] for indices, share in zip(order, shares, strict=True)]
    losses = torch.zeros(len(order), device=session.device)
    correct = torch.zeros(len(order), dtype=torch.int64, device=session.device)
    with closing(read_ahead(session.data.train, own)) as batches:
        for step, (batch, share) in enumerate(zip(batches, shares, strict=True)):
            with memory_watched(f"at epoch {epoch}, step {step + 1}"):
                losses[step], correct[step] = _step(session, called, epoch, step, batch, share)
            _look_at(session.team, losses, step, epoch)
            session.beat(epoch, step + 1, len(order))
    session.team.add_up(correct)
    sizes = torch.tensor([len(indices) for indices in order], dtype=torch.float64)
    loss = (losses.cpu().double() * sizes).sum() / sizes.sum()
    return loss.item(), correct.sum().item() / int(sizes.sum())


def _look_at(team: Team, losses: Tensor, step: int, epoch: int) -> None:
    """From time to time: make the losses since the last look those of the whole batches, and check them."""
    if (step + 1) % CHECK_EVERY == 0 or step + 1 == len(losses):
        first = step - step % CHECK_EVERY
        team.add_up(losses[first : step + 1])
        check_losses(losses[first : step + 1], first + 1, epoch)


def _step(
    session: _Session, called: nn.Module, epoch: int, step: int, batch: Batch, share: Share
) -> tuple[Tensor, Tensor]:
    """One step of SGD; this process's part of the batch's mean loss, and its number of correct images."""
    _open_gates(session, epoch, step)
    session.condensation.advance(*session.done(epoch, step))
    for group in session.optimizer.param_groups:
        group["lr"] = session.learning_rate(epoch, step)
    draws = generator(session.seed, "drop path", epoch, step)
    session.paths.draw(session.drop_path(epoch, step), draws, share)
    # Dropout, which an adopted network may have, draws from torch's own generator.
    torch.manual_seed(derive(session.seed, "dropout", epoch, step, session.team.rank))
    images, labels = _read(session, epoch, step, batch, share), batch.labels.to(session.device)
    session.optimizer.zero_grad(set_to_none=True)
    with torch.autocast(session.device.type, torch.bfloat16, session.recipe.precision == "bfloat16"):
        outputs = called(images)
    loss = F.cross_entropy(outputs.float(), labels) * share.part
    # A team takes the mean of its gradients, and the losses of its parts are to be summed.
    (loss * session.team.size + session.condensation.penalty()).backward()  # type: ignore[no-untyped-call]
    session.optimizer.step()
    return loss.detach(), (outputs.argmax(1) == labels).sum()


def _read(session: _Session, epoch: int, step: int, batch: Batch, share: Share) -> Tensor:
    """What the network reads: float32 [batch, channels, height, width], on the device."""
    pixels = batch.pixels.to(session.device)
    augment = {"standard": crop_and_flip, "resized": resize_and_flip}.get(session.recipe.augmentation)
    if augment:
        pixels = augment(pixels, generator(session.seed, "augmentation", epoch, step), share)
    images = normalise(pixels, session.data.facts, session.device)
    if session.recipe.cutout:
        draws = generator(session.seed, "cutout", epoch, step)
        images = cut_out(images, session.recipe.cutout, draws, share)
    return images.contiguous(memory_format=_layout(session.recipe))


def _open_gates(session: _Session, epoch: int, step: int) -> None:
    """Before a step of the first epoch, until they are open."""
    if session.gates is None or epoch > 1:
        return
    opening = gate_opening(session.recipe, step, session.batches)
    if opening < 1 or step == 0 or gate_opening(session.recipe, step - 1, session.batches) < 1:
        session.gates.open(opening)
    if opening == 1:
        _check_parameters(session)


def _check_parameters(session: _Session) -> None:
    """A gate that goes and takes a parameter's identity along would leave it untrained, silently."""
    known = {id(each) for group in session.optimizer.param_groups for each in group["params"]}
    for name, parameter in session.network.named_parameters():
        if id(parameter) not in known:
            raise RuntimeError(f"opening the gates replaced the parameter {name!r} by a new object")


def _evaluate(session: _Session, epoch: int) -> Evaluation:
    """The held-out images; raise ChildFailed if the last steps made the weights useless."""
    data = session.data
    held_out = evaluate(session.network, data.held_out, data.facts, device=session.device)
    if not torch.tensor(held_out.loss).isfinite():
        raise diverged(f"held-out loss is {held_out.loss} after epoch {epoch}")
    return held_out
