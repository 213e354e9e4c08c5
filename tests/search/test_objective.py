import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.search.samples import asked, failed, measured, resolved, trained

from nasflow.base.errors import InvalidSpec
from nasflow.search.judge import Judge
from nasflow.search.measures import Measured
from nasflow.search.objective import Limits, Objective, Trade

ACCURACY = Objective(maximise="held_out_accuracy")
LOSS = Objective(minimise="held_out_loss")
TRADED = Objective(maximise="held_out_accuracy", trade={"parameters": Trade(target=1000, weight=0.07)})


@pytest.mark.parametrize(
    ("given", "objective"),
    [
        ("held_out_accuracy", ACCURACY),
        ("held_out_loss", LOSS),
        ("latency", Objective(minimise="latency")),
        ({"minimise": "held_out_accuracy"}, Objective(minimise="held_out_accuracy")),
        (
            {"maximise": "held_out_accuracy", "trade": {"parameters": {"target": "1k", "weight": 0.07}}},
            TRADED,
        ),
    ],
)
def test_as_it_is_written(given: Any, objective: Objective) -> None:
    """A name is enough where the better way is known; costs have a target, as people write amounts."""
    config = asked(objective=given)
    assert config.objective == objective
    assert resolved(objective=given).judge.objective == objective


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("accuracy", "objective: no measure is called 'accuracy': known are held_out_accuracy, "),
        ({}, "objective: one of maximise and minimise is wanted"),
        (
            {"maximise": "parameters", "minimise": "latency"},
            "objective: one of maximise and minimise is wanted",
        ),
        ({"maximise": "accuracy"}, "objective.maximise: no measure is called 'accuracy'"),
        (
            {"minimise": "latency", "trade": {"latency": {"target": 1, "weight": 1}}},
            "objective: latency cannot be traded against itself",
        ),
        (
            {"minimise": "latency", "trade": {"parameters": {"target": "much", "weight": 1}}},
            "objective.trade.parameters.target: an amount is wanted",
        ),
        (
            {"minimise": "latency", "trade": {"parameters": {"target": 1, "weight": 0}}},
            "objective.trade.parameters.weight: Input should be greater than 0",
        ),
        (
            {"minimise": "latency", "trade": {"size": {"target": 1, "weight": 1}}},
            "objective.trade.size: no measure",
        ),
        (
            {"minimise": "held_out_loss", "trade": {"latency": {"target": "4k", "weight": 1}}},
            "objective.trade: latency is in seconds, not in k: write a number, perhaps with s, ms, us",
        ),
        (
            {"minimise": "held_out_loss", "compress": {"parameters": "start"}},
            "objective: compress: what is kept while a network shrinks is maximised",
        ),
        (
            {"maximise": "held_out_accuracy", "compress": {"latency": "4k"}},
            "objective.compress: latency is in seconds, not in k",
        ),
        (
            {"maximise": "held_out_accuracy", "compress": {"held_out_accuracy": "start"}},
            "objective: held_out_accuracy cannot be traded against itself",
        ),
    ],
)
def test_what_is_no_objective(given: Any, message: str) -> None:
    """Each mistake is one line that says where it is, and what is known."""
    with pytest.raises(InvalidSpec) as raised:
        asked(objective=given)
    assert str(raised.value).startswith(f"here: {message}")


def test_limits() -> None:
    """Limits are amounts by the names of measures."""
    limits = {"parameters": "3M", "latency": "4ms", "held_out_loss": 0.5}
    assert asked(limits=limits).limits == {"parameters": 3e6, "latency": 0.004, "held_out_loss": 0.5}
    for wrong, message in (
        (
            {"parameters": "3m"},
            "limits.parameters: an amount is wanted: a number, perhaps with k, M, G, s, ms",
        ),
        ({"parameters": 0}, "limits.parameters: an amount above 0 is wanted"),
        (
            {"parameters": "4ms"},
            "limits: parameters is in parameters, not in ms: write a number",
        ),
        (
            {"latency": "3M"},
            "limits: latency is in seconds, not in M: write a number, perhaps with s, ms",
        ),
        ({"parmeters": 3}, "limits.parmeters: no measure is called 'parmeters': known are held_out_accuracy"),
    ):
        with pytest.raises(InvalidSpec, match=message):
            asked(limits=wrong)


def test_scores() -> None:
    """The higher, the better: an accuracy as it is, a loss with the other sign."""
    figures = measured(held_out_accuracy=0.75, held_out_loss=0.5, parameters=2000)
    assert ACCURACY.score(figures) == 0.75
    assert LOSS.score(figures) == -0.5


