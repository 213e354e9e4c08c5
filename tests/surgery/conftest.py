"""Small hosts, trained on scikit-learn's digits once a session, so that BatchNorm statistics are real."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import reduce

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks import build, initialise
from nasflow.networks.cell import RootBranch
from nasflow.spec.growth import Transform, apply
from nasflow.spec.host import Adopted, CondenseNet, DenseNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.surgery import Gates, Grown, gated_logits, grow

TRAIN, CALIBRATE, UNSEEN = slice(0, 1000), slice(1000, 1200), slice(1200, 1296)


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """On small networks more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Digits:
    """Normalised images [images, 1, 8, 8] in three parts, and the classes of the first."""

    def __init__(self) -> None:
        loaded = load_digits()
        images = torch.tensor(loaded.images, dtype=torch.float32).unsqueeze(1)
        images = (images - images[TRAIN].mean()) / images[TRAIN].std()
        self.train, self.calibrate, self.unseen = images[TRAIN], images[CALIBRATE], images[UNSEEN]
        self.classes = torch.tensor(loaded.target)[TRAIN]


@dataclass(frozen=True)
class Host:
    """A network under growth with its spec, and what can be done to it."""

    spec: NetworkSpec
    grown: Grown
    digits: Digits

    def grow(self, *transforms: Transform, seed: int = 0) -> "Host":
        """Grown by all of `transforms`."""
        generator = torch.Generator().manual_seed(seed)
        grown = self.grown
        for transform in transforms:
            grown = grow(grown, transform, generator)
        cell = reduce(apply, transforms, self.spec.cell)
        return replace(self, spec=self.spec.model_copy(update={"cell": cell}), grown=grown)

    def train(self, steps: int, seed: int = 0) -> "Host":
        """A copy, trained for `steps` steps over whose first half all gates open."""
        network = deepcopy(self.grown.network).train()
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True)
        generator = torch.Generator().manual_seed(seed)
        with Gates(network, self.grown.births) as gates:
            for step in range(steps):
                gates.open(min(1.0, 2 * (step + 1) / steps))
                batch = torch.randint(len(self.digits.train), (64,), generator=generator)
                loss = F.cross_entropy(network(self.digits.train[batch]), self.digits.classes[batch])
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
        return replace(self, grown=Grown(network.eval()))

    def awaken(self, seed: int = 0) -> "Host":
        """A copy in which the silent BatchNorms of the root speak, though no gate was opened.

        It is another function; without it nothing that is wrong below the root would be heard.
        """
        network = deepcopy(self.grown.network)
        generator = torch.Generator().manual_seed(seed)
        for module in network.modules():
            if isinstance(module, RootBranch):
                module.norm.weight.data.normal_(generator=generator)
                module.norm.bias.data.normal_(generator=generator)
        return replace(self, grown=Grown(network, self.grown.births))

    def double(self) -> "Host":
        """A copy in double precision, where only a wrong formula makes a difference."""
        return replace(self, grown=Grown(deepcopy(self.grown.network).double(), self.grown.births))

    def logits(self) -> Tensor:
        """On unseen images [images, classes], gates shut, in evaluation mode."""

        def on_unseen(network: nn.Module) -> Tensor:
            with torch.no_grad():
                out: Tensor = network.eval()(self.digits.unseen.to(next(network.parameters())))
            return out

        return gated_logits(self.grown, on_unseen)

    def train_mode_logits(self) -> Tensor:
        """On unseen images with the batch's own statistics, gates shut; of a copy, as statistics move."""

        def on_unseen(network: nn.Module) -> Tensor:
            with torch.no_grad():
                out: Tensor = network.train()(self.digits.unseen.to(next(network.parameters())))
            return out

        return gated_logits(Grown(deepcopy(self.grown.network), self.grown.births), on_unseen)


HOSTS = {
    "plain": DenseNet(growth=6, blocks=2, stages=1),
    "two groups": DenseNet(growth=8, blocks=1, stages=2, groups=2),
    "three groups": DenseNet(growth=6, blocks=1, stages=3, groups=3),
    "condensed": CondenseNet(
        layers=(2, 2), growth=(4, 8), cells=(0, 2), groups=2, condense=2, first_stride=1
    ),
    "post-activation": Adopted(network="tests.networks.strangers:WithoutDropout"),
    "pyramid": PyramidNet(widening=6, blocks=1, stages=2, groups=2, start=6),
}


@pytest.fixture(scope="session")
def hosts() -> Callable[[str], Host]:
    """A trained host by its name in HOSTS."""
    digits = Digits()
    trained: dict[str, Host] = {}

    def host(name: str) -> Host:
        if name not in trained:
            spec = NetworkSpec(host=HOSTS[name], channels=1, size=8, classes=10)
            network = build(spec)
            initialise(network, seed=0)
            trained[name] = Host(spec, Grown(network), digits).train(steps=40)
        return trained[name]

    return host


@pytest.fixture(scope="session")
def host(hosts: Callable[[str], Host]) -> Host:
    """The host with two groups."""
    return hosts("two groups")
