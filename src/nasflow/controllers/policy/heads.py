"""The softmax heads, one a kind of decision, with one hidden layer (Cai et al., ICML 2018, section 3.2)."""

import torch
from torch import Tensor

from nasflow.controllers.policy.parameters import Parameters, Shapes, layer, layer_shapes
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space


def head_shapes(spec: Policy, space: Space, known: int) -> Shapes:
    """Of the parameters of a space's heads, which read so many figures of each question."""
    found: Shapes = {}
    middle = max(1, round(spec.head_width * known))
    for head, options in space.heads().items():
        found |= layer_shapes(f"{head}.hidden", known, middle)
        found |= layer_shapes(f"{head}.last", middle, options)
    return found


def log_probabilities(parameters: Parameters, head: str, known: Tensor, legal: Tensor) -> Tensor:
    """[questions, options], minus infinity where not `legal` [questions, options].

    `known` [questions, figures] is what the reader says of each question.
    """
    logits = layer(parameters, f"{head}.last", layer(parameters, f"{head}.hidden", known).relu())
    return logits.masked_fill(~legal, -torch.inf).log_softmax(dim=1)


def entropy(logs: Tensor) -> Tensor:
    """Entropy [questions] in nats of log-probabilities [questions, options]."""
    # The filled zeros keep "0 x infinity" and its gradient from being NaN.
    return -(logs.exp() * logs.masked_fill(logs.isneginf(), 0.0)).sum(dim=1)
