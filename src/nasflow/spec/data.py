"""Which images a search learns from, and how they are split."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from nasflow.base.document import Document, Frozen, Seed, is_off
from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import known, plugged


class KnownDataSet(Frozen):
    """What is known of a data set before its code is imported."""

    address: str
    """`package.module:attribute` of its `nasflow.training.datasets.protocol.DataSet`."""
    held_out: int | None = None
    """Training images that a transfer holds out where nobody says how many; None: somebody has to."""
    path_holds: str | None = None
    """What its `path`, which then must be given, has inside; None: its reader can do without, or asks."""
    is_sized: bool = False
    """Whether its images have to be brought to a `size`, which then must be given."""


_HERE = "nasflow.training.datasets"

DATA_SETS = {
    "digits": KnownDataSet(address=f"{_HERE}.digits:DIGITS", held_out=200),
    "fashion-mnist": KnownDataSet(address=f"{_HERE}.fashion:FASHION_MNIST", held_out=5000),
    "cifar10": KnownDataSet(address=f"{_HERE}.cifar:CIFAR10", held_out=5000),
    "cifar100": KnownDataSet(address=f"{_HERE}.cifar:CIFAR100", held_out=5000),
    "image-folder": KnownDataSet(
        address=f"{_HERE}.folder:IMAGE_FOLDER", path_holds="a folder a class", is_sized=True
    ),
}
"""Nasflow's own data sets: a new one has its code in a file of its own, and a line here."""

PLUGGED_DATA_SETS = "nasflow.data_sets"
"""The group of entry points by which an installed package adds another: a `KnownDataSet`."""


def known_data_set(name: str) -> KnownDataSet | None:
    """What is known of the data set `name`, nasflow's own or one that is plugged in; None if there is none.

    Raise InvalidSpec if the package that offers it cannot be loaded or offers something else.
    """
    found = DATA_SETS.get(name) or plugged(PLUGGED_DATA_SETS, name)
    if found is None or isinstance(found, KnownDataSet):
        return found
    raise InvalidSpec(f"{PLUGGED_DATA_SETS} {name!r}: a KnownDataSet is wanted, not a {type(found).__name__}")


def _check_name(name: str) -> str:
    if known_data_set(name) is None:
        raise ValueError(f"no data set is called {name!r}: known are {known(PLUGGED_DATA_SETS, DATA_SETS)}")
    return name


DataSetName = Annotated[str, AfterValidator(_check_name), Field(examples=list(DATA_SETS))]
"""Of a data set that is known."""


class DataSpec(Frozen):
    """A data set by name, where its files are, and the split of its training images."""

    name: DataSetName
    """`digits`, `fashion-mnist`, `cifar10`, `cifar100`, `image-folder`, or one that an installed package
    offers."""
    path: str | None = None
    """The folder of the files, where the data set needs one."""
    held_out: int = Field(ge=1)
    """Training images held out, stratified by class, for the reward."""
    train_images: int | None = Field(default=None, ge=1)
    """Training images used besides the held-out ones, stratified; all of them if absent."""
    size: int | None = Field(default=None, ge=1)
    """Height and width to which images are brought, in pixels: an image-folder's must be, because they
    differ; others may be made smaller, for a search that costs less."""
    seed: Seed = 0
    """Seed of the split."""
    mean: tuple[float, ...] | None = Field(default=None, exclude_if=is_off)
    """Per channel, of pixels scaled to 0..1: what a network that is trained already was shown with. Absent:
    that of the training images."""
    std: tuple[Annotated[float, Field(gt=0)], ...] | None = Field(default=None, exclude_if=is_off)
    """As `mean`; both or none."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.mean is None) != (self.std is None) or len(self.mean or ()) != len(self.std or ()):
            raise ValueError("mean and std go together: a number a channel in each, or neither")
        known = self.known
        if (known.path_holds and self.path is None) or (known.is_sized and self.size is None):
            raise ValueError(f"{_article(self.name)} needs {' and '.join(_needs(known))}")
        return self

    @property
    def known(self) -> KnownDataSet:
        """What is known of this data set besides."""
        known = known_data_set(self.name)
        assert known is not None
        return known


def _needs(known: KnownDataSet) -> list[str]:
    path = [f"`path` (with {known.path_holds} inside)"] if known.path_holds else []
    return path + ["`size`"] * known.is_sized


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class DataFacts(Document):
    """What the files turned out to hold: the part of the data that a child's identity rests on."""

    spec: DataSpec
    fingerprint: str
    """sha256 over the images and labels as read (an image-folder: over names and sizes of its files)."""
    channels: int
    size: int
    classes: int
    train_images: int
    held_out_images: int
    mean: tuple[float, ...]
    """Per channel, over the training images without the held-out ones, pixels scaled to 0..1."""
    std: tuple[float, ...]
    """As `mean`; a network reads (pixel / 255 - mean) / std."""
    test: str | None = Field(default=None, exclude_if=is_off)
    """As `fingerprint`, over the test images, by which the finish knows them again; None: an older nasflow
    began, or nobody has asked yet."""
    class_names: tuple[str, ...] = Field(default=(), exclude_if=is_off)
    """In the order of the labels; empty: the data set does not say, or an older nasflow began."""

    def identity(self) -> dict[str, object]:
        """What decides the images that a child sees: not the path, which may differ on each machine, not the
        test images, and not how classes are called.
        """
        return self.model_dump(mode="json", exclude={"spec": {"path"}, "test": True, "class_names": True})

    @property
    def files(self) -> str:
        """A name for the files of both parts."""
        return f"{self.fingerprint}-{self.test}" if self.test else self.fingerprint


class DataSetRecord(Document):
    """A data set's files in the store."""

    name: DataSetName
    files: int
    packs: tuple[str, ...]
    """Blobs, each a tar archive of some of the files; none: the data set needs no files."""
