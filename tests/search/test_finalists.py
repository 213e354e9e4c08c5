from typing import Any

import pytest
from tests.search.samples import HOST, failed, ledger, ledger_round, trained

from nasflow.search.controls import Control
from nasflow.search.finalists import Finals, finals, full_size
from nasflow.search.ledger import Ledger
from nasflow.search.rounds import Arm, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import Narrow
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Scratch
from nasflow.spec.parts import Parts, Width

FOUND = "( 3x3G -> ( max3 ) )"


def ended(best: str | None, finish: dict[str, Any] | None = None, **changes: Any) -> Ledger:
    """A search that has chosen `best`: `a` is as the start network, `b` another one, both of two epochs."""
    rounds = (
        ledger_round(1, trained("a", 0.5, epochs=2), failed("c")),
        ledger_round(2, trained("b", 0.6, epochs=2, parts=FOUND), arm=Arm.CONTROLLER),
    )
    settings = {"host": dict(HOST), "recipe": {"epochs": 5}} | (finish or {})
    state = ledger(*rounds, finish=settings, **changes)
    start = trained(state.start_spec.id, 0.4, epochs=7)
    chosen = start.child if best == "start" else best
    stop = SearchStop(reason="budget", detail="", rounds=1, best=chosen)
    return state.model_copy(update={"stop": stop, "start": start})


def widen(network: NetworkSpec, measure: str, like: NetworkSpec) -> NetworkSpec:
    """By one step for parameters, by two for mult-adds."""
    host = network.host.wider(1 if measure == "parameters" else 2)
    return network.model_copy(update={"host": host})


def lone(state: Ledger) -> Ledger:
    """The same search without its random arm."""
    return state.model_copy(update={"rounds": state.rounds[1:]})


def by_control(state: Ledger) -> dict[Control | None, ChildSpec]:
    """The networks of its end, by their first training."""
    return {each.control: spec for each, spec in reversed(list(finals(state, widen).specs.items()))}


def test_the_found_and_the_start() -> None:
    """Both are trained from scratch in the last host, by the last recipe, on the search's images."""
    large = {"growth": 24, "blocks": 2}
    state = ended("b", {"host": large}, seed=7)
    specs = by_control(state)
    assert next(iter(finals(state, widen).specs)).control is None
    found, start = specs[None], specs[Control.START]
    assert (str(found.network.parts), str(start.network.parts)) == (FOUND, "( 3x3G )")
    for spec in (found, start):
        assert spec.network.host == DenseNet.model_validate(large)
        assert (spec.origin, spec.data, spec.seed) == (Scratch(), state.start_spec.data, 7)
        assert spec.recipe == state.config.finish.recipe


def test_trained_longer() -> None:
    """The start network for as many epochs as the found one's whole line took, and its own end."""
    specs = by_control(ended("b"))
    assert specs[Control.LONGER].network == specs[Control.START].network
    # Seven of the start network, two of the child, five of the end.
    assert specs[Control.LONGER].recipe.epochs == 7 + 2 + 5
    inherits = by_control(ended("b", {"inherit": True}))[Control.LONGER]
    assert inherits.parent == ended("b").start_spec.id
    assert inherits.recipe.epochs == 2 + 5


def test_as_large_as_the_found_one() -> None:
    """The start network in wider hosts; from scratch, and with as much training as the found one in all."""
    specs = by_control(ended("b"))
    inheriting = by_control(ended("b", {"inherit": True}, start={"epochs": 2, "learning_rate": 0.25}))
    for control, growth in ((Control.PARAMETERS, 13), (Control.MULT_ADDS, 14)):
        assert specs[control].network.host == DenseNet(growth=growth, blocks=1)
        assert specs[control].network.parts == Parts()
        assert (specs[control].origin, specs[control].recipe) == (Scratch(), specs[None].recipe)
        assert inheriting[control].origin == Scratch()
        assert inheriting[control].recipe.epochs == 7 + 2 + 5
        assert inheriting[control].recipe.learning_rate == 0.25


def test_nobody_knows_how_to_widen() -> None:
    """A control that cannot be has its reason instead."""
    found = finals(ended("b"), lambda network, measure, like: None)
    assert set(found.missing) == {Control.PARAMETERS, Control.MULT_ADDS}
    assert "wider" in found.missing[Control.PARAMETERS]


def test_the_best_of_the_random_arm() -> None:
    """Chosen as the winner was, of the children that were drawn at random, where there are others."""
    assert by_control(ended("b"))[Control.RANDOM].network.parts == Parts()
    alone = finals(ended("b", controller={"kind": "random"}), widen)
    assert alone.missing == {Control.RANDOM: "every child was drawn at random"}
    none = ended("b")
    assert "was drawn at random" in finals(lone(none), widen).missing[Control.RANDOM]
    tight = ended("b", limits={"parameters": 0.5})
    assert "no child of the random arm" in finals(tight, widen).missing[Control.RANDOM]


