"""A first configuration trains enough, and shrinks in an order."""

from dataclasses import replace

import pytest
import yaml

from nasflow.search.effort import EFFORTS, Effort
from nasflow.search.file import SearchFile
from nasflow.search.fitting import fitted
from nasflow.search.forecast import Forecast, Machine, Pace
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.starter import Starter, starter_sizes
from nasflow.training.batches import count_batches

MACHINE = Machine(device="cpu", kind="cpu", lanes=1)


def folder(images: int, classes: int = 10, size: int = 32) -> Starter:
    """Of a folder of images, in nasflow's own host."""
    return Starter("image-folder", "ants", None, None, images, classes, size=size)


def fit(starter: Starter, hours: float, step: float = 0.1) -> tuple[Starter, Forecast]:
    """As large as fits, where a step of any network takes so many seconds, and nothing else takes any."""
    config = ResolvedConfig.of(SearchFile.from_data(yaml.safe_load(starter.text()), "here").config())
    pace = Pace(epoch=step * starter.steps, look=0.0, birth=0.0, weights=1)
    return fitted(
        starter, config, dict.fromkeys(("start", "child", "last", "last_start"), pace), MACHINE, hours
    )


@pytest.mark.parametrize("effort", EFFORTS[:3])
@pytest.mark.parametrize("images", [30, 300, 600, 1_797, 12_000, 60_000])
def test_no_network_is_hardly_trained(images: int, effort: Effort) -> None:
    """However few images an epoch has: what is written counts steps, with the trainer's own batches."""
    for form, _ in folder(images, classes=3).forms():
        starter = replace(form, effort=effort)
        written = yaml.safe_load(starter.text())
        recipes = (written["start"], written["child"], written["finish"]["recipe"])
        steps = [each["epochs"] * count_batches(starter.used, each.get("batch_size", 64)) for each in recipes]
        assert all(has >= least for has, least in zip(steps, (100, 30, 200), strict=True)), steps


def test_long_trainings_stay_as_they_are() -> None:
    """Where an epoch has many steps, or there are many epochs, none is added."""
    assert replace(folder(60_000), effort=EFFORTS[0]).trained == EFFORTS[0]
    assert replace(folder(600), effort=EFFORTS[-1]).trained == EFFORTS[-1]


def test_few_images_take_small_batches() -> None:
    """More steps an epoch, each of them cheaper; the same batches where only some images are used."""
    assert (folder(600).batch_size, folder(600).steps) == (32, 15)
    many = folder(12_000)
    assert {form.batch_size for form, _ in many.forms()} == {64}
    assert [form.steps for form, _ in many.forms()] == [141, 36, 9]


@pytest.mark.parametrize(
    ("pixels", "sizes"), [(8, (8,)), (16, (16,)), (28, (28, 16)), (56, (56, 32, 16)), (500, (64, 32, 16))]
)
def test_never_larger_than_the_images(pixels: int, sizes: tuple[int, ...]) -> None:
    """Nor smaller than somebody's own network may take, while images are large enough."""
    assert starter_sizes(pixels, is_own=True) == sizes
    assert starter_sizes(pixels, is_own=False) == (sizes[0],)


def test_what_becomes_smaller_first() -> None:
    """Images, then how many of them, then the host, and at last images below the usual size."""
    ants = replace(folder(12_000), sizes=(64, 32, 16), pixels=500)
    assert [(each.size, each.used, cost) for each, cost in ants.forms()] == [
        (64, 9_000, 4.0),
        (32, 9_000, 1.0),
        (32, 2_250, 1.0),
        (32, 562, 1.0),
    ]
    assert [(each.size, each.hosts == ants.hosts) for each in ants.resorts()] == [
        (32, True),
        (32, False),
        (16, False),
    ]
    few = replace(folder(1_200), sizes=(32, 16), pixels=32)
    assert [each.used for each, _ in few.forms()] == [900]


def test_what_cannot_become_smaller() -> None:
    """Somebody's own network, AlexNet for one, cannot read small images; the digits' host is the smallest."""
    own = replace(folder(1_200, size=64), network="torchvision:alexnet", sizes=(64,))
    assert list(own.resorts()) == [own]
    assert [(each.size, cost) for each, cost in own.forms()] == [(64, 1.0)]
    digits = Starter("digits", None, None, None, 1_400, 10)
    assert list(digits.resorts()) == [digits]


def test_fewer_children_come_before_fewer_images() -> None:
    """And fewer images are taken only for more children; no training becomes shorter than it may."""
    many = [fit(folder(12_000), hours)[0] for hours in (1.0, 0.5, 0.15, 0.08, 0.05)]
    assert [(each.effort.children, each.share) for each in many] == [
        (24, 1),
        (16, 1),
        (16, 4),
        (16, 16),
        # So few children there are with a quarter of the images, too.
        (4, 4),
    ]
    few = [fit(folder(600), hours)[0] for hours in (0.2, 0.1, 0.05)]
    assert [(each.effort.children, each.trained.finish) for each in few] == [(32, 20), (24, 14), (4, 14)]


def test_the_smallest_is_told_where_none_fits() -> None:
    """With what it takes."""
    found, told = fit(folder(600), 0.001)
    assert found.effort == EFFORTS[0]
    assert told.hours > 0.001
    assert fit(folder(600), told.hours)[0] == found
