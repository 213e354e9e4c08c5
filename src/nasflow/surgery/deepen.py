"""Net2Deeper on trained weights (Chen et al., ICLR 2016)."""

from dataclasses import replace

import torch

from nasflow.networks.layers import NewLayer
from nasflow.spec.edits.deepen import Deepen
from nasflow.surgery.layers import rebuilt
from nasflow.surgery.operated import Operated


def deepen(operated: Operated, edit: Deepen, generator: torch.Generator) -> Operated:
    """The new layer is the identity on what is not negative; its BatchNorm is calibrated at the birth."""
    spec = edit.apply(operated.spec)
    network = rebuilt(operated, spec)
    name, layer = list(network.get_submodule(edit.place).named_children())[-1]
    assert isinstance(layer, NewLayer)
    layer.be_identity()
    return replace(operated, spec=spec, network=network, fresh=(*operated.fresh, f"{edit.place}.{name}.norm"))
