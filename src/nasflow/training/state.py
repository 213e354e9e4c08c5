"""Where a training stands after an epoch: all that is needed to go on as if nothing had happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.optim import SGD

from nasflow.base.document import Document, is_off
from nasflow.base.errors import InvalidSpec
from nasflow.networks.state import load_state
from nasflow.search.record import Epoch
from nasflow.training.tensors import check_like, from_bytes, snapshot, to_bytes

_NETWORK, _MOMENTUM = "network/", "momentum/"
_LOSSES, _CORRECT = "begun/losses", "begun/correct"


class _Header(Document):
    """What a state holds besides tensors."""

    epoch: int
    history: tuple[Epoch, ...]
    step: int = Field(default=0, ge=0, exclude_if=is_off)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if [each.epoch for each in self.history] != list(range(1, self.epoch + 1)):
            raise ValueError(f"epoch {self.epoch} does not fit a history of {len(self.history)} epochs")
        if not self.epoch and not self.step:
            raise ValueError("nothing has been trained")
        return self


@dataclass(frozen=True, eq=False)
class Begun:
    """The steps that are done of an epoch."""

    losses: Tensor
    """float32 [steps], of each batch."""
    correct: Tensor
    """int64 [steps], the images of each batch that were told right."""


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Copies on the CPU: training on does not change them. Random numbers need no state (see the loop)."""

    epoch: int
    """Epochs done, from 1."""
    network: Mapping[str, Tensor]
    """The network's state by name, BatchNorm statistics included."""
    momentum: Mapping[str, Tensor]
    """Each parameter's momentum, by the parameter's name; a parameter without gradients has none."""
    history: tuple[Epoch, ...]
    begun: Begun | None = None
    """What is done of the next epoch; None: it has not begun."""

    @property
    def step(self) -> int:
        """Steps done of the next epoch."""
        return len(self.begun.losses) if self.begun else 0

    @property
    def reached(self) -> tuple[int, int]:
        """How far it is, in an order: epochs, and steps of the next one."""
        return self.epoch, self.step

    def to_bytes(self) -> bytes:
        """A safetensors file; the same state gives the same bytes."""
        tensors = {_NETWORK + name: tensor for name, tensor in self.network.items()}
        tensors |= {_MOMENTUM + name: tensor for name, tensor in self.momentum.items()}
        if self.begun:
            tensors |= {_LOSSES: self.begun.losses, _CORRECT: self.begun.correct}
        header = _Header(epoch=self.epoch, history=self.history, step=self.step)
        return to_bytes(tensors, header.canonical_json())

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Self:
        """Read a state from `where`; raise InvalidSpec with one line if it is broken or no state."""
        tensors, metadata = from_bytes(data, where)
        if metadata is None:
            raise InvalidSpec(f"{where}: weights without the state of a training")
        header = _Header.from_json(metadata, where)
        begun = _begun(tensors, header.step, where)
        strangers = [name for name in tensors if not name.startswith((_NETWORK, _MOMENTUM))]
        if strangers:
            raise InvalidSpec(f"{where}: {strangers[0]!r} is no part of a training state")
        network, momentum = (_below(prefix, tensors) for prefix in (_NETWORK, _MOMENTUM))
        return cls(header.epoch, network, momentum, header.history, begun)


def _begun(tensors: dict[str, Tensor], step: int, where: str) -> Begun | None:
    """Take out what is said of the next epoch; raise InvalidSpec unless it is `step` steps long."""
    losses, correct = tensors.pop(_LOSSES, None), tensors.pop(_CORRECT, None)
    if losses is None or correct is None:
        if step or losses is not None or correct is not None:
            raise InvalidSpec(f"{where}: the steps of its next epoch are not whole")
        return None
    wanted = [(step,), torch.float32, (step,), torch.int64]
    if [tuple(losses.shape), losses.dtype, tuple(correct.shape), correct.dtype] != wanted:
        raise InvalidSpec(f"{where}: the steps of its next epoch do not fit step {step}")
    return Begun(losses, correct)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def capture(
    network: nn.Module, optimizer: SGD, history: tuple[Epoch, ...], begun: Begun | None = None
) -> TrainingState:
    """The state after the last epoch of `history` and the steps that `begun` has of the next one."""
    momentum = {
        name: optimizer.state[parameter]["momentum_buffer"]
        for name, parameter in network.named_parameters()
        if optimizer.state.get(parameter, {}).get("momentum_buffer") is not None
    }
    return TrainingState(len(history), snapshot(network.state_dict()), snapshot(momentum), history, begun)


def restore_training(state: TrainingState, network: nn.Module, optimizer: SGD) -> None:
    """Put `state` back; raise InvalidSpec if it belongs to another network."""
    where = f"the checkpoint after epoch {state.epoch}"
    check_like(state.network, network.state_dict(), where)
    parameters = dict(network.named_parameters())
    known = {name: parameters[name] for name in state.momentum if name in parameters}
    check_like(state.momentum, known, where)
    load_state(network, state.network)
    for name, buffer in state.momentum.items():
        parameter = parameters[name]
        optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(buffer).detach()
