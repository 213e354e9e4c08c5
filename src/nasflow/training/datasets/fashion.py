"""Fashion-MNIST (Xiao et al., 2017): 28x28 pixels, one channel, ten classes, 60,000 + 10,000 images."""

from dataclasses import dataclass
from pathlib import Path

import torch

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.files import present_files
from nasflow.training.datasets.idx import read_idx
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.datasets.labels import check_labels
from nasflow.training.datasets.protocol import DataSet

DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist"
"""Where the Debian package puts the files."""

CLASSES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)

_TRAIN, _TEST = (
    (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")
)
"""The images and the labels of each part."""


@dataclass(frozen=True)
class FashionMnist:
    """See DataSet: four zipped files, where the Debian package puts them or in `spec.path`."""

    def root(self, spec: DataSpec) -> Path:
        """The folder with the four files."""
        return Path(spec.path or DEBIAN_FOLDER)

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """Those of the four that are there."""
        return present_files(self.root(spec), _TRAIN + _TEST)

    def is_here(self, spec: DataSpec) -> bool:
        """Whether any of the four is there."""
        return bool(self.files(spec))

    def has_test_part(self, spec: DataSpec) -> bool:
        """Whether its images and its labels are there."""
        return set(_TEST) <= set(self.files(spec))

    def read_train(self, spec: DataSpec) -> MemoryImages:
        """The training part; raise DataSetMissing with the command that installs it."""
        return _part(self.root(spec), _TRAIN, most=60_000)

    def read_test(self, spec: DataSpec) -> MemoryImages:
        """The test part; raise DataSetMissing with the command that installs it."""
        return _part(self.root(spec), _TEST, most=10_000)


FASHION_MNIST: DataSet = FashionMnist()


def _part(folder: Path, names: tuple[str, str], most: int) -> MemoryImages:
    images, labels = (folder / name for name in names)
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
    known = check_labels(classes.to(torch.int64), len(CLASSES), labels)
    return MemoryImages(pixels[:, None], known, len(CLASSES), class_names=CLASSES)
