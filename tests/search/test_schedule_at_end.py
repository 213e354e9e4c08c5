"""What a search does at its end; `test_schedule.py` has its rounds."""

from tests.search.samples import concluded, failed, four, ledger, ledger_round, round_of, trained

from nasflow.search import schedule
from nasflow.search.finalists import finalists
from nasflow.search.ledger import Ledger
from nasflow.search.record import AnyRecord
from nasflow.search.rounds import FinishRecord, SearchStop
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
    state = ledger(budget={"children": 0})
    stop = decide(state)
    assert stop
    assert stop.best == state.start_spec.id
    ended = state.model_copy(update={"stop": stop})
    last = finalists(ended)
    assert last
    assert next_tasks(ended) == tuple(Train(spec.id, "finish") for spec in last.specs)


def test_a_finish_that_inherits_lost_weights() -> None:
    """The chosen child is trained again, and then goes on at its end."""
    finish = {"host": {"growth": 12, "blocks": 1}, "recipe": {"epochs": 5}, "inherit": True}
    state = concluded(finish=finish)
    last = finalists(state)
    assert last
    assert last.start
    lost = state.model_copy(update={"lost": frozenset({"weights of b"})})
    assert next_tasks(lost) == (Train("b", "round", 1), Train(last.start.id, "finish"))


def look(state: Ledger) -> FinishRecord:
    """The look at the test images."""
    return FinishRecord(child="b", final="f", held_out_accuracy=0.5, test_accuracy=0.5, test_images=9)


def test_the_end() -> None:
    """The networks at full size are trained together, then tested, and then nothing is left."""
    state = concluded()
    last = finalists(state)
    assert last
    assert last.start
    winner, start = (Train(spec.id, "finish") for spec in (last.winner, last.start))
    assert winner.title == "finish"
    assert next_tasks(state) == (winner, start)
    one = state.model_copy(update={"final": trained(winner.child)})
    assert next_tasks(one) == (start,)
    for record in (trained(start.child), failed(start.child)):
        both = one.model_copy(update={"final_start": record})
        assert state.stop
        assert next_tasks(both) == (schedule.Test(state.stop),)
        assert next_tasks(both.model_copy(update={"finish": look(state)})) == ()


def test_what_is_lost_at_the_end() -> None:
    """The winner's weights are brought back where they are lost, even after all was done."""
    state = concluded()
    last = finalists(state)
    assert last
    assert last.start
    known: dict[str, AnyRecord] = {"final": trained(last.winner.id), "final_start": trained(last.start.id)}
    lost = {"lost": frozenset({f"weights of {last.winner.id}"})}
    for finish in (None, look(state)):
        again = state.model_copy(update=known | lost | {"finish": finish})
        assert next_tasks(again) == (Train(last.winner.id, "finish"),)


def test_nothing_is_compared() -> None:
    """Then the winner alone is trained at full size."""
    finish = {"host": {"growth": 12, "blocks": 1}, "recipe": {"epochs": 5}, "compare": False}
    state = concluded(finish=finish)
    last = finalists(state)
    assert last
    assert next_tasks(state) == (Train(last.winner.id, "finish"),)
    assert isinstance(
        next_tasks(state.model_copy(update={"final": trained(last.winner.id)}))[0], schedule.Test
    )


def test_nothing_was_chosen() -> None:
    """A search that failed is over once that is written down."""
    state = four(round_of(1, None, None))
    assert next_tasks(state.model_copy(update={"stop": decide(state)})) == ()


def test_a_budget_that_is_extended() -> None:
    """A finished search goes on with the next round; its former end is no part of what is to be done."""
    state = concluded(budget={"rounds": 1})
    more = concluded(budget={"rounds": 2})
    over = {"finish": look(state), "final": trained("f")}
    assert next_tasks(state.model_copy(update=over)) == ()
    assert next_tasks(more.model_copy(update=over | {"stop": state.stop})) == (Propose(2),)


def test_a_stop_stays_as_it_was_written() -> None:
    """A budget that is made smaller does not change why a search stopped."""
    state = concluded()
    other = SearchStop(reason="budget", detail="children: 2 of 2", rounds=1, best="a")
    first = finalists(state.model_copy(update={"stop": other}))
    assert first
    assert next_tasks(state.model_copy(update={"stop": other}))[0] == Train(first.winner.id, "finish")


def test_whether_it_is_the_finish() -> None:
    """The rounds are over once networks at full size are trained or tested."""
    state = concluded()
    assert is_finish(next_tasks(state))
    assert state.stop
    assert is_finish((schedule.Test(state.stop),))
    assert not is_finish(next_tasks(four()))
    assert not is_finish((Conclude(state.stop),))
    assert not is_finish(())
