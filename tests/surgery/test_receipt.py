import math

import pytest
import torch
from tests.surgery.forget import Forget

from nasflow.spec.edits import Insert
from nasflow.surgery import TOLERANCE, most_allowed, relative_difference, tolerance_of


def test_relative_difference() -> None:
    """The largest difference counts, in units of the largest logit before."""
    before = torch.tensor([[1.0, -4.0], [2.0, 0.0]])
    after = torch.tensor([[1.0, -4.0], [2.0, 1.0]])
    assert relative_difference(before, after) == pytest.approx(0.25)
    assert relative_difference(before, before) == 0.0


def test_all_zero() -> None:
    """Without any logit to measure by, the difference itself counts."""
    assert relative_difference(torch.zeros(1, 2), torch.full((1, 2), 3.0)) == 3.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_not_finite(value: float) -> None:
    """A logit that is not finite, before or after or both, is infinitely far from everything."""
    good, bad = torch.ones(1, 2), torch.tensor([[1.0, value]])
    for before, after in ((good, bad), (bad, good), (bad, bad)):
        assert relative_difference(before, after) == math.inf


def test_below_float32() -> None:
    """The difference is taken in double precision: the smallest one is seen."""
    one = torch.ones(1, 1)
    assert relative_difference(one, torch.nextafter(one, one + 1)) == pytest.approx(2**-23)


def test_most_allowed() -> None:
    """Some times what the parent is off by itself, and what is always allowed where that is less."""
    assert most_allowed(0) == most_allowed(1e-8) == TOLERANCE
    assert most_allowed(1e-4) == pytest.approx(4e-4)


def test_tolerance_of() -> None:
    """Edits are held to the tolerance if each of them preserves; without one nothing may differ either."""
    insert = Insert(path=(0,))
    assert tolerance_of([]) == tolerance_of([insert, insert]) == TOLERANCE
    assert tolerance_of([insert, Forget()]) is None
