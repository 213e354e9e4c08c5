"""Who wins where there are several measures."""

from tests.search.samples import failed, trained

from nasflow.search.judge import Judge
from nasflow.search.objective import Objective

PARETO = Judge(Objective(pareto=("held_out_accuracy", "parameters")), {})
GOOD, SMALL = trained("good", 0.9, parameters=1000), trained("small", 0.5, parameters=10)
KNEE, WORSE = trained("knee", 0.85, parameters=200), trained("worse", 0.4, parameters=300)
EVERY = (WORSE, GOOD, SMALL, KNEE)


def test_the_knee_wins() -> None:
    """The network of the front that is nearest to the best of each; those behind come last."""
    assert PARETO.best(EVERY) == KNEE
    assert PARETO.ranked(EVERY)[-1] == WORSE


def test_ends() -> None:
    """The best by each measure."""
    assert PARETO.ends(EVERY) == (GOOD, SMALL)
    assert PARETO.ends(()) == ()
    assert Judge(Objective(maximise="held_out_accuracy"), {}).ends(EVERY) == ()


def test_ends_are_of_the_front() -> None:
    """Of two that are as small, the better one."""
    assert PARETO.ends((trained("as small", 0.3, parameters=10), *EVERY)) == (GOOD, SMALL)


def test_what_a_network_is_worth_beside_others() -> None:
    """More on the front than behind it, and more where it is empty."""
    worths = dict(zip(("worse", "good", "small", "knee"), PARETO.worths(EVERY), strict=True))
    assert all(isinstance(each, float) for each in worths.values())
    assert sorted(worths, key=lambda name: worths[name] or 0)[:2] == ["worse", "knee"]
    assert PARETO.worths((failed("a"), GOOD)) == [None, 1.0]


def test_rewards_are_beside_all_before() -> None:
    """The same child is worth less after better ones."""
    (alone,) = PARETO.rewards((WORSE,), (), 100)
    (late,) = PARETO.rewards((WORSE,), (GOOD, SMALL, KNEE), 100)
    assert alone is not None
    assert late is not None
    assert late < alone


def test_a_limit_holds() -> None:
    """Who breaks it is on no front."""
    strict = Judge(PARETO.objective, {"parameters": 100})
    assert strict.best(EVERY) == SMALL
    assert strict.ends(EVERY) == (SMALL, SMALL)
