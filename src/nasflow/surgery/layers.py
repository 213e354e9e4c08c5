"""Layers come and go: what the others have learned stays theirs."""

from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build
from nasflow.networks.layers import place_names
from nasflow.networks.state import load_state
from nasflow.spec.network import NetworkSpec
from nasflow.surgery.operated import Operated, Weights


def rebuilt(operated: Operated, spec: NetworkSpec) -> nn.Module:
    """The network of `spec` with the tensors of `operated` in each layer that both have.

    Raise InvalidSpec if one of them has another width now: groups part and join where layers come and go.
    """
    network, old = build(spec), operated.network
    network.to(next(old.parameters())).train(old.training)
    load_state(network, network.state_dict() | _carried(old, network))
    return network


def _carried(old: nn.Module, new: nn.Module) -> Weights:
    """Tensors by their names in the new network: a layer before which others were put has moved."""
    now, wanted = {place: name for name, place in place_names(new).items()}, new.state_dict()
    found: Weights = {}
    for name, place in place_names(old).items():
        prefix = f"{now[place]}." if now.get(place) else ""
        if place in now:
            found |= {prefix + each: tensor for each, tensor in _own(old.get_submodule(name)).items()}
    kept = {name: tensor for name, tensor in found.items() if name in wanted}
    changed = next((name for name, tensor in kept.items() if tensor.shape != wanted[name].shape), None)
    if changed:
        raise InvalidSpec(f"{changed} would get another shape: layers come and go before widths change")
    return kept


def _own(layer: nn.Module) -> Weights:
    """A layer's tensors, without those of the layers inside it."""
    return {name: tensor for name, tensor in layer.state_dict().items() if "." not in name}
