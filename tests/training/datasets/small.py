"""A small one of every data set: files of the right form with random images in them."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from nasflow.spec.data import DataSpec

Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def noise(*shape: int, seed: int = 0) -> Bytes:
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx(values: Bytes) -> bytes:
    """`values` in the idx format, not zipped."""
    header = np.array([0x800 + values.ndim, *values.shape], dtype=">u4")
    return header.tobytes() + values.tobytes()


def write_idx(folder: Path, part: str, pixels: Bytes, labels: Bytes) -> None:
    """The two files of a part of Fashion-MNIST."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
    (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


def write_records(file: Path, labels: list[list[int]], seed: int = 0) -> None:
    """Records of label bytes and random pixels; the first red pixel repeats the last label byte."""
    file.parent.mkdir(exist_ok=True, parents=True)
    pixels = noise(len(labels), 3072, seed=seed)
    pixels[:, 0] = [each[-1] for each in labels]
    file.write_bytes(np.concatenate([np.array(labels, dtype=np.uint8), pixels], axis=1).tobytes())


def digits(folder: Path) -> DataSpec:
    """All of them: they need no folder."""
    return DataSpec(name="digits", held_out=200)


def fashion_mnist(folder: Path) -> DataSpec:
    """100 training images and 50 test images."""
    for seed, (part, count) in enumerate((("train", 100), ("t10k", 50))):
        labels = (np.arange(count) % 10).astype(np.uint8)
        write_idx(folder, part, noise(count, 28, 28, seed=seed), labels)
    return DataSpec(name="fashion-mnist", path=str(folder), held_out=20)


def cifar10(folder: Path) -> DataSpec:
    """Five files of 20 training images each, and 20 test images."""
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for seed, name in enumerate(names):
        write_records(folder / "cifar-10-batches-bin" / name, [[index % 10] for index in range(20)], seed)
    return DataSpec(name="cifar10", path=str(folder), held_out=20)


def cifar100(folder: Path) -> DataSpec:
    """300 training images and 300 test images, with the coarse label before the fine one."""
    for seed, name in enumerate(("train.bin", "test.bin")):
        labels = [[index % 20, index % 100] for index in range(300)]
        write_records(folder / "cifar-100-binary" / name, labels, seed)
    return DataSpec(name="cifar100", path=str(folder), held_out=100)


def image_folder(folder: Path) -> DataSpec:
    """Two classes with eight training images and four test images each, not all of the same size."""
    for part, first, count in (("train", 0, 8), ("test", 100, 4)):
        for number, name in enumerate(("ant", "bee")):
            (folder / part / name).mkdir(parents=True)
            for index in range(count):
                image = Image.fromarray(noise(30, 20 + index, 3, seed=first + 10 * index + number))
                image.save(folder / part / name / f"{index}.png")
    return DataSpec(name="image-folder", path=str(folder), size=8, held_out=4)


def is_test_file(name: str) -> bool:
    """Whether a file of one of them is of its test part."""
    return "t10k" in name or "test" in name


SMALL: dict[str, Callable[[Path], DataSpec]] = {
    "digits": digits,
    "fashion-mnist": fashion_mnist,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "image-folder": image_folder,
}
"""By name: writes the files into an empty folder."""
