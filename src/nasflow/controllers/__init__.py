"""Who proposes: controllers know cells and rewards, nothing of networks or stores."""

from nasflow.controllers.make import make_controller
from nasflow.controllers.protocol import Batch, Controller, Request
from nasflow.controllers.reward import reward
from nasflow.search.spaces.path.count import count
from nasflow.search.spaces.path.walk import replay

__all__ = ["Batch", "Controller", "Request", "count", "make_controller", "replay", "reward"]
