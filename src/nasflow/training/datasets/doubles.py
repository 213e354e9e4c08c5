"""Image files that are there twice, byte for byte: where copies are in two parts, figures flatter."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol, runtime_checkable

from nasflow.base.errors import InvalidSpec
from nasflow.training.datasets.images import Images

TRAIN, HELD_OUT, TEST = "train", "held out", "test"
"""Names of the parts."""

_GLANCE = 4096
"""Bytes from the middle of a file, by which most files of one size are told apart without reading them."""


@runtime_checkable
class ImageFiles(Images, Protocol):
    """Images that are read from files, one each."""

    @property
    def root(self) -> Path:
        """Their folder."""

    @property
    def files(self) -> tuple[str, ...]:
        """Each relative to it, in the order of the labels."""


@dataclass(frozen=True)
class _Copy:
    part: str
    label: int
    file: Path


def doubles(parts: Mapping[str, ImageFiles]) -> Iterator[str]:
    """A remark on each kind of trouble, with how many images have it and an example.

    `parts` are some of TRAIN, HELD_OUT and TEST. What is there twice in one class of one part is no trouble.
    """
    copies = [
        _Copy(part, label, images.root / file)
        for part, images in parts.items()
        for file, label in zip(images.files, images.labels.tolist(), strict=True)
    ]
    groups = [group for alike in _by(_glance, copies) for group in _by(_digest, alike)]
    mixed = [group for group in groups if len({each.label for each in group}) > 1]
    if mixed:
        yield f"{_told('image', mixed)} in two classes: one of them is wrong"
    tested = [group for group in groups if {TEST} < {each.part for each in group}]
    if tested:
        yield f"{_told('test image', tested)} among the others, too: its figures flatter: keep one of each"
    trained = [group for group in groups if {TRAIN, HELD_OUT} <= {each.part for each in group}]
    if trained:
        yield f"{_told('held-out image', trained)} trained on, too: its figures flatter: keep one of each"


def _by(key: Callable[[Path], Hashable], copies: Iterable[_Copy]) -> Iterator[list[_Copy]]:
    """Those that are not alone with what `key` says of their file."""
    found: defaultdict[Hashable, list[_Copy]] = defaultdict(list)
    for each in copies:
        found[key(each.file)].append(each)
    return (group for group in found.values() if len(group) > 1)


def _glance(file: Path) -> tuple[int, bytes]:
    with _opened(file) as opened:
        size = os.fstat(opened.fileno()).st_size
        opened.seek(max(0, size - _GLANCE) // 2)
        return size, hashlib.sha256(opened.read(_GLANCE)).digest()


def _digest(file: Path) -> bytes:
    with _opened(file) as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _opened(file: Path) -> BufferedReader:
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidSpec(f"{file}: cannot be read ({error.strerror})") from None


def _told(noun: str, groups: Sequence[Sequence[_Copy]]) -> str:
    """How many there are, and the first of them with its copy: one of another class or part, if there is."""
    first = groups[0][0]
    copy = max(groups[0], key=lambda each: (each.label != first.label, each.part != first.part))
    count = f"1 {noun} is" if len(groups) == 1 else f"{len(groups)} {noun}s are"
    return f"{first.file} and {copy.file} are the same byte for byte; {count}"