@pytest.mark.parametrize("maximise", [True, False])
def test_the_trade_off(maximise: bool) -> None:
    """At its target a cost changes nothing; twice the target is worth 2 ** -weight, for the worse."""
    way = {"maximise": "held_out_accuracy"} if maximise else {"minimise": "held_out_loss"}
    objective = Objective.model_validate(way | {"trade": {"parameters": {"target": 1000, "weight": 0.07}}})
    plain = ACCURACY if maximise else LOSS
    scores = []
    for parameters in (500, 1000, 2000):
        figures = measured(held_out_accuracy=0.75, held_out_loss=0.5, parameters=parameters)
        scores.append(objective.score(figures) / plain.score(figures))
    factor = 2**-0.07 if maximise else 2**0.07
    assert scores == pytest.approx([1 / factor, 1, factor])


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_the_reward_of_an_accuracy(accuracy: float, images: int) -> None:
    """It is the paper's tangent, a perfect one counting as half an image from perfect at most."""
    reward = ACCURACY.reward(measured(held_out_accuracy=accuracy), images)
    assert reward == math.tan(min(accuracy, 1 - 1 / (2 * images)) * math.pi / 2)
    assert math.isfinite(reward)


@pytest.mark.parametrize("images", [1, 300, 5000])
def test_a_perfect_accuracy_is_worth_most(images: int) -> None:
    """It is worth more than one image less."""
    perfect, other = (measured(held_out_accuracy=each) for each in (1.0, 1 - 1 / images))
    assert ACCURACY.reward(perfect, images) > ACCURACY.reward(other, images)


def test_other_rewards() -> None:
    """What is no accuracy is rewarded as it is scored; a cost counts in the reward as in the score."""
    figures = measured(held_out_accuracy=0.5, held_out_loss=0.5, parameters=2000)
    assert LOSS.reward(figures, 100) == LOSS.score(figures)
    assert TRADED.reward(figures, 100) == TRADED.score(figures)


def test_who_wins() -> None:
    """The best score; among equals fewer parameters, then the order in which they are given."""
    judge = Judge(ACCURACY, {})
    records = (
        trained("good", 0.8, parameters=9),
        failed("failed"),
        trained("small", 0.9, parameters=5),
        trained("large", 0.9, parameters=7),
        trained("late", 0.9, parameters=5),
    )
    assert [each.child for each in judge.ranked(records)] == ["small", "late", "large", "good"]
    assert judge.best(records) == records[2]
    assert judge.best(reversed(records)) == records[4]
    assert judge.best(()) is None
    assert judge.best([failed("one"), failed("other")]) is None


def test_a_failed_child() -> None:
    """It never wins and has no reward, whatever was measured of it."""
    judge = Judge(Objective(minimise="parameters"), {})
    assert judge.score(failed("a")) is None
    assert judge.rewards([failed("a")], (), 100) == [None]
    assert judge.best([failed("a"), trained("b", parameters=10**9)]) == trained("b", parameters=10**9)


def test_one_that_breaks_a_limit() -> None:
    """It never wins and has no reward, as good as it may be; at the limit it may."""
    judge = Judge(ACCURACY, {"parameters": 100, "latency": 0.004})
    large = trained("large", 0.9, parameters=101)
    slow = trained("slow", 0.9, parameters=100, latency=0.0041)
    able = trained("able", 0.1, parameters=100, latency=0.004)
    for broken in (large, slow):
        assert judge.score(broken) is None
        assert judge.rewards([broken], (), 100) == [None]
    assert judge.best([large, slow, able]) == able
    assert judge.best([large, slow]) is None
    assert judge.breach(large.measures) == "parameters 101 is over the limit of 100"
    assert judge.breach(slow.measures) == "latency 0.0041 is over the limit of 0.004"
    assert judge.breach(able.measures) is None
    assert judge.breach(measured(held_out_accuracy=0.1)) is None


def test_how_far_a_network_is_from_its_limits() -> None:
    """The logarithm of how many times too much it is, for several limits their sum; 0.0: all are kept."""
    judge = Judge(ACCURACY, {"parameters": 100, "latency": 0.004})
    assert judge.excess(measured(parameters=200)) == pytest.approx(math.log(2))
    assert judge.excess(measured(parameters=200, latency=0.008)) == pytest.approx(math.log(4))
    assert judge.excess(measured(parameters=100, latency=0.001)) == 0
    assert judge.excess(measured(held_out_accuracy=0.1)) == 0


