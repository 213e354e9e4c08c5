import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasflow.report import figures
from nasflow.report.scale import fence, fit
from nasflow.search.measures import Unit


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0, "0"), (950, "950"), (12_000, "12.0 k"), (3_214_000, "3.21 M"), (620e6, "620 M")],
)
def test_count(number: float | None, text: str) -> None:
    """A count has three digits and a unit."""
    assert figures.amount(number).replace(figures.NARROW, " ") == text


def test_ticks_have_no_idle_zeros() -> None:
    """An axis says 40 k where a table says 40.0 k."""
    assert [figures.tick(value) for value in (3, 40_000, 12.5e6)] == ["3", "40\xa0k", "12.5\xa0M"]


def test_points_have_a_sign() -> None:
    """A difference says which way, except that nothing has no sign."""
    assert [figures.points(value) for value in (0.012, -0.012, -1e-9)] == ["+1.20", "−1.20", "0.00"]


@pytest.mark.parametrize(("seconds", "text"), [(12, "12\xa0s"), (5400, "1\xa0h\xa030\xa0min")])
def test_durations(seconds: float, text: str) -> None:
    """A time is not broken at the end of a line."""
    assert figures.unbroken_time(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.93124, "share", "93.12 %"),
        (0.31234, "nats", "0.3123 nats"),
        (3_214_000, "parameters", "3.21 M"),
        (0.0042, "seconds", "4.20 ms"),
        (0.123, "seconds", "123 ms"),
        (0.99951, "seconds", "1.00 s"),
        (8.2e-5, "seconds", "82.0 µs"),
        (None, "seconds", "–"),
    ],
)
def test_a_figure_has_its_unit(value: float | None, unit: Unit, text: str) -> None:
    """Each unit has its form, with three or four digits."""
    assert figures.in_unit(value, unit).replace(figures.NARROW, " ") == text


def test_changes_have_a_sign_and_a_unit() -> None:
    """Of shares they are points; what rounds to nothing has no sign."""
    changes = [(0.012, "share"), (-0.0123, "nats"), (0.00001, "nats"), (0.0004, "seconds")]
    shown = [figures.change(value, unit).replace(figures.NARROW, " ") for value, unit in changes]
    assert shown == ["+1.20", "−0.0123 nats", "0.0000 nats", "+400 µs"]


def test_ticks_have_the_digits_that_they_need() -> None:
    """Steps of 2.5 are not rounded to whole numbers."""
    assert [figures.decimals(step) for step in (5, 2.5, 0.25, 0.1, 1 / 3)] == [0, 1, 2, 1, 6]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_an_axis_holds_its_values(values: list[float]) -> None:
    """Every value has a pixel between the axis's ends, in order, and there are a few ticks."""
    scale = fit(values, 0.0, 100.0)
    assert all(scale.low < value < scale.high for value in values)
    assert scale(min(values)) <= scale(max(values))
    assert 1 <= len(scale.ticks) <= 12
    assert all(
        scale.low <= tick + scale.step * 1e-6 and tick - scale.step * 1e-6 <= scale.high
        for tick in scale.ticks
    )


def test_ticks_are_round() -> None:
    """Ticks stand at round numbers within the axis."""
    assert fit([0.0, 10.0], 0.0, 100.0).ticks == (0.0, 2.5, 5.0, 7.5, 10.0)
    assert fit([0.9], 0.0, 100.0).ticks[0] >= 0.85


def test_only_what_lies_far_out_is_fenced_off() -> None:
    """A collapsed child is below the fence, ordinary ones are above it."""
    ordinary = [0.88, 0.89, 0.90, 0.91]
    assert 0.1 < fence([0.1, *ordinary]) < 0.88
    assert fence(ordinary) < 0.88
