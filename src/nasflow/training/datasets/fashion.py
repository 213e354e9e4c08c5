"""Fashion-MNIST (Xiao et al., 2017): 28x28 pixels, one channel, ten classes, 60,000 + 10,000 images."""

from pathlib import Path

import torch

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.idx import read_idx
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.datasets.labels import check_labels

DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist"
"""Where the Debian package puts the files."""


FILES = tuple(
    f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
)


def read_train(spec: DataSpec) -> MemoryImages:
    """The training part; raise DataSetMissing with the command that installs it."""
    return _part(spec, "train", most=60_000)


def read_test(spec: DataSpec) -> MemoryImages:
    """The test part; raise DataSetMissing with the command that installs it."""
    return _part(spec, "t10k", most=10_000)


def _part(spec: DataSpec, name: str, most: int) -> MemoryImages:
    folder = Path(spec.path or DEBIAN_FOLDER)
    images, labels = folder / f"{name}-images-idx3-ubyte.gz", folder / f"{name}-labels-idx1-ubyte.gz"
    for file in (images, labels):
        if not file.is_file():
            raise DataSetMissing(
                f"{file} is missing: `apt-get install dataset-fashion-mnist` puts it into {DEBIAN_FOLDER} "
                "(leave data.path out then), or set data.path to the folder with the four .gz files"
            )
    pixels = read_idx(images, (28, 28), most)
    classes = read_idx(labels, (), most)
    if len(pixels) != len(classes):
        raise InvalidSpec(f"{labels}: {len(classes)} labels for {len(pixels)} images: fetch both again")
    return MemoryImages(pixels[:, None], check_labels(classes.to(torch.int64), 10, labels), classes=10)
