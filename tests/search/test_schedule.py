from typing import Any

import pytest
from tests.search.samples import (
    attempt,
    concluded,
    failed,
    four,
    ledger_round,
    proposal,
    round_of,
    trained,
)

from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.schedule import (
    Conclude,
    GiveUp,
    Learn,
    Propose,
    Task,
    Train,
    decide,
    kills,
    next_tasks,
)

FULL, HALF, EMPTY = (0.5, 0.6), (0.5, None), (None, None)


def start_failed() -> Ledger:
    """A search whose start network failed."""
    return four(start=failed("0"))


GO_ON = {
    "no round yet": four(),
    "children left": four(round_of(1, *FULL)),
    "half of them failed, no more": four(round_of(1, *HALF)),
    "rounds left": four(round_of(1, *FULL), budget={"rounds": 2}),
    "seconds left": four(round_of(1, *FULL), attempts=(attempt(9.9),), budget={"seconds": 10}),
    "hours of a CPU are none of a GPU": four(attempts=(attempt(7200),), budget={"gpu_hours": 1}),
    "all failed, and that is allowed": four(round_of(1, *EMPTY), failure_share=1.0),
}

STOP = {
    "children": (four(round_of(1, *FULL), round_of(2, *FULL)), "budget", "children: 4 of 4", "11"),
    "more children than that": (
        four(round_of(1, *FULL), round_of(2, *FULL), budget={"children": 3}),
        "budget",
        "children: 4 of 3",
        "11",
    ),
    "rounds": (four(round_of(1, *FULL), budget={"rounds": 1}), "budget", "rounds: 1 of 1", "11"),
    "seconds": (
        four(round_of(1, *FULL), attempts=(attempt(4), attempt(6)), budget={"seconds": 10}),
        "budget",
        "seconds: 10 of 10",
        "11",
    ),
    "GPU-hours": (
        four(round_of(1, *FULL), attempts=(attempt(3600, "H200"),), budget={"gpu_hours": 0.5}),
        "budget",
        "gpu_hours: 1 of 0.5",
        "11",
    ),
    "the first limit": (
        four(round_of(1, *FULL), budget={"children": 2, "rounds": 1}),
        "budget",
        "children: 2 of 2",
        "11",
    ),
    "failures": (
        four(round_of(1, *EMPTY)),
        "failures",
        "2 of 2 children failed, the last one: loss is nan in child 11",
        None,
    ),
    "failures before the budget": (
        four(round_of(1, *FULL), round_of(2, *EMPTY), failure_share=0.4),
        "failures",
        "2 of 4 children failed, the last one: loss is nan in child 21",
        None,
    ),
    "a failed start": (start_failed(), "failures", "the start network failed: loss is nan in child 0", None),
    "an empty round": (
        four(round_of(1, *FULL), round_of(2)),
        "exhausted",
        "no other network was found in the space that fits the hosts",
        "11",
    ),
    "an empty round, with limits": (
        four(round_of(1, *FULL), round_of(2), limits={"parameters": 9}),
        "exhausted",
        "no other network was found in the space that fits the hosts and keeps the limits",
        "11",
    ),
    "nothing that may win": (
        four(round_of(1, *FULL), round_of(2, *FULL), limits={"mult_adds": 0.5}),
        "budget",
        "children: 4 of 4",
        None,
    ),
}


@pytest.mark.parametrize("state", GO_ON.values(), ids=GO_ON)
def test_go_on(state: Ledger) -> None:
    """Within its budget, its failures and its space, a search goes on with another round."""
    assert decide(state) is None
    assert next_tasks(state) == (Propose(len(state.rounds) + 1),)


@pytest.mark.parametrize(("state", "reason", "detail", "best"), STOP.values(), ids=STOP)
def test_stop(state: Ledger, reason: str, detail: str, best: str | None) -> None:
    """A search stops for a reason that it gives with the figures; one that failed has chosen nothing."""
    stop = decide(state)
    assert stop
    assert (stop.reason, stop.detail, stop.rounds) == (reason, detail, len(state.rounds))
    assert stop.best == best
    assert next_tasks(state) == (Conclude(stop),)


def lost_start() -> Ledger:
    """A search whose start network's weights are gone."""
    state = four(round_of(1, *FULL))
    return state.model_copy(update={"lost": frozenset({f"weights of {state.start_spec.id}"})})


def test_first_the_start_network() -> None:
    """Before anything else it is trained, and again if its weights are lost; a failed one is not."""
    for state in (four(start=None), lost_start()):
        (task,) = next_tasks(state)
        assert task == Train(state.start_spec.id, "start")
        assert task.title == "start network"
    assert not isinstance(next_tasks(start_failed())[0], Train)


