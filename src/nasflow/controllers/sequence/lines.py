"""Lines of layers, read forth and back: each layer as a vector that knows the whole line."""

import math
from typing import get_args

import torch
from torch import Tensor

from nasflow.controllers.policy.parameters import PRECISION, Parameters, Shapes
from nasflow.controllers.sequence.lstm import lstm_shapes, lstm_states
from nasflow.search.spaces.line import LayerFigures, LayerLine, LayerType, LineSight

_TYPES: tuple[str, ...] = get_args(LayerType)

LAYER_FIGURES = len(_TYPES) + 5
"""Of one layer: which type it is, and its sizes as powers of two."""

NO_LAYER = 0
"""The row of questions that are about none: zeros."""


def line_shapes(hidden: int) -> Shapes:
    """Of the parameters that read lines."""
    return lstm_shapes("line.forth", LAYER_FIGURES, hidden) | lstm_shapes("line.back", LAYER_FIGURES, hidden)


class KnownLines:
    """The lines that questions were about so far, each once: their layers have row numbers."""

    def __init__(self) -> None:
        self._first: dict[LayerLine, int] = {}
        self._rows = 1

    def row(self, sight: LineSight) -> int:
        """Of the layer that a question is about."""
        if sight.line is None or sight.layer is None:
            return NO_LAYER
        if sight.line not in self._first:
            self._first[sight.line] = self._rows
            self._rows += len(sight.line.layers)
        return self._first[sight.line] + sight.layer

    def encoded(self, parameters: Parameters, hidden: int) -> Tensor:
        """[rows, 2 x hidden]."""
        nothing = parameters["line.forth.bias"].new_zeros(1, 2 * hidden)
        return torch.cat([nothing, *(_read(line, parameters, hidden) for line in self._first)])

    def __len__(self) -> int:
        return self._rows


def _read(line: LayerLine, parameters: Parameters, hidden: int) -> Tensor:
    figures = torch.tensor([_figures(each) for each in line.layers], dtype=PRECISION)
    figures = figures.to(parameters["line.forth.bias"].dtype)
    forth = lstm_states(parameters, "line.forth", figures, hidden)
    back = lstm_states(parameters, "line.back", figures.flip(0), hidden).flip(0)
    return torch.cat([forth, back], dim=1)


def _figures(layer: LayerFigures) -> list[float]:
    kinds = [float(layer.type == each) for each in _TYPES]
    sizes = (layer.kernel, layer.stride, layer.reads, layer.writes, layer.size)
    return kinds + [math.log2(max(1, each)) / 4 for each in sizes]
