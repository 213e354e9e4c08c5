from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from nasflow.base.quantity import Quantity, in_bytes

QUANTITY: TypeAdapter[float] = TypeAdapter(Quantity)


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("3M", 3e6),
        ("600k", 6e5),
        ("1.5G", 1.5e9),
        ("4ms", 4e-3),
        ("250us", 2.5e-4),
        ("2s", 2.0),
        (" 3 M ", 3e6),
        ("1e3k", 1e6),
        ("7", 7.0),
        (7, 7.0),
        (0.004, 0.004),
        (1e-7, 1e-7),
    ],
)
def test_amounts(given: Any, amount: float) -> None:
    """An amount is a number with or without a unit; what is read is read again as it is."""
    assert QUANTITY.validate_python(given) == pytest.approx(amount)
    assert QUANTITY.validate_json(QUANTITY.dump_json(QUANTITY.validate_python(given))) == pytest.approx(
        amount
    )


@pytest.mark.parametrize(
    "given",
    ["", "M", "3X", "3m", "3 Mi", "-3M", "3M4", "three", "nan", "1e999", 0, "0M", -1, True, None, [3]],
)
def test_what_is_none(given: Any) -> None:
    """Another unit, nothing, nothing above 0, no number: refused, and told what an amount looks like."""
    with pytest.raises(ValidationError, match="an amount"):
        QUANTITY.validate_python(given)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0.0 KiB"),
        (1536, "1.5 KiB"),
        (14 * 2**20, "14 MiB"),
        (3.25 * 2**30, "3.2 GiB"),
        (2**40, "1.0 TiB"),
        (2**70, "1,048,576 PiB"),
    ],
)
def test_bytes(count: float, told: str) -> None:
    """They are told in the largest unit that they come to."""
    assert in_bytes(count) == told
