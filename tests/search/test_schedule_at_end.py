"""What a search does at its end; `test_schedule.py` has its rounds."""

from tests.search.samples import (
    HOST,
    at_its_end,
    concluded,
    failed,
    finished,
    four,
    ledger,
    ledger_round,
    round_of,
    trained,
    with_finals,
)

from nasflow.search import schedule
from nasflow.search.rounds import SearchStop
from nasflow.search.schedule import Conclude, Propose, Train, decide, is_finish, next_tasks


def test_the_objective_decides_who_is_chosen() -> None:
    """By loss another child is chosen than by accuracy, where they differ."""
    rounds = ledger_round(1, trained("sure", 0.9, held_out_loss=0.7), trained("calm", 0.8, held_out_loss=0.5))
    chosen = []
    for objective in ("held_out_accuracy", "held_out_loss"):
        stop = decide(ledger(rounds, budget={"children": 2}, objective=objective))
        chosen.append(stop and stop.best)
    assert chosen == ["sure", "calm"]


def test_a_transfer() -> None:
    """A search for no children chooses its start network, and ends with it at full size."""
    finish = {"host": dict(HOST), "recipe": {"epochs": 5}, "controls": []}
    state = ledger(budget={"children": 0}, finish=finish)
    stop = decide(state)
    assert stop
    assert stop.best == state.start_spec.id
    ended = at_its_end(state, stop)
    assert next_tasks(ended) == tuple(Train(each.spec.id, "finish") for each in ended.finals)


def test_a_finish_that_inherits_lost_weights() -> None:
    """The chosen child is trained again, and then goes on at its end."""
    finish = {"host": dict(HOST), "recipe": {"epochs": 5}, "inherit": True, "controls": ["start"]}
    state = concluded(finish=finish)
    _, start = state.finals
    lost = state.model_copy(update={"lost": frozenset({"weights of b"})})
    assert next_tasks(lost) == (Train("b", "round", 1), Train(start.spec.id, "finish"))


def test_the_end() -> None:
    """The networks at full size are trained together, then tested, and then nothing is left."""
    state = concluded()
    winner, start = (Train(each.spec.id, "finish") for each in state.finals)
    assert winner.title == "full size"
    assert next_tasks(state) == (winner, start)
    assert next_tasks(with_finals(state, trained(winner.child), None)) == (start,)
    for record in (trained(start.child), failed(start.child)):
        both = with_finals(state, trained(winner.child), record)
        assert state.stop
        assert next_tasks(both) == (schedule.Test(state.stop),)
        assert next_tasks(both.model_copy(update={"finish": finished()})) == ()


def test_what_is_lost_at_the_end() -> None:
    """The winner's weights are brought back where they are lost, even after all was done."""
    state = concluded()
    winner, start = (each.spec.id for each in state.finals)
    known = with_finals(state, trained(winner), trained(start))
    for finish in (None, finished()):
        again = known.model_copy(update={"lost": frozenset({f"weights of {winner}"}), "finish": finish})
        assert next_tasks(again) == (Train(winner, "finish"),)


def test_nothing_is_compared() -> None:
    """Then the winner alone is trained at full size."""
    finish = {"host": dict(HOST), "recipe": {"epochs": 5}, "controls": ()}
    state = concluded(finish=finish)
    (winner,) = (each.spec.id for each in state.finals)
    assert next_tasks(state) == (Train(winner, "finish"),)
    assert isinstance(next_tasks(with_finals(state, trained(winner)))[0], schedule.Test)


def test_nothing_was_chosen() -> None:
    """A search that failed is over once that is written down."""
    state = four(round_of(1, None, None))
    assert next_tasks(state.model_copy(update={"stop": decide(state)})) == ()


def test_a_budget_that_is_extended() -> None:
    """A finished search goes on with the next round; its former end is no part of what is to be done."""
    state = concluded(budget={"rounds": 1})
    more = concluded(budget={"rounds": 2})
    over = {"finish": finished(), "finals": with_finals(state, trained("f"), trained("g")).finals}
    assert next_tasks(state.model_copy(update=over)) == ()
    assert next_tasks(more.model_copy(update=over | {"stop": state.stop})) == (Propose(2),)


def test_a_stop_stays_as_it_was_written() -> None:
    """A budget that is made smaller does not change why a search stopped."""
    other = SearchStop(reason="budget", detail="children: 2 of 2", rounds=1, best="a")
    state = at_its_end(concluded(), other)
    assert next_tasks(state)[0] == Train(state.finals[0].spec.id, "finish")


def test_whether_it_is_the_finish() -> None:
    """The rounds are over once networks at full size are trained or tested."""
    state = concluded()
    assert is_finish(next_tasks(state))
    assert state.stop
    assert is_finish((schedule.Test(state.stop),))
    assert not is_finish(next_tasks(four()))
    assert not is_finish((Conclude(state.stop),))
    assert not is_finish(())
