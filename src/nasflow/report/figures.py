"""Numbers as people read them: percent, points, millions, hours."""

from collections.abc import Callable

NARROW = "\N{NO-BREAK SPACE}"
NONE = "–"


def percent(share: float | None) -> str:
    """0.9312 as `93.12 %`."""
    return NONE if share is None else f"{100 * share:.2f}{NARROW}%"


def points(difference: float | None) -> str:
    """0.012 as `+1.20`: a difference of two accuracies, in percentage points, with its sign."""
    if difference is None:
        return NONE
    text = f"{100 * difference:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", "−")


def count(number: float | None) -> str:
    """3214000 as `3.21 M`, always with three digits."""
    if number is None:
        return NONE
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= 0.9995 * limit:
            return f"{number / limit:#.3g}".rstrip(".") + f"{NARROW}{unit}"
    return f"{number:g}"


def tick(number: float) -> str:
    """As `count`, without idle zeros: 40000 as `40 k`."""
    digits, *unit = count(number).split(NARROW)
    return NARROW.join([f"{float(digits):g}", *unit])


def hours(seconds: float | None) -> str:
    """5400 seconds as `1.50 h`; what is shorter than a minute with four digits behind the point."""
    if seconds is None:
        return NONE
    return f"{seconds / 3600:.{2 if seconds >= 360 or seconds == 0 else 4}f}{NARROW}h"


def scientific(number: float | None) -> str:
    """2.13e-07 as `2.1e-07`; zero as `0`."""
    if number is None:
        return NONE
    return "0" if number == 0 else f"{number:.1e}"


def plural(number: int, noun: str, many: str | None = None) -> str:
    """`1 child`, `2 children`."""
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def printable(text: str) -> str:
    """`text` without the control characters that neither XML nor a terminal should see."""
    return "".join(each for each in text if each.isprintable() or each in "\n\t")


FILTERS: dict[str, Callable[..., str]] = {
    "percent": percent,
    "points": points,
    "count": count,
    "hours": hours,
    "scientific": scientific,
    "plural": plural,
}