def test_several_seeds() -> None:
    """Each network once a seed; the first training has the search's own, and the next search shares none."""
    found = finals(ended("b", {"seeds": 3, "controls": ["start"]}, seed=5), widen)
    assert [(each.control, each.seed) for each in found.specs] == [
        *((None, seed) for seed in (5, 1005, 2005)),
        *((Control.START, seed) for seed in (5, 1005, 2005)),
    ]
    assert [spec.seed for spec in found.specs.values()] == [5, 1005, 2005] * 2
    assert all(each.child == spec.id for each, spec in found.specs.items())
    ids = {spec.id for spec in found.specs.values()}
    assert len(ids) == 6
    after = finals(ended("b", {"seeds": 3, "controls": ["start"]}, seed=6), widen)
    assert not ids & {spec.id for spec in after.specs.values()}


def test_one_network_in_two_places() -> None:
    """Where the winner is as the start network, they are one network."""
    same = by_control(ended("a"))
    assert same[None] == same[Control.START]
    transfer = by_control(ended("start", {"controls": []}))
    assert list(transfer) == [None]


def test_the_found_network_from_scratch() -> None:
    """Where it is trained on: the same network without what it has inherited, trained as much in all."""
    specs = by_control(ended("b", {"inherit": True}, start={"epochs": 2, "learning_rate": 0.25}))
    scratch = specs[Control.SCRATCH]
    assert scratch.origin == Scratch()
    assert scratch.network.name == specs[None].network.name
    assert (scratch.recipe.epochs, scratch.recipe.learning_rate) == (7 + 2 + 5, 0.25)
    assert Control.SCRATCH not in by_control(ended("b"))
    assert Control.SCRATCH not in finals(ended("b"), lambda *_: None).missing


def test_the_ends_of_a_front() -> None:
    """Where there are several measures they are trained beside the knee, whatever else is asked for."""
    pareto = {"pareto": ["held_out_accuracy", "parameters"]}
    specs = by_control(ended("b", {"controls": []}, objective=pareto))
    assert specs.keys() == {None, Control.FIRST_END, Control.SECOND_END}


def test_inheritance() -> None:
    """Where the finish inherits, each goes on from the weights of the network that it is."""
    specs = by_control(ended("b", {"inherit": True}))
    assert specs[None].origin == Grown(parent="b")
    assert specs[Control.START].origin == Grown(parent=ended("b").start_spec.id)
    assert specs[Control.RANDOM].origin == Grown(parent="a")


@pytest.mark.parametrize("best", [None, "gone"])
def test_nothing_was_chosen(best: str | None) -> None:
    """Without a choice, or without its record, there are no finalists."""
    assert finals(ended(best), widen) == Finals()
    assert finals(ledger(), widen) == Finals()


def test_any_parts_at_full_size() -> None:
    """Parts are asked for at full size before anything is chosen: it is the same network."""
    state = ended("b")
    assert full_size(state, Parts.model_validate(FOUND)) == by_control(state)[None]


def test_what_is_measured() -> None:
    """What is measured only because somebody asks is measured of the finalists too."""
    specs = by_control(ended("b", limits={"latency": "4ms"}))
    assert {spec.measures for spec in specs.values()} == {("latency",)}


def test_the_order_of_branches() -> None:
    """From scratch the branches of a sum stand in their one order; inherited weights keep theirs."""
    parts = Parts.model_validate("add( 3x3G -> ( max3 ), 3x3G )")
    scratch = full_size(ended("b"), parts, "b")
    assert str(scratch.network.parts) == "add( 3x3G, 3x3G -> ( max3 ) )"
    inherited = full_size(ended("b", {"inherit": True}), parts, "b")
    assert inherited.network.parts == parts


def test_cut_evenly_and_trained_on() -> None:
    """Where the found network has inherited, so has the one of its size that is only narrower."""

    def cut(network: NetworkSpec, measure: str, like: NetworkSpec) -> NetworkSpec:
        return network.with_parts(network.parts.put("first", Width(channels=2)))

    state = ended("b", {"inherit": True})
    specs = {each.control: spec for each, spec in finals(state, cut).specs.items()}
    narrow = specs[Control.PARAMETERS]
    assert narrow.origin == Grown(parent=state.start_spec.id, edits=(Narrow(place="first", channels=2),))
    assert narrow.recipe.epochs == 2 + 5
    scratch = {each.control: spec for each, spec in finals(ended("b"), cut).specs.items()}
    assert scratch[Control.PARAMETERS].origin == Scratch()
