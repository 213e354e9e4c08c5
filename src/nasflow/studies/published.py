"""The networks of the paper's tables with their published sizes (Cai et al., ICML 2018, tables 1 and 2)."""

from dataclasses import dataclass

from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.host import AnyHost, CondenseNet, DenseNet, NasNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import START_CELL, Tree


@dataclass(frozen=True)
class Published:
    """One row; figures as published, None where there is none."""

    name: str
    network: NetworkSpec
    params: str | None = None
    """Millions of parameters."""
    mult_adds: str | None = None
    """Millions of multiplications with an addition, for one image."""


def _cifar(name: str, host: AnyHost, cell: Tree = START_CELL, params: str | None = None) -> Published:
    return Published(name, NetworkSpec(host=host, cell=cell, channels=3, size=32, classes=10), params)


def _imagenet(name: str, host: AnyHost, cell: Tree, mult_adds: str) -> Published:
    network = NetworkSpec(host=host, cell=cell, channels=3, size=224, classes=1000)
    return Published(name, network, mult_adds=mult_adds)


_A, _B = TREE_CELL_A, TREE_CELL_B

PUBLISHED: tuple[Published, ...] = (
    _cifar("DenseNet-BC N=31 k=40", DenseNet(growth=40, blocks=31), params="25.6"),
    _cifar("PyramidNet N=18 a=270", PyramidNet(widening=270, blocks=18), params="27.0"),
    _cifar("PyramidNet N=30 a=200", PyramidNet(widening=200, blocks=30), params="26.0"),
    _cifar("TreeCell-B DenseNet N=6 k=48 G=2", DenseNet(growth=48, blocks=6, groups=2), _B, "3.2"),
    _cifar("TreeCell-A DenseNet N=6 k=48 G=2", DenseNet(growth=48, blocks=6, groups=2), _A, "3.2"),
    _cifar("TreeCell-A DenseNet N=16 k=48 G=2", DenseNet(growth=48, blocks=16, groups=2), _A, "13.1"),
    _cifar("TreeCell-B PyramidNet N=18 a=84 G=2", PyramidNet(widening=84, blocks=18, groups=2), _B, "5.6"),
    _cifar("TreeCell-A PyramidNet N=18 a=84 G=2", PyramidNet(widening=84, blocks=18, groups=2), _A, "5.7"),
    _cifar("TreeCell-A PyramidNet N=18 a=150 G=2", PyramidNet(widening=150, blocks=18, groups=2), _A, "14.3"),
    _cifar("NASNet-A N=6 F=32", NasNet(cells=6, channels=32), params="3.3"),
    _imagenet("TreeCell-B CondenseNet", CondenseNet(), _B, "594"),
    _imagenet("NASNet-A mobile N=4 F=44", NasNet(cells=4, channels=44, stem="large"), START_CELL, "564"),
)
