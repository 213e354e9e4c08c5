"""Who proposes: controllers know cells and rewards, nothing of networks or stores."""

from nasflow.controllers.count import count
from nasflow.controllers.make import make_controller
from nasflow.controllers.protocol import Batch, Controller, Request
from nasflow.controllers.reward import reward
from nasflow.controllers.walk import replay

__all__ = ["Batch", "Controller", "Request", "count", "make_controller", "replay", "reward"]
