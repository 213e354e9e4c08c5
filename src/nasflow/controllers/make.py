"""From a configuration to the controller it names."""

from nasflow.controllers.protocol import Controller
from nasflow.search.config import ControllerSpec, EvolutionController, Policy


def make_controller(spec: ControllerSpec, seed: int) -> Controller:
    """The controller of `spec`; `seed` decides its initial parameters, the state None."""
    if isinstance(spec, Policy):
        from nasflow.controllers.tree.controller import TreePolicyController

        return TreePolicyController(spec, seed)
    if isinstance(spec, EvolutionController):
        from nasflow.controllers.evolution import RegularisedEvolution

        return RegularisedEvolution(spec)
    from nasflow.controllers.uniform import UniformController

    return UniformController()
