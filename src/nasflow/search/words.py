"""Measures as people read them: on a terminal, in a report, in MLflow."""

import re

from nasflow.search.measures import Unit, find_measure

_WORDS = {
    "held_out_accuracy": "held-out accuracy",
    "held_out_loss": "held-out loss",
    "training_loss_sum": "sum of training losses",
    "mult_adds": "mult-adds",
}


def measure_words(name: str) -> str:
    """A measure's name in words: `held_out_loss` is the held-out loss, `latency_64` the latency of 64
    images.
    """
    if name in _WORDS:
        return _WORDS[name]
    words = name.replace("_", " ")
    return re.sub(r"^latency (\d+)$", r"latency of \1 images", words)


def with_unit(value: float, unit: Unit) -> str:
    """A figure with its unit: `93.12 %`, `0.3123 nats`, `4.20 ms`, `3,214,000 parameters`."""
    if unit == "share":
        return f"{100 * value:.2f} %"
    if unit == "nats":
        return f"{value:.4f} nats"
    if unit == "seconds":
        factor, name = next((each for each in _TIMES if abs(value) * each[0] < 999.5), (1.0, "s"))
        return f"{factor * value:#.3g}".rstrip(".") + f" {name}"
    return f"{value:,.0f} {unit}" if value == round(value) or abs(value) >= 1000 else f"{value:.4g} {unit}"


def figure_text(measure: str, value: float | None) -> str:
    """What a network is worth by one measure: `93.12 % held-out`, `0.3123 nats held-out loss`."""
    words = "held-out" if measure == "held_out_accuracy" else measure_words(measure)
    if value is None:
        return f"no {words}"
    shown = with_unit(value, find_measure(measure).unit)
    return shown if shown.endswith(words) else f"{shown} {words}"


def time_words(seconds: float) -> str:
    """How long something takes, as people say it: `40 s`, `7 min`, `2 h 10 min`, `3 d 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(round(seconds / 600) * 10, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


_TIMES = ((1e6, "µs"), (1e3, "ms"))