ROUNDS: dict[str, tuple[Ledger, tuple[Task, ...]]] = {
    "proposed, nothing trained": (
        four(ledger_round(1, missing=["a", "b"])),
        (Train("a", "round", 1), Train("b", "round", 1)),
    ),
    "some trained, one failed": (
        four(round_of(1, *FULL), ledger_round(2, trained("a"), failed("b"), missing=["c", "d"])),
        (Train("c", "round", 2), Train("d", "round", 2)),
    ),
    "all trained, nothing learned": (
        four(LedgerRound(proposal=proposal(1, "a", "b"), records=(trained("a"), failed("b")))),
        (Learn(1),),
    ),
    "no children, nothing learned": (four(LedgerRound(proposal=proposal(1), records=())), (Learn(1),)),
    "learned, but a record was lost": (
        four(round_of(1, *FULL).model_copy(update={"records": (trained("10"), None)})),
        (Train("11", "round", 1),),
    ),
    "the state that was learned is lost": (
        four(round_of(1, *FULL, state="one"), lost=frozenset({"one"})),
        (Learn(1),),
    ),
    "the last states are lost: from the first of them on": (
        four(
            *(round_of(n, *FULL, state=f"state {n}") for n in (1, 2, 3)),
            lost=frozenset({"state 2", "state 3"}),
        ),
        (Learn(2),),
    ),
    "a lost state that a later one has made needless": (
        four(round_of(1, 0.5, state="one"), round_of(2, 0.5, state="two"), lost=frozenset({"one"})),
        (Propose(3),),
    ),
    "a lost state before an open round": (
        four(
            round_of(1, 0.5, state="one"),
            ledger_round(2, trained("a"), missing=["b"]),
            lost=frozenset({"one"}),
        ),
        (Learn(1),),
    ),
    "no state to be lost": (four(round_of(1, *FULL, state=None), lost=frozenset({"one"})), (Propose(2),)),
}


@pytest.mark.parametrize(("state", "tasks"), ROUNDS.values(), ids=ROUNDS)
def test_in_a_round(state: Ledger, tasks: tuple[Task, ...]) -> None:
    """What is missing of a round is done, all its children at once; then it is learned from."""
    assert next_tasks(state) == tasks


def heirs_of(*parents: str | None, missing: str, lost: str) -> Ledger:
    """A search of children `a`, `b`, ... with their parents, then `missing` of the last; weights lost."""
    names = [chr(ord("a") + number) for number in range(len(parents))]
    rounds = [
        ledger_round(number, trained(name), parent=parent)
        for number, (name, parent) in enumerate(zip(names, parents, strict=True), start=1)
    ]
    last = ledger_round(len(rounds) + 1, missing=[missing], parent=names[-1])
    return four(
        *rounds,
        last,
        parents="found",
        budget={"children": 9},
        lost=frozenset(f"weights of {name}" for name in lost),
    )


@pytest.mark.parametrize(
    ("lost", "task"),
    [
        ("", Train("z", "round", 4)),
        ("c", Train("c", "round", 3)),
        # First what the lost parent grew from itself.
        ("cb", Train("b", "round", 2)),
        ("cba", Train("a", "round", 1)),
        # Whose weights nobody needs now may be lost.
        ("b", Train("z", "round", 4)),
        ("ca", Train("c", "round", 3)),
    ],
)
def test_lost_parents(lost: str, task: Task) -> None:
    """Before a child is trained that grows from lost weights, they are brought back, its ancestors' first."""
    assert next_tasks(heirs_of(None, "a", "b", missing="z", lost=lost)) == (task,)


def test_heirs_of_one_parent() -> None:
    """Two children that wait for the same weights wait for one training."""
    rounds = ledger_round(1, trained("a")), ledger_round(2, missing=["y", "z"], parent="a")
    state = four(*rounds, parents="found", lost=frozenset({"weights of a"}))
    assert next_tasks(state) == (Train("a", "round", 1),)


def killed(child: str, *numbers: int, **known: Any) -> list[Any]:
    """Attempts at a child that ended without a word."""
    return [attempt(9, child=child, number=number, **known) for number in numbers]


@pytest.mark.parametrize(
    ("attempts", "count"),
    [
        ([], 0),
        (killed("a", 1, 2, 3), 3),
        (killed("a", 3, 1, 2) + killed("b", 4), 3),
        # It comes further: an epoch was kept.
        (killed("a", 1, 2) + killed("a", 3, kept_seconds=5), 0),
        (killed("a", 1, kept_seconds=5) + killed("a", 2, 3), 2),
        # It came to an end once, whatever became of the record.
        (killed("a", 1, 2) + killed("a", 3, outcome="useful"), 0),
        (killed("a", 1, outcome="failed") + killed("a", 2), 1),
        # Somebody stopped it, or did it himself: that says nothing of the child.
        (killed("a", 1) + killed("a", 2, outcome="stopped") + killed("a", 3, outcome="lost"), 1),
        # Unless it came further until then.
        (killed("a", 1) + killed("a", 2, outcome="stopped", kept_seconds=5) + killed("a", 3), 1),
    ],
)
def test_kills(attempts: list[Any], count: int) -> None:
    """Those of the last attempts count that ended without a result and kept nothing."""
    assert kills(four(attempts=tuple(attempts)), "a") == count


def test_giving_up() -> None:
    """A child of the open round whose attempts were all killed is given up, if there is patience to lose."""
    attempts = tuple(killed("a", 1, 2, 3) + killed("b", 1, 2))
    state = four(ledger_round(1, trained("c"), missing=["a", "b"]), attempts=attempts)
    both = (Train("a", "round", 1), Train("b", "round", 1))
    assert next_tasks(state) == next_tasks(state, patience=4) == both
    assert next_tasks(state, patience=3) == (GiveUp("a", 3),)
    assert next_tasks(state, patience=2) == (GiveUp("a", 3), GiveUp("b", 2))


def test_nobody_gives_up_the_start() -> None:
    """Nor a finalist: without them there is no search, and a person has to help."""
    state = four(start=None)
    again = killed(state.start_spec.id, 1, 2, 3)
    assert next_tasks(state.model_copy(update={"attempts": tuple(again)}), 1) == next_tasks(state)
    ended = concluded()
    attempts = tuple(killed(ended.finals[0].spec.id, 1, 2, 3))
    assert next_tasks(ended.model_copy(update={"attempts": attempts}), 1) == next_tasks(ended)
