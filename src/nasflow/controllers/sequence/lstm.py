"""The steps of an LSTM."""

import torch
from torch import Tensor

from nasflow.controllers.policy.parameters import Parameters, Shapes, layer, layer_shapes


def lstm_shapes(name: str, inputs: int, hidden: int) -> Shapes:
    """Of its parameters: 4 gates (write, forget, read, content), which read inputs and hidden state."""
    return layer_shapes(name, inputs + hidden, 4 * hidden)


def lstm_step(parameters: Parameters, name: str, inputs: Tensor, state: Tensor) -> Tensor:
    """The state [rows, 2 x hidden], hidden state and memory cell, after `inputs` [rows, inputs]."""
    hidden, cells = state.chunk(2, dim=1)
    gates = layer(parameters, name, torch.cat([inputs, hidden], dim=1))
    write, forget, read, content = gates.chunk(4, dim=1)
    cells = torch.addcmul(write.sigmoid() * content.tanh(), forget.sigmoid(), cells)
    return torch.cat([read.sigmoid() * cells.tanh(), cells], dim=1)


def lstm_states(parameters: Parameters, name: str, inputs: Tensor, hidden: int) -> Tensor:
    """The hidden state [steps, hidden] after each of the `inputs` [steps, inputs], from zeros on."""
    state, found = inputs.new_zeros(1, 2 * hidden), []
    for step in torch.split(inputs, 1):
        state = lstm_step(parameters, name, step, state)
        found.append(state[:, :hidden])
    return torch.cat(found)
