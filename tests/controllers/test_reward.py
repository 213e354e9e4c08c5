import math

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.controllers import reward


def test_tangent() -> None:
    """The reward is the paper's tangent."""
    assert reward(0.5, 100) == pytest.approx(1.0)
    assert reward(0.0, 100) == 0.0
    assert reward(0.93, 5000) == pytest.approx(math.tan(0.93 * math.pi / 2))


@pytest.mark.parametrize("images", [1, 300, 5000])
def test_perfect_is_finite_and_best(images: int) -> None:
    """A perfect accuracy is worth a finite amount, more than one image less."""
    assert math.isfinite(reward(1.0, images))
    assert reward(1.0, images) > reward(1 - 1 / images, images)


@pytest.mark.parametrize(("accuracy", "images"), [(-0.1, 10), (1.1, 10), (math.nan, 10), (0.5, 0)])
def test_refusals(accuracy: float, images: int) -> None:
    """What is no accuracy has no reward."""
    with pytest.raises(InvalidSpec, match="reward"):
        reward(accuracy, images)
