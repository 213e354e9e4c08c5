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
from nasflow.training.datasets.files import present_files
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.datasets.labels import check_labels
from nasflow.training.datasets.protocol import DataSet

PIXEL_BYTES = 3 * 32 * 32


@dataclass(frozen=True)
class Cifar:
    """See DataSet: one of the two, and where it keeps what."""

    archive: str
    folder: str
    """Into which the archive unpacks; `spec.path` may be this one or the one that it is in."""
    train: tuple[str, ...]
    test: str
    most: int
    """Records in the largest file."""
    label_bytes: int
    classes: int
    class_names: tuple[str, ...] = ()

    def root(self, spec: DataSpec) -> Path:
        """The path that was given."""
        return Path(spec.path or ".")

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """Its binary files that are there; without a path they are nowhere."""
        names = (*self.train, self.test) if spec.path else ()
        return present_files(self.root(spec), names + tuple(f"{self.folder}/{name}" for name in names))

    def is_here(self, spec: DataSpec) -> bool:
        """Whether any of its files is there."""
        return bool(self.files(spec))

    def has_test_part(self, spec: DataSpec) -> bool:
        """Whether its file is there."""
        return any(Path(name).name == self.test for name in self.files(spec))

    def read_train(self, spec: DataSpec) -> MemoryImages:
        """The training part; raise DataSetMissing that names the archive and where to unpack it."""
        return _part(spec, self, self.train)

    def read_test(self, spec: DataSpec) -> MemoryImages:
        """The test part; raise DataSetMissing that names the archive and where to unpack it."""
        return _part(spec, self, (self.test,))


CIFAR10: DataSet = Cifar(
    archive="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test="test_batch.bin",
    most=10_000,
    label_bytes=1,
    classes=10,
    class_names=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
)

CIFAR100: DataSet = Cifar(
    archive="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    folder="cifar-100-binary",
    train=("train.bin",),
    test="test.bin",
    most=50_000,
    label_bytes=2,
    classes=100,
)


def _part(spec: DataSpec, cifar: Cifar, names: tuple[str, ...]) -> MemoryImages:
    files = [_find(spec, cifar, name) for name in names]
    records = [_read(file, cifar) for file in files]
    for file, each in zip(files, records, strict=True):
        # The format has no header: a file cut off between two records shows only here.
        if len(each) != len(records[0]):
            raise InvalidSpec(
                f"{file}: {len(each)} images, but {files[0].name} has {len(records[0])}: unpack them again"
            )
    both = torch.cat(records)
    pixels = both[:, cifar.label_bytes :].reshape(-1, 3, 32, 32).contiguous()
    labels = both[:, cifar.label_bytes - 1].to(torch.int64)
    return MemoryImages(pixels, labels, cifar.classes, class_names=cifar.class_names)


def _find(spec: DataSpec, cifar: Cifar, name: str) -> Path:
    folder = Path(spec.path or ".")
    for file in (folder / cifar.folder / name, folder / name):
        if spec.path and file.is_file():
            return file
    where = f"not in data.path, {folder}" if spec.path else "and data.path is not set"
    raise DataSetMissing(
        f"{name} of {spec.name} is missing, {where}: fetch {cifar.archive} (the binary version), unpack it, "
        f"and set data.path to the folder that holds {cifar.folder}/"
    )


def _read(file: Path, cifar: Cifar) -> Tensor:
    """The records of a file: uint8 [images, label bytes + 3072]."""
    record_bytes = cifar.label_bytes + PIXEL_BYTES
    size = file.stat().st_size
    if size == 0 or size % record_bytes or size > cifar.most * record_bytes:
        raise InvalidSpec(
            f"{file}: {size} bytes are not 1 to {cifar.most} records of {record_bytes} bytes: unpack again"
        )
    records = torch.from_numpy(np.fromfile(file, dtype=np.uint8).reshape(-1, record_bytes))
    check_labels(records[:, cifar.label_bytes - 1], cifar.classes, file)
    return records
