"""Batches of images: which ones, in which order, the next one read while this one is used."""

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.training.datasets.images import Images
from nasflow.training.determinism import generator


@dataclass(frozen=True, eq=False)
class ImageBatch:
    """Some images and their classes, on the CPU."""

    pixels: Tensor
    """uint8 [batch, channels, height, width]."""
    labels: Tensor
    """int64 [batch]."""


def count_batches(images: int, batch_size: int) -> int:
    """Batches an epoch: a last incomplete one counts, unless it is a single image.

    BatchNorm has no statistics of a single value.
    """
    whole, rest = divmod(images, batch_size)
    return whole + (rest > 1)


def shuffled(images: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Indices of an epoch's batches, int64 [batch] each: a permutation that (seed, epoch) decides."""
    order = torch.randperm(images, generator=generator(seed, "order", epoch))
    return in_batches(order, batch_size)[: count_batches(images, batch_size)]


def in_batches(indices: Tensor, batch_size: int) -> list[Tensor]:
    """`indices` cut into batches, int64 [batch] each; the last may be smaller."""
    return list(torch.split(indices, batch_size))


def read_ahead(images: Images, order: Sequence[Tensor]) -> Generator[ImageBatch, None, None]:
    """The batches of `order`; while one is used, a thread reads the next."""

    def read(indices: Tensor) -> ImageBatch:
        return ImageBatch(images.batch(indices), images.labels[indices])

    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming: Future[ImageBatch] | None = None
        for indices in order:
            previous, coming = coming, reader.submit(read, indices)
            if previous is not None:
                yield previous.result()
        if coming is not None:
            yield coming.result()
