"""Image files below a folder, read when they are asked for.

Nothing is decoded before its batch is wanted, so that a data set may be larger than the memory.
"""

import hashlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import NoReturn, Self

import numpy as np
import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.training.datasets.decode import decode

SUFFIXES = {
    *(".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
}
"""Other files in a class's folder are no images: they are passed over, and counted."""

_GLIMPSE = 8
"""Pixels a side of an image that is only looked at."""

_MOST_TRIED, _LISTED = 20_000, 10
"""Images that are looked at once one has turned out to be broken, and broken ones that are named."""

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
    remarks: tuple[str, ...] = ()
    """See DataSetPart."""
    class_names: tuple[str, ...] = ()
    """See DataSetPart: their folders' names."""

    def __len__(self) -> int:
        return len(self.files)

    def batch(self, indices: Tensor) -> Tensor:
        """The images at `indices`: uint8 [batch, 3, size, size]. InvalidSpec names all that are broken."""
        files = [self.root / self.files[index] for index in indices.tolist()]
        try:
            images = list(_decoders().map(lambda file: decode(file, self.size), files))
        except InvalidSpec as error:
            raise _all_broken(self.root, error) from None
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()

    def take(self, indices: Tensor) -> Self:
        """The images at `indices` alone, in that order."""
        files = tuple(self.files[index] for index in indices.tolist())
        return replace(self, files=files, labels=self.labels[indices], remarks=())

    def fingerprint(self) -> str:
        """sha256 over the names and sizes (bytes) of the files: to read them all would take too long."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(os.fsencode(f"{file}\0{_size_of(self.root / file)}\0"))
        return digest.hexdigest()


def files_below(root: Path, *parts: str) -> Iterator[str]:
    """Names of the image files in the folders of classes of some parts, which need not be there."""
    for part in parts:
        for each in folders_in(root / part):
            own = (Path(part, each, name) for name in visible_files(root / part / each) if is_image(name))
            yield from (file.as_posix() for file in own if _is_file(root / file))


def folders_in(root: Path) -> list[str]:
    """Names of the folders in one, sorted, but for hidden ones; none where it is not there.

    Raise InvalidSpec where this user may not know.
    """
    try:
        found = [each.name for each in root.iterdir() if each.is_dir()] if root.is_dir() else []
    except OSError as error:
        _refuse(error)
    return sorted(each for each in found if not each.startswith("."))


def is_image(name: str) -> bool:
    """Whether a file calls itself one, by its ending."""
    return Path(name).suffix.lower() in SUFFIXES


def visible_files(folder: Path) -> list[str]:
    """Names of all files below a folder, sorted; what is hidden is left out, links are followed once."""
    found, seen = list[str](), set[str]()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        below = Path(place).relative_to(folder)
        found += [(below / each).as_posix() for each in names if not each.startswith(".")]
    return sorted(found)


def _all_broken(root: Path, first: InvalidSpec) -> InvalidSpec:
    """What is said where an image cannot be read: of all in its part, so that they are mended at once."""

    def faulty(name: str) -> str | None:
        try:
            decode(root / name, _GLIMPSE)
        except InvalidSpec:
            return name
        return None

    tried = islice(files_below(root, "."), _MOST_TRIED)
    broken = [name for name in _decoders().map(faulty, tried) if name]
    if len(broken) < 2:
        return first
    listed = ", ".join(broken[:_LISTED]) + (", ..." if len(broken) > _LISTED else "")
    return InvalidSpec(f"{root}: {len(broken)} images cannot be read: replace or remove {listed}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        _refuse(error)


def _size_of(file: Path) -> int:
    """In bytes; raise InvalidSpec for what is none, such as a link to nothing."""
    try:
        found = file.stat()
    except OSError as error:
        _refuse(error)
    if not S_ISREG(found.st_mode):
        raise InvalidSpec(f"{file}: this is no file: replace or remove it")
    return found.st_size


def _refuse(error: OSError) -> NoReturn:
    remedy = "let this user read it" if isinstance(error, PermissionError) else "replace or remove it"
    raise InvalidSpec(f"{error.filename}: cannot be read ({error.strerror}): {remedy}") from None


@cache
def _decoders() -> ThreadPoolExecutor:
    """One small pool a process, however many data sets it reads."""
    # What Pillow says of broken tags and of huge images: what cannot be read is refused, the rest is read.
    # Here, because warnings are a whole process's.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
