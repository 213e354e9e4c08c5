from typing import Any

import pytest
from tests.search.samples import HOST, asked, failed, ledger, ledger_round, resolved, trained

from nasflow.base.errors import InvalidSpec
from nasflow.search.ledger import Candidate, Ledger
from nasflow.search.record import AnyRecord
from nasflow.search.schedule import Conclude, Shortlist, Train, decide, is_finish, next_tasks
from nasflow.search.shortlist import best_of, choice, shortlist

CELLS = ("( 3x3G -> ( max3 ) )", "( 3x3G -> ( avg3 ) )", "( 3x3G -> ( ds3 ) )", "( 3x3G -> ( ds5 ) )")


def finish(count: int, **known: Any) -> dict[str, Any]:
    """Of a search that tries so many of its best children at full size."""
    return {"host": dict(HOST), "recipe": {"epochs": 5}, "controls": [], "shortlist": count} | known


def searched(count: int, *accuracies: float, cells: tuple[str, ...] = CELLS, **known: Any) -> Ledger:
    """After the only round, whose children are a, b, c, d."""
    named = zip("abcd", accuracies, cells, strict=False)
    children = [trained(name, accuracy, parts=cell) for name, accuracy, cell in named]
    return ledger(ledger_round(1, *children), budget={"rounds": 1}, finish=finish(count, **known))


def listed(state: Ledger, *records: AnyRecord | None) -> Ledger:
    """The same with its shortlist, and what came of it."""
    pairs = zip(shortlist(state).items(), records, strict=True)
    known = tuple(Candidate(child=child, spec=spec, record=record) for (child, spec), record in pairs)
    return state.model_copy(update={"shortlist": known})


def test_the_best_children_at_full_size() -> None:
    """The best first, in the host of the finish, from scratch, with a seed that is none of the finish's."""
    state = searched(3, 0.5, 0.8, 0.7, 0.6, seeds=2)
    found = shortlist(state)
    assert list(found) == ["b", "c", "d"]
    assert {spec.seed for spec in found.values()} == {state.config.seed + 2}
    assert {spec.recipe.epochs for spec in found.values()} == {5}
    assert [str(spec.network.parts) for spec in found.values()] == [CELLS[1], CELLS[2], CELLS[3]]


def test_who_goes_on_from_inherited_weights() -> None:
    """Each at full size grows from its own child."""
    found = shortlist(searched(2, 0.5, 0.8, 0.7, inherit=True))
    assert {child: spec.parent for child, spec in found.items()} == {"b": "b", "c": "c"}


@pytest.mark.parametrize(
    "state",
    [
        searched(1, 0.5, 0.8),
        searched(5, 0.5),
        searched(5, 0.5, 0.8, cells=(CELLS[0], CELLS[0])),
        ledger(ledger_round(1, failed("a"), failed("b")), budget={"rounds": 1}, finish=finish(3)),
        ledger(budget={"children": 0}, finish=finish(3)),
    ],
    ids=["not asked for", "one child", "one network", "all failed", "a transfer"],
)
def test_nothing_to_choose_from(state: Ledger) -> None:
    """Then nothing is trained for it: the search concludes at once."""
    assert shortlist(state) == {}
    assert isinstance(next_tasks(state)[0], Conclude)


def test_what_a_search_does_at_its_end() -> None:
    """It writes the list down, trains all that is on it, and then concludes with the best of them."""
    state = searched(2, 0.5, 0.8, 0.7)
    assert next_tasks(state) == (Shortlist(rounds=1),)
    assert not is_finish(next_tasks(state))
    begun = listed(state, None, None)
    first, second = (Train(each.spec.id, "finish") for each in begun.shortlist)
    assert next_tasks(begun) == (first, second)
    assert is_finish(next_tasks(begun))
    assert next_tasks(listed(state, trained("x", held_out_loss=0.4), None)) == (second,)
    (task,) = next_tasks(
        listed(state, trained("x", held_out_loss=0.4), trained("y", held_out_loss=0.3)).model_copy(
            # Only figures are wanted of the list: whose weights are gone is not trained again.
            update={"lost": frozenset({"weights of x", "weights of y"})}
        )
    )
    assert isinstance(task, Conclude)
    assert task.stop.best == "c"


def test_who_is_chosen() -> None:
    """By the held-out loss at full size; among equals fewer parameters; who failed is out of it."""
    state = searched(3, 0.5, 0.8, 0.7, 0.6)
    rounds = state.rounds[0].records
    for records, best in (
        ([trained("x", 0.9, held_out_loss=0.5), trained("y", 0.1, held_out_loss=0.4), failed("z")], "c"),
        ([trained("x", held_out_loss=0.4), trained("y", held_out_loss=0.4, parameters=0), failed("z")], "c"),
        ([trained("x", held_out_loss=0.4), trained("y", held_out_loss=0.4), failed("z")], "b"),
        ([failed("x"), failed("y"), trained("z", held_out_loss=9.0)], "d"),
        ([failed("x"), failed("y"), failed("z")], "b"),
    ):
        known = listed(state, *records)
        won = choice(known)
        assert won in rounds
        stop = decide(known)
        assert won
        assert stop
        assert won.child == stop.best == best


def test_an_old_record_without_a_loss() -> None:
    """An older nasflow measured none: nobody wins by what nobody knows."""
    state = searched(2, 0.5, 0.8, 0.7)
    assert best_of(listed(state, trained("x"), trained("y")).shortlist) is None


def test_older_searches_keep_their_identity() -> None:
    """A search that asks for none is what it was before there was a choice."""
    plain = {"host": dict(HOST), "recipe": {"epochs": 5}}
    one, other = (resolved(finish=plain | more) for more in ({}, {"shortlist": 1}))
    assert one.identity() == other.identity()
    assert "shortlist" not in one.identity()
    assert "shortlist" in resolved(finish=plain | {"shortlist": 2}).identity()
    assert "shortlist" not in searched(1, 0.5).model_dump_json()


def test_several_measures() -> None:
    """A front has its own networks at full size."""
    with pytest.raises(InvalidSpec, match=r"finish\.shortlist: .* leave it out"):
        asked(objective={"pareto": ["held_out_loss", "parameters"]}, finish=finish(3))
