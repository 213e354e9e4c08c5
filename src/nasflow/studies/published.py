"""The networks of the paper's tables with their published sizes (Cai et al., ICML 2018, tables 1 and 2)."""

from dataclasses import dataclass

import torch

from nasflow.measure import counted
from nasflow.measure.counts import Cost, cost_of
from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.hosts import CondenseNet, DenseNet, Host, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import START_CELL, Tree
from nasflow.studies.nasnet import NasNet, NasNetwork


@dataclass(frozen=True)
class PublishedNetwork:
    """One row; figures as published, None where there is none."""

    name: str
    network: NetworkSpec | NasNet
    """One of ours, or the baseline, which takes no part of ours."""
    parameters: str | None = None
    """Millions of parameters."""
    mult_adds: str | None = None
    """Millions of multiplications with an addition, for one image."""

    def cost(self) -> Cost:
        """Counted from its built modules; where it is one of ours, as a search counts it."""
        if isinstance(self.network, NetworkSpec):
            found = counted(self.network, Cost._fields)
            return Cost(*(int(found[name].value) for name in Cost._fields))
        with torch.device("meta"):
            network, image = NasNetwork(self.network), torch.zeros(1, 3, self.network.size, self.network.size)
        return cost_of(network, image)


def _cifar(name: str, host: Host, cell: Tree = START_CELL, parameters: str | None = None) -> PublishedNetwork:
    network = NetworkSpec(host=host, parts=Parts(cell=cell), channels=3, size=32, classes=10)
    return PublishedNetwork(name, network, parameters)


def _imagenet(name: str, host: Host, cell: Tree, mult_adds: str) -> PublishedNetwork:
    network = NetworkSpec(host=host, parts=Parts(cell=cell), channels=3, size=224, classes=1000)
    return PublishedNetwork(name, network, mult_adds=mult_adds)


_NASNET = NasNet(cells=6, channels=32, size=32, classes=10)
_NASNET_MOBILE = NasNet(cells=4, channels=44, size=224, classes=1000, stem="large")

_A, _B = TREE_CELL_A, TREE_CELL_B

PUBLISHED_NETWORKS: tuple[PublishedNetwork, ...] = (
    _cifar("DenseNet-BC N=31 k=40", DenseNet(growth=40, blocks=31), parameters="25.6"),
    _cifar("PyramidNet N=18 a=270", PyramidNet(widening=270, blocks=18), parameters="27.0"),
    _cifar("PyramidNet N=30 a=200", PyramidNet(widening=200, blocks=30), parameters="26.0"),
    _cifar("TreeCell-B DenseNet N=6 k=48 G=2", DenseNet(growth=48, blocks=6, groups=2), _B, "3.2"),
    _cifar("TreeCell-A DenseNet N=6 k=48 G=2", DenseNet(growth=48, blocks=6, groups=2), _A, "3.2"),
    _cifar("TreeCell-A DenseNet N=16 k=48 G=2", DenseNet(growth=48, blocks=16, groups=2), _A, "13.1"),
    _cifar("TreeCell-B PyramidNet N=18 a=84 G=2", PyramidNet(widening=84, blocks=18, groups=2), _B, "5.6"),
    _cifar("TreeCell-A PyramidNet N=18 a=84 G=2", PyramidNet(widening=84, blocks=18, groups=2), _A, "5.7"),
    _cifar("TreeCell-A PyramidNet N=18 a=150 G=2", PyramidNet(widening=150, blocks=18, groups=2), _A, "14.3"),
    PublishedNetwork("NASNet-A N=6 F=32", _NASNET, parameters="3.3"),
    _imagenet("TreeCell-B CondenseNet", CondenseNet(), _B, "594"),
    PublishedNetwork("NASNet-A mobile N=4 F=44", _NASNET_MOBILE, mult_adds="564"),
)
