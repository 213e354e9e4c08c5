"""timm's networks as factories without arguments, of ten classes: `tests.studies.timm_networks:resnet18`."""

from collections.abc import Callable
from functools import partial

import timm
from torch import nn


def __getattr__(name: str) -> Callable[[], nn.Module]:
    """The factory of a network of timm; its weights are random, and nothing is downloaded."""
    if name not in timm.list_models():
        raise AttributeError(name)
    return partial(timm.create_model, name, pretrained=False, num_classes=10)