def test_one_that_was_never_measured() -> None:
    """What an objective looks at and a record does not have, nobody can win by: a figure is never made up."""
    old, new = trained("old", 0.9), trained("new", 0.5, held_out_loss=0.7)
    judge = Judge(LOSS, {})
    assert judge.score(old) is None
    assert judge.rewards([old], (), 100) == [None]
    assert judge.best([old, new]) == new


def test_loss_and_accuracy_may_differ() -> None:
    """Where they do, the objective decides."""
    sure = trained("sure", 0.9, held_out_loss=0.7)
    calm = trained("calm", 0.8, held_out_loss=0.5)
    assert Judge(ACCURACY, {}).best([sure, calm]) == sure
    assert Judge(LOSS, {}).best([sure, calm]) == calm


def test_a_trade_decides() -> None:
    """A network of twice the size has to be better by more than its cost."""
    judge = Judge(TRADED, {})
    small, large = trained("small", 0.80, parameters=1000), trained("large", 0.83, parameters=2000)
    assert judge.best([small, large]) == small
    assert Judge(ACCURACY, {}).best([small, large]) == large
    assert judge.best([small, trained("larger", 0.85, parameters=2000)]) != small


def test_costs_are_costs() -> None:
    """What is better the more there is of it is neither traded as a cost nor limited from above."""
    trade = {"held_out_accuracy": {"target": 0.9, "weight": 1}}
    with pytest.raises(ValidationError, match="held_out_accuracy is no cost"):
        Objective.model_validate({"minimise": "parameters", "trade": trade})
    with pytest.raises(ValidationError, match="held_out_accuracy is no cost"):
        TypeAdapter(Limits).validate_python({"held_out_accuracy": 0.6})


@pytest.mark.parametrize("cost", [0.0, 1e-300, 1.0, 1e300])
def test_any_cost_has_a_finite_score(cost: float) -> None:
    """No figure and no target makes a score that is no number."""
    trade = {"parameters": {"target": 1e-9, "weight": 2}}
    for objective in ({"maximise": "held_out_accuracy"}, {"minimise": "held_out_loss"}):
        judged = Objective.model_validate(objective | {"trade": trade})
        measures = {
            judged.measure: Measured(value=0.5, unit=judged.unit),
            "parameters": Measured(value=cost, unit="parameters"),
        }
        assert math.isfinite(judged.score(measures))
        assert math.isfinite(judged.reward(measures, 100))


COMPRESSED = Objective(maximise="held_out_accuracy", compress={"parameters": 1000.0})


@pytest.mark.parametrize(
    ("accuracy", "parameters", "worth"),
    [
        (0.9, 1000, 0.0),
        (0.9, 250, 0.9 * 0.75 * 1.25),
        (0.8, 100, 0.8 * 0.9 * 1.1),
        # Nothing is published of what has grown.
        (0.9, 2000, -3),
        (0.1, 2000, -3),
    ],
)
def test_the_published_reward_of_compression(accuracy: float, parameters: int, worth: float) -> None:
    """C (2 - C) times the accuracy, C the share of the teacher that is saved (arXiv 1709.06030)."""
    figures = measured(held_out_accuracy=accuracy, parameters=parameters)
    assert COMPRESSED.score(figures) == pytest.approx(worth)
    assert COMPRESSED.reward(figures, 100) == COMPRESSED.score(figures)
    assert COMPRESSED.measures == ("held_out_accuracy", "parameters")


def test_two_costs_that_have_grown_are_no_gain() -> None:
    """Whoever has grown in one of them is worth less than whoever has not, and the less the more."""
    compressed = Objective(maximise="held_out_accuracy", compress={"parameters": 1000.0, "mult_adds": 100.0})
    sizes = ((500, 50), (1000, 100), (500, 110), (1100, 110), (3000, 110), (3000, 400))
    worths = [
        compressed.score(measured(held_out_accuracy=0.9, parameters=one, mult_adds=other))
        for one, other in sizes
    ]
    assert worths == sorted(worths, reverse=True)
    assert worths[1] == 0 > worths[2]


def test_the_start_network_says_from_where() -> None:
    """`start` stands for its amount, which is known once the search begins."""
    asked_for = Objective(maximise="held_out_accuracy", compress={"parameters": "start", "mult_adds": 70.0})
    figures = measured(held_out_accuracy=0.9, parameters=1000, mult_adds=50)
    with pytest.raises(InvalidSpec, match="parameters of the start network is not known yet"):
        asked_for.score(figures)
    assert asked_for.of_start(figures).compress == {"parameters": 1000.0, "mult_adds": 70.0}
