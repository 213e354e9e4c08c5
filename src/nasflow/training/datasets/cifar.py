"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009), binary version: 32x32 pixels, three channels.

A file is a sequence of records: one byte a label (CIFAR-100: the coarse one, then the fine one),
then the red, green and blue planes. The python version is not read: it is pickled, and a pickle
runs whatever is in it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.datasets.labels import check_labels

PIXEL_BYTES = 3 * 32 * 32


@dataclass(frozen=True)
class _Layout:
    """Where one of the two keeps what."""

    archive: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    most: int
    """Records in the largest file."""
    label_bytes: int
    classes: int


_LAYOUTS = {
    "cifar10": _Layout(
        archive="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        folder="cifar-10-batches-bin",
        train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        test=("test_batch.bin",),
        most=10_000,
        label_bytes=1,
        classes=10,
    ),
    "cifar100": _Layout(
        archive="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        folder="cifar-100-binary",
        train=("train.bin",),
        test=("test.bin",),
        most=50_000,
        label_bytes=2,
        classes=100,
    ),
}


def files(spec: DataSpec) -> tuple[str, ...]:
    """The names that its files can have below `path`, training and test part."""
    layout = _LAYOUTS[spec.name]
    names = layout.train + layout.test
    return names + tuple(f"{layout.folder}/{name}" for name in names)


def read_train(spec: DataSpec) -> MemoryImages:
    """The training part; raise DataSetMissing that names the archive and where to unpack it."""
    layout = _LAYOUTS[spec.name]
    return _part(spec, layout, layout.train)


def read_test(spec: DataSpec) -> MemoryImages:
    """The test part; raise DataSetMissing that names the archive and where to unpack it."""
    layout = _LAYOUTS[spec.name]
    return _part(spec, layout, layout.test)


def _part(spec: DataSpec, layout: _Layout, names: tuple[str, ...]) -> MemoryImages:
    files = [_find(spec, layout, name) for name in names]
    records = [_read(file, layout) for file in files]
    for file, each in zip(files, records, strict=True):
        # The format has no header: a file cut off between two records shows only here.
        if len(each) != len(records[0]):
            raise InvalidSpec(
                f"{file}: {len(each)} images, but {files[0].name} has {len(records[0])}: unpack them again"
            )
    both = torch.cat(records)
    pixels = both[:, layout.label_bytes :].reshape(-1, 3, 32, 32).contiguous()
    return MemoryImages(pixels, both[:, layout.label_bytes - 1].to(torch.int64), layout.classes)


def _find(spec: DataSpec, layout: _Layout, name: str) -> Path:
    folder = Path(spec.path or ".")
    for file in (folder / layout.folder / name, folder / name):
        if spec.path and file.is_file():
            return file
    where = f"not in data.path, {folder}" if spec.path else "and data.path is not set"
    raise DataSetMissing(
        f"{name} of {spec.name} is missing, {where}: fetch {layout.archive} (the binary version), unpack it, "
        f"and set data.path to the folder that holds {layout.folder}/"
    )


def _read(file: Path, layout: _Layout) -> Tensor:
    """The records of a file: uint8 [images, label bytes + 3072]."""
    record_bytes = layout.label_bytes + PIXEL_BYTES
    size = file.stat().st_size
    if size == 0 or size % record_bytes or size > layout.most * record_bytes:
        raise InvalidSpec(
            f"{file}: {size} bytes are not 1 to {layout.most} records of {record_bytes} bytes: unpack again"
        )
    records = torch.from_numpy(np.fromfile(file, dtype=np.uint8).reshape(-1, record_bytes))
    check_labels(records[:, layout.label_bytes - 1], layout.classes, file)
    return records
