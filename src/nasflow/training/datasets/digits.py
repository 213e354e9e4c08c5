"""The 1,797 handwritten digits that come with scikit-learn: 8x8 pixels, one channel, ten classes."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from nasflow.spec.data import DataSpec
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.datasets.protocol import DataSet
from nasflow.training.datasets.split import draw

TEST_SHARE = 0.2
_TEST_SEED = 0
"""Fixed: the digits have no official test part, and no search may choose its own."""


@dataclass(frozen=True)
class Digits:
    """See DataSet: no files, because the images are a part of scikit-learn."""

    def root(self, spec: DataSpec) -> Path:
        """Nowhere."""
        return Path()

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """None."""
        return ()

    def is_here(self, spec: DataSpec) -> bool:
        """Everywhere."""
        return True

    def has_test_part(self, spec: DataSpec) -> bool:
        """Everywhere."""
        return True

    def read_train(self, spec: DataSpec) -> MemoryImages:
        """The digits outside the test part."""
        return _part(test=False)

    def read_test(self, spec: DataSpec) -> MemoryImages:
        """A stratified fifth of the digits, the same for every specification."""
        return _part(test=True)


DIGITS: DataSet = Digits()


def _part(*, test: bool) -> MemoryImages:
    images = _all()
    count = round(TEST_SHARE * len(images))
    chosen, rest = draw(images.labels, torch.arange(len(images)), count, _TEST_SEED)
    return images.take(chosen if test else rest)


@cache
def _all() -> MemoryImages:
    """Read once: scikit-learn has them as text, and a search asks for each part several times."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    values = torch.from_numpy(digits.images)
    labels: Tensor = torch.from_numpy(digits.target).to(torch.int64)
    # The values go from 0 to 16.
    pixels = (values * 255 / 16).round().to(torch.uint8)
    return MemoryImages(pixels[:, None], labels, classes=10, class_names=tuple("0123456789"))
