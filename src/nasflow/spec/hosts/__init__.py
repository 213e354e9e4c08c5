"""The hosts: one file a kind, each with the places for parts and the address of its builder."""

from typing import Annotated

from nasflow.base.plugins import OpenUnion
from nasflow.spec.hosts.adopted import Adopted
from nasflow.spec.hosts.chain import Chain
from nasflow.spec.hosts.condensenet import CondenseNet
from nasflow.spec.hosts.densenet import DenseNet
from nasflow.spec.hosts.host import Host
from nasflow.spec.hosts.pyramidnet import PyramidNet
from nasflow.spec.hosts.written import Written

HOSTS = (DenseNet, PyramidNet, CondenseNet, Chain, Written, Adopted)

AnyHost = Annotated[Host, OpenUnion("nasflow.hosts", HOSTS, default="densenet")]
"""DenseNet was the only host once: a configuration of that time does not say so."""

__all__ = ["HOSTS", "Adopted", "AnyHost", "Chain", "CondenseNet", "DenseNet", "Host", "PyramidNet", "Written"]
