from typing import Any

from tests.search.samples import HOST, at_its_end, failed, ledger, ledger_round, trained

from nasflow.search.inheritance import heirs
from nasflow.search.ledger import Ledger
from nasflow.search.schedule import Train, decide, next_tasks


def search(**changes: Any) -> Ledger:
    """A search in which `b` grew from `a`, `c` failed; `d`, of `b`, and `e`, of nobody, are not trained."""
    root = ledger().start_spec.id
    return ledger(
        ledger_round(1, trained("a"), parent=root),
        ledger_round(2, trained("b", 0.9), failed("c"), parent="a"),
        ledger_round(3, missing=["d"], parent="b"),
        ledger_round(4, missing=["e"]),
        parents="found",
        **changes,
    )


def lines(state: Ledger) -> dict[str, list[str]]:
    """The ancestors of each heir, by name."""
    return {child: [record.child for record in line] for child, (line,) in heirs(state).items()}


def test_whose_weights_are_needed() -> None:
    """Those of the trained ancestors of each child that has no result, the nearest first."""
    state = search()
    assert lines(state) == {"d": ["b", "a", state.start_spec.id], "e": []}


def test_networks_at_full_size() -> None:
    """They need somebody's weights if the finish inherits, and nobody's if it trains from scratch."""
    for inherit in (False, True):
        finish = {"host": dict(HOST), "recipe": {"epochs": 5}, "inherit": inherit, "controls": ["start"]}
        state = search(finish=finish, budget={"rounds": 4})
        ended = at_its_end(state, decide(state))
        winner, start = (each.spec.id for each in ended.finals)
        found = lines(ended)
        assert found[winner] == (["b", "a", state.start_spec.id] if inherit else [])
        assert found[start] == ([state.start_spec.id] if inherit else [])


def test_teachers_of_networks_at_full_size() -> None:
    """Their weights are needed too, each with the line that it comes from."""
    recipe = {"epochs": 5, "distil": {"teacher": "best", "best": 2}}
    finish = {"host": dict(HOST), "recipe": recipe, "controls": []}
    whole = search(finish=finish, budget={"rounds": 2})
    state = whole.model_copy(update={"rounds": whole.rounds[:2]})
    ended = at_its_end(state, decide(state))
    (found,) = (each.spec for each in ended.finals)
    assert found.teachers == ("b", "a")
    root = state.start_spec.id
    lines_of = [[record.child for record in line] for line in heirs(ended)[found.id]]
    assert lines_of == [[], ["b", "a", root], ["a", root]]
    lost = ended.model_copy(update={"lost": frozenset({"weights of a"})})
    assert next_tasks(lost) == (Train("a", "round", 1),)


def test_a_search_that_waits_for_nobody() -> None:
    """Where every child has its result and nothing is at its end, nobody's weights are needed."""
    assert heirs(ledger(ledger_round(1, trained("a")))) == {}
