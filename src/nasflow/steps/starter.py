"""A first configuration that fits these images, this network and this machine."""

from dataclasses import replace

import torch
from torch import nn

from nasflow.base.lines import one_line
from nasflow.base.strict_yaml import read_yaml
from nasflow.base.terminal import say
from nasflow.networks.adopted import make
from nasflow.search.file import SearchFile
from nasflow.search.fitting import fitted
from nasflow.search.forecast import Forecast, Machine
from nasflow.search.starter import Starter, starter_sizes, usual_size
from nasflow.search.words import time_words
from nasflow.spec.data import DataSpec
from nasflow.spec.hosts import Adopted
from nasflow.steps.adopt import NoPublishedWeights
from nasflow.steps.archive import Archive
from nasflow.steps.begin import Beginning, beginning
from nasflow.steps.pace import paces_of, start_pace, work_of
from nasflow.training.datasets.decode import median_side
from nasflow.training.datasets.image_files import FolderImages
from nasflow.training.datasets.images import DataSetPart
from nasflow.training.datasets.registry import data_set

_WORTH_IT = 1.1
"""By so much another layout has to be faster: less is noise."""


def starter(name: str, path: str | None, network: str | None, size: int | None = None) -> Starter:
    """What is known before anything is timed, of a data set of STARTER_HOSTS; an image-folder has a path.

    It is told, too. `size`: pixels a side that somebody asks for. Raise DataSetMissing if there are no
    images, InvalidSpec if they, or the network, are no good.
    """
    spec = DataSpec(name=name, path=path, size=size or (1 if path else None), held_out=1)
    images = data_set(spec)
    part, test = images.read_train(spec), images.read_test(spec)
    pixels = _pixels(part)
    say(_seen(part, test, pixels))
    fresh = _classifier(network, part.classes) if network and network.startswith("torchvision:") else None
    known = Starter(name, path, network, fresh, len(part), part.classes, size=size)
    if path is None:
        return known
    sizes = (size,) if size else starter_sizes(pixels, is_own=network is None)
    return replace(known, size=usual_size(sizes), sizes=sizes, pixels=pixels)


def _pixels(part: DataSetPart) -> int:
    """Of the smaller side of its images, as they are."""
    if isinstance(part, FolderImages):
        return median_side([part.root / each for each in part.files])
    return min(part.batch(torch.tensor([0])).shape[-2:])


def _seen(part: DataSetPart, test: DataSetPart, pixels: int) -> str:
    """What was found, and which of it is for the test."""
    kept = f"{len(test)} of them are for the test"
    if isinstance(part, FolderImages) and isinstance(test, FolderImages):
        # A folder with parts has each in a folder of its own.
        kept += ", drawn from each class" if part.root == test.root else f", those in {test.root.name}/"
    return f"{len(part) + len(test):,} images, {part.classes} classes, about {pixels} pixels a side; {kept}"


def fit_starter(
    archive: Archive, wanted: Starter, machine: Machine, hours: float, step_seconds: float | None = None
) -> tuple[Starter, Forecast]:
    """As large as some hours allow, or as small as can be where they are too few, which is said; with what it
    takes then: timed here, or scaled from the seconds of a step of the start network as it is wanted.

    Raise as `beginning` and `paces_of` do.
    """
    works, tried = list[float](), list[tuple[Starter, Forecast]]()
    for resort in wanted.resorts():
        if tried:
            least = time_words(3600 * tried[-1][1].hours)
            say(f"such a search takes {least} at least, more than --hours {hours:g}: a smaller one is tried")
        form, found = _begun(archive, resort)
        works.append(work_of(found.start.network))
        paces, _ = paces_of(found, step_seconds and step_seconds * works[-1] / works[0])
        tried.append(fitted(form, found.config, paces, machine, hours))
        if tried[-1][1].hours <= hours:
            break
    best, foretold = min(tried, key=lambda each: each[1].hours)
    if foretold.hours > hours:
        # What a network of somebody's own takes, only they know.
        other = (
            "; a smaller --size is quicker, if the network takes one"
            if wanted.network and wanted.size
            else ""
        )
        say(
            f"warning: --hours {hours:g} are too few: the smallest search of these images, which the file "
            f"has, takes about {time_words(3600 * foretold.hours)} here{other}"
        )
    return (best if step_seconds else _laid_out(archive, best)), foretold


def _laid_out(archive: Archive, form: Starter) -> Starter:
    """In the layout of images in memory in which a few steps of the start network are faster here."""
    other = replace(form, channels_last=True)
    usual, turned = (start_pace(_begun(archive, each)[1]).epoch for each in (form, other))
    return other if turned * _WORTH_IT < usual else form


def _begun(archive: Archive, form: Starter) -> tuple[Starter, Beginning]:
    """The search as it would begin; without weights where those that are published cannot be had."""
    file = SearchFile.from_data(read_yaml(form.text(), "nasflow init"), "nasflow init")
    try:
        return form, beginning(archive, file.config())
    except NoPublishedWeights as error:
        if form.is_untrained:
            raise
        say(f"warning: {one_line(str(error), 300)}; the file begins without any")
        return _begun(archive, replace(form, is_untrained=True))


def _classifier(network: str, classes: int) -> str | None:
    """The tensors of a network's last linear layer, whose size follows the classes."""
    made = make(Adopted(network=network, cells=None), classes)
    names = [name for name, each in made.named_modules() if isinstance(each, nn.Linear)]
    return f"{names[-1]}.*" if names else None
