"""The spaces: what a search may change, as questions; one folder or file a kind."""

from typing import Annotated

from nasflow.base.plugins import OpenUnion
from nasflow.search.spaces.chain import ChainSpace
from nasflow.search.spaces.joint import JointSpace
from nasflow.search.spaces.layer import LayerSpace
from nasflow.search.spaces.path import PathSpace
from nasflow.search.spaces.protocol import Asking, Question, Space, Walk, replay
from nasflow.search.spaces.removal import RemovalSpace

SPACES = (PathSpace, LayerSpace, RemovalSpace, JointSpace, ChainSpace)

AnySpace = Annotated[Space, OpenUnion("nasflow.spaces", SPACES, default="path")]
"""The path space was the only one once: a configuration of that time does not say so."""

__all__ = [
    "SPACES",
    "AnySpace",
    "Asking",
    "ChainSpace",
    "JointSpace",
    "LayerSpace",
    "PathSpace",
    "Question",
    "RemovalSpace",
    "Space",
    "Walk",
    "replay",
]
