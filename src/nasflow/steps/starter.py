"""A first configuration that fits these images, this network and this machine."""

from dataclasses import replace

from torch import nn

from nasflow.base.lines import one_line
from nasflow.base.strict_yaml import read_yaml
from nasflow.base.terminal import say
from nasflow.networks.adopted import make
from nasflow.search.file import SearchFile
from nasflow.search.forecast import Forecast, Machine
from nasflow.search.starter import LARGE_IMAGES, SMALL_IMAGES, Starter, fitted
from nasflow.spec.data import DataSpec
from nasflow.spec.hosts import Adopted
from nasflow.steps.adopt import NoPublishedWeights
from nasflow.steps.archive import Archive
from nasflow.steps.begin import beginning
from nasflow.steps.pace import paces_of
from nasflow.training.datasets.registry import data_set


def starter(name: str, path: str | None, network: str | None) -> Starter:
    """What is known before anything is timed, of a data set of STARTER_HOSTS; an image-folder has a path.

    Raise DataSetMissing if there are no images, InvalidSpec if they, or the network, are no good.
    """
    size = (LARGE_IMAGES if network else SMALL_IMAGES) if path else None
    spec = DataSpec(name=name, path=path, size=size, held_out=1)
    part = data_set(spec).read_train(spec)
    fresh = _classifier(network, part.classes) if network and network.startswith("torchvision:") else None
    return Starter(name, path, network, fresh, len(part), part.classes, size=size)


def fit_starter(
    archive: Archive, wanted: Starter, machine: Machine, hours: float, step_seconds: float | None = None
) -> tuple[Starter, Forecast]:
    """As large as some hours allow, with what it takes then: timed here, or scaled from a step's seconds.

    Raise as `beginning` and `paces_of` do, and InvalidSpec where the hours are too few.
    """
    smallest = SearchFile.from_data(read_yaml(wanted.text(), "nasflow init"), "nasflow init")
    try:
        found = beginning(archive, smallest.config())
    except NoPublishedWeights as error:
        if wanted.is_untrained:
            raise
        say(f"warning: {one_line(str(error), 300)}; the file begins without any")
        return fit_starter(archive, replace(wanted, is_untrained=True), machine, hours, step_seconds)
    paces, _ = paces_of(found, step_seconds)
    return fitted(wanted, found.config, paces, machine, hours)


def _classifier(network: str, classes: int) -> str | None:
    """The tensors of a network's last linear layer, whose size follows the classes."""
    made = make(Adopted(network=network, cells=None), classes)
    names = [name for name, each in made.named_modules() if isinstance(each, nn.Linear)]
    return f"{names[-1]}.*" if names else None
