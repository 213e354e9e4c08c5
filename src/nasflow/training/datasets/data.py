"""The images that a search learns from, and, apart from them, the test images for the finish."""

from dataclasses import dataclass

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.training.datasets.doubles import HELD_OUT, TEST, TRAIN, ImageFiles, doubles
from nasflow.training.datasets.images import DataSetPart, Images, MemoryImages
from nasflow.training.datasets.registry import data_set
from nasflow.training.datasets.split import split
from nasflow.training.datasets.statistics import UNSCALED, mean_and_std


@dataclass(frozen=True)
class TrainingData:
    """The training part of a data set, split."""

    facts: DataFacts
    train: Images
    """What the weights are trained on, and nothing else is."""
    held_out: Images
    """What children are compared by; never trained on."""
    remarks: tuple[str, ...] = ()
    """What whoever begins a search should hear of the files: a line each."""


def load_data(spec: DataSpec, expected: DataFacts | None = None) -> TrainingData:
    """Read the training part of a data set and split it; the test files are not opened.

    With the `expected` facts of a child, its files are checked against them and the mean and standard
    deviation are taken from there (an image-folder is then not decoded twice). Raise DataSetMissing
    with the way to get the files; InvalidSpec if they are broken, too few, or not those expected.
    """
    part = _sized(data_set(spec).read_train(spec), spec)
    train_indices, held_out_indices = split(part.labels, part.classes, spec)
    train, held_out = part.take(train_indices), part.take(held_out_indices)
    facts = _facts(spec, part, train, len(held_out), expected)
    if expected is not None and facts.identity() != expected.identity():
        raise InvalidSpec(f"{_place(spec)}: not the images that the search began with: bring them back")
    return TrainingData(facts, train, held_out, part.remarks)


def load_test(spec: DataSpec, expected: str | None = None) -> Images:
    """Read the test part, for the finish, which is to find the one with the fingerprint that is `expected`.

    Raise as `load_data` does.
    """
    part = data_set(spec).read_test(spec)
    if expected is not None and part.fingerprint() != expected:
        raise InvalidSpec(f"{_place(spec)}: not the test images that the search began with: bring them back")
    return _sized(part, spec)


def count_test(spec: DataSpec) -> int:
    """How many test images there are: for who foretells what they can show, without a look at any.

    Raise as `load_data` does.
    """
    return len(data_set(spec).read_test(spec))


def check_test(spec: DataSpec) -> str:
    """The fingerprint of the test part, before a search begins.

    Raise what `load_test` would raise at the finish, as far as it can be told by then.
    """
    images = data_set(spec)
    # Its answer is no matter here: who reads what is not there says how to get it.
    images.has_test_part(spec)
    return images.read_test(spec).fingerprint()


def copies(data: TrainingData) -> tuple[str, ...]:
    """Remarks on image files that are in several classes or parts, a line each.

    Raise InvalidSpec if one cannot be read. Images that are no files, as nasflow's own, are not looked at.
    """
    test = data_set(data.facts.spec).read_test(data.facts.spec)
    parts: dict[str, Images] = {TRAIN: data.train, HELD_OUT: data.held_out, TEST: test}
    return tuple(doubles({name: part for name, part in parts.items() if isinstance(part, ImageFiles)}))


def _sized(part: DataSetPart, spec: DataSpec) -> DataSetPart:
    """The images of a part as large as they were asked for; a reader that brings them there by itself has."""
    if spec.size is None or spec.known.is_sized:
        return part
    if not isinstance(part, MemoryImages):
        raise InvalidSpec(f"data.size: {spec.name} has the size of its images: leave it out")
    return part.shrunk(spec.size)


def _facts(
    spec: DataSpec, part: DataSetPart, train: Images, held_out_images: int, expected: DataFacts | None
) -> DataFacts:
    _, channels, size, _ = train.batch(train.labels.new_zeros(1)).shape
    mean, std = (expected.mean, expected.std) if expected else _normalisation(spec, train, channels)
    return DataFacts(
        spec=spec,
        fingerprint=part.fingerprint(),
        channels=channels,
        size=size,
        classes=part.classes,
        train_images=len(train),
        held_out_images=held_out_images,
        mean=mean,
        std=std,
        test=expected.test if expected else None,
        class_names=part.class_names,
    )


def _normalisation(
    spec: DataSpec, train: Images, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """As it was asked for, or as the training images have it."""
    if spec.mean is None or spec.std is None:
        mean, std = mean_and_std(train)
        if set(std) == {UNSCALED}:
            raise InvalidSpec(f"{_place(spec)}: all pixels of all training images are the same: look at them")
        return mean, std
    if len(spec.mean) != channels:
        raise InvalidSpec(f"data.mean has {len(spec.mean)} numbers, and the images have {channels} channels")
    return spec.mean, spec.std


def _place(spec: DataSpec) -> str:
    return f"{spec.name} in {spec.path}" if spec.path else spec.name
