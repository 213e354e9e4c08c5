"""From a configuration to the controller it names."""

from nasflow.base.plugins import load
from nasflow.controllers.protocol import Controller
from nasflow.search.controller import ControllerSpec


def make_controller(spec: ControllerSpec, seed: int) -> Controller:
    """The controller of `spec`; `seed` decides its initial parameters, the state None."""
    made: Controller = load(spec.MAKER)(spec, seed)
    return made
