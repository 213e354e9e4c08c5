"""Numbers as people read them: percent, points, millions, minutes."""

from collections.abc import Callable

from nasflow.search.measures import Measured, Unit
from nasflow.search.words import measure_words, time_words, with_unit

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


def amount(number: float | None) -> str:
    """3214000 as `3.21 M`, always with three digits."""
    if number is None:
        return NONE
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= 0.9995 * limit:
            return f"{number / limit:#.3g}".rstrip(".") + f"{NARROW}{unit}"
    return f"{number:g}"


def tick(number: float) -> str:
    """As `amount`, without idle zeros: 40000 as `40 k`."""
    digits, *unit = amount(number).split(NARROW)
    return NARROW.join([f"{float(digits):g}", *unit])


def in_unit(value: float | None, unit: Unit) -> str:
    """A figure by its unit: `93.12 %`, `0.3123 nats`, `4.20 ms`; a count as `3.21 M`."""
    if value is None:
        return NONE
    return (
        amount(value) if unit in {"parameters", "mult-adds"} else with_unit(value, unit).replace(" ", NARROW)
    )


def measured(figure: Measured) -> str:
    """One figure of one network, by its unit."""
    return in_unit(figure.value, figure.unit)


def size(difference: float, unit: Unit) -> str:
    """How far two figures are apart: `1.20 points`, `0.0123 nats`."""
    return f"{100 * abs(difference):.2f} points" if unit == "share" else in_unit(abs(difference), unit)


def change(difference: float, unit: Unit) -> str:
    """The same with its sign, and as short as a cell of a table wants it: `+1.20`, `−0.0123 nats`."""
    if unit == "share":
        return points(difference)
    text = in_unit(abs(difference), unit)
    sign = "" if text == in_unit(0, unit) else "+" if difference > 0 else "−"
    return sign + text


def decimals(step: float) -> int:
    """Digits behind the point that multiples of `step` need, six at most."""
    return next((digits for digits in range(6) if abs(round(step, digits) - step) < 1e-6 * step), 6)


def unbroken_time(seconds: float) -> str:
    """`time_words` on one line: 5400 seconds as `1 h 30 min`."""
    return time_words(seconds).replace(" ", NARROW)


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
    "amount": amount,
    "measured": measured,
    "measure_words": measure_words,
    "time_words": unbroken_time,
    "scientific": scientific,
    "plural": plural,
}
