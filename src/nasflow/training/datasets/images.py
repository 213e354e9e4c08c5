"""What the loop asks of labelled images, and the images that fit into memory."""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from nasflow.base.errors import InvalidSpec

_AT_ONCE = 4096
"""Images that are shrunk together: as floats they take four times their memory."""


class Images(Protocol):
    """Labelled images that are read by index."""

    @property
    def labels(self) -> Tensor:
        """Class of each image: int64 [images], on the CPU."""

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Tensor:
        """The images at `indices` (int64 [batch]): uint8 [batch, channels, height, width], on the CPU."""


class DataSetPart(Images, Protocol):
    """All images of a data set's training or test part, as its reader found them."""

    @property
    def classes(self) -> int:
        """Classes that the data set defines, whether or not each has an image here."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """How they are called, in the order of the labels; empty: nobody says."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever begins a search should hear of its files: a line each."""

    def take(self, indices: Tensor) -> Images:
        """The images at `indices` alone, in that order."""

    def fingerprint(self) -> str:
        """sha256 over what was read, in hexadecimal."""


@dataclass(frozen=True, eq=False)
class MemoryImages:
    """Images held in memory."""

    pixels: Tensor
    """uint8 [images, channels, height, width]."""
    labels: Tensor
    """int64 [images]."""
    classes: int
    remarks: tuple[str, ...] = ()
    """See DataSetPart."""
    class_names: tuple[str, ...] = ()
    """See DataSetPart."""

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Tensor) -> Tensor:
        """The images at `indices`: uint8 [batch, channels, height, width]."""
        return self.pixels[indices]

    def take(self, indices: Tensor) -> Self:
        """The images at `indices` alone, in that order."""
        return replace(self, pixels=self.pixels[indices], labels=self.labels[indices], remarks=())

    def shrunk(self, size: int) -> Self:
        """The same images with `size` pixels a side, each the mean of those that it covers.

        Raise InvalidSpec if they are smaller already.
        """
        own = self.pixels.shape[-1]
        if size > own:
            raise InvalidSpec(f"data.size is {size}, and the images have {own} pixels a side: leave it out")
        if size == own:
            return self
        means = [adaptive_avg_pool2d(each.float(), size) for each in torch.split(self.pixels, _AT_ONCE)]
        return replace(self, pixels=torch.cat([each.round().to(torch.uint8) for each in means]))

    def fingerprint(self) -> str:
        """sha256 over the shape, the pixels and the labels."""
        digest = hashlib.sha256(str(tuple(self.pixels.shape)).encode())
        digest.update(self.pixels.contiguous().numpy().data)
        digest.update(self.labels.to(torch.int64).contiguous().numpy().data)
        return digest.hexdigest()
