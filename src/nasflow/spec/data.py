"""Which images a search learns from, and how they are split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nasflow.base.document import Document, Frozen, Seed, is_off

DataSetName = Literal["digits", "fashion-mnist", "cifar10", "cifar100", "image-folder"]


class DataSpec(Frozen):
    """A data set by name, where its files are, and the split of its training images."""

    name: DataSetName
    path: str | None = None
    """The folder of the files; digits need none."""
    held_out: int = Field(ge=1)
    """Training images held out, stratified by class, for the reward."""
    train_images: int | None = Field(default=None, ge=1)
    """Training images used besides the held-out ones, stratified; all of them if absent."""
    size: int | None = Field(default=None, ge=1)
    """Height and width to which an image-folder's images are brought, in pixels."""
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
        if self.name == "image-folder" and (self.path is None or self.size is None):
            raise ValueError("an image-folder needs `path` (with train/ and test/ inside) and `size`")
        if self.name != "image-folder" and self.size is not None:
            raise ValueError(f"size is for an image-folder only: {self.name} has the size of its images")
        return self


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

    def identity(self) -> dict[str, object]:
        """What decides the images that a child sees; the path, which may differ on each machine, does not."""
        return self.model_dump(mode="json", exclude={"spec": {"path"}})


class DataSetRecord(Document):
    """A data set's files in the store."""

    name: DataSetName
    files: int
    packs: tuple[str, ...]
    """Blobs, each a tar archive of some of the files; none: the data set needs no files."""
