import pytest

from nasflow.search.measures import MEASURES, Unit
from nasflow.search.words import measure_words, time_words, with_unit


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("held_out_accuracy", "held-out accuracy"),
        ("training_loss", "training loss"),
        ("mult_adds", "mult-adds"),
        ("latency", "latency"),
        ("latency_64", "latency of 64 images"),
        ("depth_of_theirs", "depth of theirs"),
    ],
)
def test_names(name: str, words: str) -> None:
    """A measure's name is read as words, of a measure that is plugged in too."""
    assert measure_words(name) == words


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.9312, "share", "93.12 %"),
        (0.31234, "nats", "0.3123 nats"),
        (3_214_000.0, "parameters", "3,214,000 parameters"),
        (7.0, "mult-adds", "7 mult-adds"),
        (2.5e-4, "seconds", "250 µs"),
        (0.0042, "seconds", "4.20 ms"),
        (0.9994, "seconds", "999 ms"),
        (0.9996, "seconds", "1.00 s"),
        (75.0, "seconds", "75.0 s"),
    ],
)
def test_figures(value: float, unit: Unit, shown: str) -> None:
    """A figure is shown with its unit, times in the one that suits their size."""
    assert with_unit(value, unit) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3569, "59 min"),
        (3571, "1 h"),
        (7900, "2 h 10 min"),
        (172_800, "2 d"),
        (300_000, "3 d 11 h"),
    ],
)
def test_times(seconds: float, shown: str) -> None:
    """A time is said as people say it, no more exact than a forecast is."""
    assert time_words(seconds) == shown


def test_every_measure_has_words() -> None:
    """No name has its underscores left."""
    assert not any("_" in measure_words(name) for name in MEASURES)
