"""Amounts as people write them in a configuration, `3M`, `600k`, `4ms`, and as they are told of memory."""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_COUNTS = {"k": 1e3, "M": 1e6, "G": 1e9}
_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_UNITS = {"": 1.0, **_COUNTS, **_TIMES}
_SIZES = ("KiB", "MiB", "GiB", "TiB", "PiB")
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]*)\s*")


def read_quantity(given: Any) -> float:
    """The number that an amount stands for; ValueError, for pydantic, if it is none above 0."""
    may_be_one = isinstance(given, int | float | str) and not isinstance(given, bool)
    match = _AMOUNT.fullmatch(str(given)) if may_be_one else None
    if match is None or match.group(2) not in _UNITS:
        raise ValueError(
            "an amount is wanted: a number, perhaps with k, M, G, s, ms or us, such as 3M or 4ms"
        )
    amount = float(match.group(1)) * _UNITS[match.group(2)]
    if not 0 < amount < math.inf:
        raise ValueError("an amount above 0 is wanted")
    return amount


def in_bytes(count: float) -> str:
    """A number of bytes as a message tells it: `14 MiB`, `3.2 GiB`."""
    power = min(max(1, int(math.log(max(count, 1), 1024))), len(_SIZES))
    amount = count / 1024**power
    return f"{amount:,.{0 if amount >= 10 else 1}f} {_SIZES[power - 1]}"


def check_unit(given: Any, unit: str, name: str) -> None:
    """Raise ValueError, for pydantic, for a time where `unit` is none, or a count where it is one."""
    match = _AMOUNT.fullmatch(given) if isinstance(given, str) else None
    wrong, right = (_COUNTS, _TIMES) if unit == "seconds" else (_TIMES, _COUNTS)
    if match and match.group(2) in wrong:
        raise ValueError(
            f"{name} is in {unit}, not in {match.group(2)}: write a number, perhaps with {', '.join(right)}"
        )


Quantity = Annotated[float, BeforeValidator(read_quantity, json_schema_input_type=float | str)]
"""A positive number: seconds for times, single ones for counts."""
