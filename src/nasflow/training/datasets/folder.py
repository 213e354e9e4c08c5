"""Folders of image files, `path/train/<class>/*` and `path/test/<class>/*` (or `val`): read when asked for.

Nothing is decoded before its batch is wanted, so that a data set may be larger than the memory.
"""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.protocol import DataSet

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
"""Other files in a class's folder are no images and are passed over."""

TEST_FOLDERS = ("test", "val")
"""Names for the folder of the test part: the first that is there is read."""

DECODERS = min(16, os.cpu_count() or 1)
"""Threads that decode; Pillow lets go of the interpreter's lock while it does."""


@dataclass(frozen=True, eq=False)
class FolderImages:
    """Image files, decoded when they are asked for, three channels each."""

    root: Path
    files: tuple[str, ...]
    """Each relative to `root`."""
    labels: Tensor
    """int64 [images]."""
    classes: int
    size: int
    """Height and width, in pixels, to which each image is brought."""

    def __len__(self) -> int:
        return len(self.files)

    def batch(self, indices: Tensor) -> Tensor:
        """The images at `indices`: uint8 [batch, 3, size, size]. InvalidSpec names a broken one."""
        files = [self.root / self.files[index] for index in indices.tolist()]
        images = list(_decoders().map(lambda file: decode(file, self.size), files))
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()

    def take(self, indices: Tensor) -> Self:
        """The images at `indices` alone, in that order."""
        files = tuple(self.files[index] for index in indices.tolist())
        return type(self)(self.root, files, self.labels[indices], self.classes, self.size)

    def fingerprint(self) -> str:
        """sha256 over the names and sizes (bytes) of the files: to read them all would take too long."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file}\0{(self.root / file).stat().st_size}\0".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class ImageFolder:
    """See DataSet: anybody's images, `spec.path` with a folder a part and a folder a class in it."""

    def root(self, spec: DataSpec) -> Path:
        """The path that was given."""
        return Path(spec.path or ".")

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """Image files of all parts."""
        return tuple(sorted(_files(self.root(spec), "train", *TEST_FOLDERS)))

    def is_here(self, spec: DataSpec) -> bool:
        """Whether there is any image."""
        return any(_files(self.root(spec), "train", *TEST_FOLDERS))

    def has_test_part(self, spec: DataSpec) -> bool:
        """Whether there is any test image."""
        return any(_files(self.root(spec), *TEST_FOLDERS))

    def read_train(self, spec: DataSpec) -> FolderImages:
        """The files below `train`; the sorted names of its folders are the classes."""
        root = _part(self.root(spec), "train")
        return _list(root, _classes(root), _size(spec))

    def read_test(self, spec: DataSpec) -> FolderImages:
        """The files below `test` or `val`; raise InvalidSpec if its classes are not those of `train`."""
        root, classes = _part(self.root(spec), *TEST_FOLDERS), _classes(_part(self.root(spec), "train"))
        unknown = set(_classes(root)) ^ set(classes)
        if unknown:
            raise InvalidSpec(f"{root}: class {min(unknown)!r} is in only one of {root.name}/ and train/")
        return _list(root, classes, _size(spec))


IMAGE_FOLDER: DataSet = ImageFolder()


def decode(file: Path, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """One image: uint8 [size, size, 3], scaled to cover the square and cut to its middle.

    Raise InvalidSpec that names the file if it is broken, cut off, or absurdly large.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            image.draft("RGB", (size, size))  # A JPEG is decoded no larger than needed.
            fitted = ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidSpec(
            f"{file}: no image that can be read ({_line(error)}): replace or remove it"
        ) from None
    return np.asarray(fitted)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _size(spec: DataSpec) -> int:
    if spec.size is None:
        raise InvalidSpec("data.size is not set: an image-folder needs the size to bring its images to")
    return spec.size


def _part(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    raise DataSetMissing(
        f"{folder / names[0]} is no folder: an image-folder is data.path with train/<class>/ and "
        "test/<class>/ (or val/<class>/) inside, image files in each"
    )


def _classes(root: Path) -> tuple[str, ...]:
    names = sorted(each.name for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))
    if len(names) < 2:
        raise InvalidSpec(f"{root}: {len(names)} class folders inside; at least 2 are needed")
    return tuple(names)


def _list(root: Path, classes: tuple[str, ...], size: int) -> FolderImages:
    found = [list(_images(root / name)) for name in classes]
    for name, files in zip(classes, found, strict=True):
        if not files:
            raise InvalidSpec(f"{root / name}: no image inside ({', '.join(sorted(SUFFIXES))} are read)")
    counts = torch.tensor([len(files) for files in found])
    labels = torch.arange(len(classes)).repeat_interleave(counts)
    return FolderImages(root, tuple(file for files in found for file in files), labels, len(classes), size)


def _files(root: Path, *parts: str) -> Iterator[str]:
    """Names of the image files of some parts, which need not be there, below the data set's folder."""
    for part in parts:
        for each in sorted(root.glob(f"{part}/*/")):
            yield from (f"{part}/{name}" for name in _images(each) if (root / part / name).is_file())


def _images(folder: Path) -> Iterator[str]:
    """Names of a class's images with the class's in front, sorted."""
    for name in sorted(os.listdir(folder)):
        if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
            yield f"{folder.name}/{name}"


@cache
def _decoders() -> ThreadPoolExecutor:
    """One small pool a process, however many data sets it reads."""
    return ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
