"""The three softmax heads, each with one hidden layer (Cai et al., ICML 2018, section 3.2)."""

import torch
from torch import Tensor

from nasflow.controllers.tree.parameters import Parameters, layer


def log_probabilities(parameters: Parameters, head: str, known: Tensor, legal: Tensor) -> Tensor:
    """[questions, options], minus infinity where not `legal` [questions, options].

    `known` [questions, 2 x hidden] is what the encoder says of the edge that each question is about.
    """
    logits = layer(parameters, f"{head}.last", layer(parameters, f"{head}.hidden", known).relu())
    return logits.masked_fill(~legal, -torch.inf).log_softmax(dim=1)


def entropy(logs: Tensor) -> Tensor:
    """Entropy [questions] in nats of log-probabilities [questions, options]."""
    # The filled zeros keep "0 x infinity" and its gradient from being NaN.
    return -(logs.exp() * logs.masked_fill(logs.isneginf(), 0.0)).sum(dim=1)
