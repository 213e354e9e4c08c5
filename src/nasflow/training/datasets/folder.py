"""Folders of image files, `path/train/<class>/**` and `path/test/<class>/**` (or `val`): read when asked for.

Where there are no parts, `path/<class>/**`, a share of each class is the test part.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

import torch

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.base.files import at_home
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.image_files import (
    SUFFIXES,
    FolderImages,
    files_below,
    folders_in,
    is_image,
    visible_files,
)
from nasflow.training.datasets.protocol import DataSet

TEST_FOLDERS = ("test", "val")
"""Names for the folder of the test part: the first that is there is read."""

_TEST_SHARE = 0.2
"""Of each class's images, where a folder has no parts."""

_OTHER_PARTS = {"train", *TEST_FOLDERS, "training", "testing", "tests", "valid", "validation", "evaluation"}
"""How others call a part, in letters of whatever case: no class's name, most likely."""

_TRIED = 256
"""Images of the test part that are decoded beforehand: a broken one would be found after days otherwise."""

_UNEVEN = 5
"""How many times as many images a class may have as another, without a word."""


@dataclass(frozen=True)
class ImageFolder:
    """See DataSet: anybody's images, `spec.path` with a folder a part and a folder a class in it."""

    def root(self, spec: DataSpec) -> Path:
        """The path that was given."""
        return at_home(spec.path or ".")

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """Image files of all parts."""
        return tuple(sorted(_files(self.root(spec))))

    def is_here(self, spec: DataSpec) -> bool:
        """Whether there is any image."""
        return any(_files(self.root(spec)))

    def has_test_part(self, spec: DataSpec) -> bool:
        """Whether there is any test image; raise InvalidSpec if the classes, or the images, are no good."""
        root = self.root(spec)
        if not any(files_below(root, *TEST_FOLDERS) if _has_parts(root) else _files(root)):
            return False
        part = self.read_test(spec)
        part.batch(torch.arange(len(part))[:: -(-len(part) // _TRIED)])
        return True

    def read_train(self, spec: DataSpec) -> FolderImages:
        """The files below `train`; the sorted names of its folders are the classes."""
        if not _has_parts(self.root(spec)):
            return _parted(self.root(spec), _size(spec))[0]
        root = _part(self.root(spec), "train")
        # One to train on, one to hold out.
        part = _list(root, _classes(root), _size(spec), least=2)
        return replace(part, remarks=(*_spare_parts(self.root(spec)), *part.remarks))

    def read_test(self, spec: DataSpec) -> FolderImages:
        """The files below `test` or `val`; raise InvalidSpec if its classes are not those of `train`."""
        if not _has_parts(self.root(spec)):
            return _parted(self.root(spec), _size(spec))[1]
        root, classes = _part(self.root(spec), *TEST_FOLDERS), _classes(_part(self.root(spec), "train"))
        unknown = set(_classes(root)) ^ set(classes)
        if unknown:
            raise InvalidSpec(f"{root}: class {min(unknown)!r} is in only one of {root.name}/ and train/")
        return _list(root, classes, _size(spec), least=1)


IMAGE_FOLDER: DataSet = ImageFolder()


def _size(spec: DataSpec) -> int:
    if spec.size is None:
        raise InvalidSpec("data.size is not set: an image-folder needs the size to bring its images to")
    return spec.size


def _part(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    raise DataSetMissing(
        f"{_what_lacks(folder, names[0])}: an image-folder is data.path with a folder a class inside, image "
        "files in each; or with train/<class>/ and test/<class>/ (or val/<class>/)"
    )


def _spare_parts(folder: Path) -> Iterator[str]:
    """A remark on each test part that is there beside the one that is read."""
    there = [name for name in TEST_FOLDERS if (folder / name).is_dir()]
    for name in there[1:]:
        yield f"{folder / name} is not read: {there[0]}/ is the test part, and train/ gives what is held out"


def _what_lacks(folder: Path, part: str) -> str:
    whole = folder.absolute()
    if not folder.is_dir():
        return f"there is no folder {whole}"
    if any(is_image(each.name) for each in folder.iterdir()):
        return f"{whole} has images, and no folders of classes"
    return f"{whole / part} is no folder" if folders_in(folder) else f"{whole} has no folders inside"


def _has_parts(folder: Path) -> bool:
    """Whether somebody has said which images are for the test; where there is nothing at all, they should."""
    return not folders_in(folder) or any((folder / name).is_dir() for name in ("train", *TEST_FOLDERS))


def _parted(folder: Path, size: int) -> tuple[FolderImages, FolderImages]:
    """The training and the test part of a folder that has none: by names, so that it is the same everywhere,
    and most images stay where they were when others are added.
    """
    others = [each for each in folders_in(folder) if each.lower() in _OTHER_PARTS]
    if others:
        raise InvalidSpec(f"{folder}: {min(others)}/ looks like a part, no class: call it train/ or test/")
    # One to train on, one to hold out, one to test.
    whole = _list(folder, _classes(folder), size, least=3)
    is_test = torch.zeros(len(whole), dtype=torch.bool)
    for label in range(whole.classes):
        own: list[int] = (whole.labels == label).nonzero().flatten().tolist()
        drawn = sorted(own, key=lambda each: hashlib.sha256(os.fsencode(whole.files[each])).digest())
        is_test[drawn[: max(1, round(_TEST_SHARE * len(own)))]] = True
    train, test = whole.take((~is_test).nonzero().flatten()), whole.take(is_test.nonzero().flatten())
    remark = (
        f"{folder}: no train/ and test/ inside, so {len(test)} of {len(whole)} images, {_TEST_SHARE:.0%} of "
        "each class drawn by their names, are kept for the test; if some are much alike (of one film, of "
        "one object), make the two folders yourself, and keep those together"
    )
    return replace(train, remarks=(remark, *whole.remarks)), test


def _classes(root: Path) -> tuple[str, ...]:
    names = folders_in(root)
    if len(names) < 2:
        raise InvalidSpec(f"{root}: {_counted(len(names), 'class folder')} inside; at least 2 are needed")
    twice = [name for name, count in Counter(normalize("NFC", name) for name in names).items() if count > 1]
    if twice:
        raise InvalidSpec(
            f"{root}: two folders are called {twice[0]!r}, in two spellings that look alike: make them one"
        )
    return tuple(names)


def _list(root: Path, classes: tuple[str, ...], size: int, least: int) -> FolderImages:
    """The images of all classes, `least` of each at least."""
    names = [visible_files(root / each) for each in classes]
    found = [
        [f"{each}/{name}" for name in own if is_image(name)] for each, own in zip(classes, names, strict=True)
    ]
    for each, files in zip(classes, found, strict=True):
        if len(files) < least:
            read = ", ".join(sorted(SUFFIXES))
            said = f"{len(files)} image inside, and {least} are needed" if files else "no image inside"
            raise InvalidSpec(f"{root / each}: {said} ({read} are read)")
    counts = [len(files) for files in found]
    labels = torch.arange(len(classes)).repeat_interleave(torch.tensor(counts))
    remarks = (*_passed_over(root, [name for own in names for name in own]), *_uneven(root, classes, counts))
    everything = tuple(file for files in found for file in files)
    spelled = tuple(os.fsencode(each).decode(errors="replace") for each in classes)
    return FolderImages(root, everything, labels, len(classes), size, remarks, spelled)


def _passed_over(root: Path, names: Sequence[str]) -> Iterator[str]:
    others = Counter(Path(name).suffix.lower() or "no ending" for name in names if not is_image(name))
    if others:
        counts = ", ".join(f"{count} of {suffix}" for suffix, count in sorted(others.items()))
        read = ", ".join(sorted(SUFFIXES))
        files = f"{_counted(others.total(), 'file')} {'is' if others.total() == 1 else 'are'}"
        yield f"{root}: {files} passed over ({counts}): {read} are read"


def _uneven(root: Path, classes: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    (fewest, small), (most, large) = (pick(zip(counts, classes, strict=True)) for pick in (min, max))
    if most >= _UNEVEN * fewest:
        yield (
            f"{root}: class {small!r} has {_counted(fewest, 'image')} and {large!r} {most}: who always "
            f"names the large one is right on {100 * most / sum(counts):.0f} %, so accuracy says little of "
            "the small ones"
        )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _files(root: Path) -> Iterator[str]:
    """Names of all image files below the data set's folder."""
    return files_below(root, *(("train", *TEST_FOLDERS) if _has_parts(root) else (".",)))
