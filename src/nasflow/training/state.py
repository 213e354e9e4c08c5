"""Where a training stands after an epoch: all that is needed to go on as if nothing had happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.optim import SGD

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.search.record import Epoch
from nasflow.training.tensors import check_like, from_bytes, snapshot, to_bytes

_NETWORK, _MOMENTUM = "network/", "momentum/"


class _Header(Document):
    """What a state holds besides tensors."""

    epoch: int
    history: tuple[Epoch, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if [each.epoch for each in self.history] != list(range(1, self.epoch + 1)) or not self.history:
            raise ValueError(f"epoch {self.epoch} does not fit a history of {len(self.history)} epochs")
        return self


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

    def to_bytes(self) -> bytes:
        """A safetensors file; the same state gives the same bytes."""
        tensors = {_NETWORK + name: tensor for name, tensor in self.network.items()}
        tensors |= {_MOMENTUM + name: tensor for name, tensor in self.momentum.items()}
        return to_bytes(tensors, _Header(epoch=self.epoch, history=self.history).canonical_json())

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Self:
        """Read a state from `where`; raise InvalidSpec with one line if it is broken or no state."""
        tensors, metadata = from_bytes(data, where)
        if metadata is None:
            raise InvalidSpec(f"{where}: weights without the state of a training")
        header = _Header.from_json(metadata, where)
        strangers = [name for name in tensors if not name.startswith((_NETWORK, _MOMENTUM))]
        if strangers:
            raise InvalidSpec(f"{where}: {strangers[0]!r} is no part of a training state")
        network, momentum = (_below(prefix, tensors) for prefix in (_NETWORK, _MOMENTUM))
        return cls(header.epoch, network, momentum, header.history)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def capture(network: nn.Module, optimizer: SGD, history: tuple[Epoch, ...]) -> TrainingState:
    """The state after the last epoch of `history`."""
    momentum = {
        name: optimizer.state[parameter]["momentum_buffer"]
        for name, parameter in network.named_parameters()
        if optimizer.state.get(parameter, {}).get("momentum_buffer") is not None
    }
    return TrainingState(len(history), snapshot(network.state_dict()), snapshot(momentum), history)


def restore_training(state: TrainingState, network: nn.Module, optimizer: SGD) -> None:
    """Put `state` back; raise InvalidSpec if it belongs to another network."""
    where = f"the checkpoint after epoch {state.epoch}"
    check_like(state.network, network.state_dict(), where)
    parameters = dict(network.named_parameters())
    known = {name: parameters[name] for name in state.momentum if name in parameters}
    check_like(state.momentum, known, where)
    network.load_state_dict(dict(state.network))
    for name, buffer in state.momentum.items():
        parameter = parameters[name]
        optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(buffer).detach()
