"""Which images of a training part train the weights, and which are held out for the reward."""

import numpy as np
import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.spec.data import DataSpec


def split(labels: Tensor, classes: int, spec: DataSpec) -> tuple[Tensor, Tensor]:
    """Indices of the images that train and of those held out: int64, stratified, disjoint, ascending.

    Raise InvalidSpec with the numbers if `spec` asks for more images than there are, or for fewer
    than classes.
    """
    everything = torch.arange(len(labels))
    _check(spec, "held_out", spec.held_out, len(everything), classes)
    held_out, rest = draw(labels, everything, spec.held_out, derive(spec.seed, "held out"))
    wanted = spec.train_images
    if wanted is None or wanted == len(rest):
        return rest, held_out
    _check(spec, "train_images", wanted, len(rest), classes)
    return draw(labels, rest, wanted, derive(spec.seed, "train images"))[0], held_out


def draw(labels: Tensor, indices: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """`count` of `indices`, stratified by label, and those left over; both ascending."""
    from sklearn.model_selection import train_test_split

    try:
        rest, chosen = train_test_split(
            indices.numpy(), test_size=count, stratify=labels[indices].numpy(), random_state=seed % 2**32
        )
    except ValueError as error:
        raise InvalidSpec(f"data: {len(indices)} images cannot be split by class: {error}") from None
    return torch.from_numpy(np.sort(chosen)), torch.from_numpy(np.sort(rest))


def _check(spec: DataSpec, key: str, count: int, images: int, classes: int) -> None:
    if classes <= count <= images - classes:
        return
    raise InvalidSpec(
        f"data.{key} is {count}, and {images} images of {spec.name} in {classes} classes can give "
        f"{classes} to {images - classes}"
    )
