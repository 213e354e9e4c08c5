from typing import Any

import pytest
from tests.search.samples import asked, failed, four, measured, proposal, trained

from nasflow.base.errors import InvalidSpec
from nasflow.search.halving import Halving, halved
from nasflow.search.judge import Judge
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.objective import Objective
from nasflow.search.record import Epoch, FailedRecord, RoundRecord, RungRecord
from nasflow.search.schedule import Learn, Train, next_tasks
from nasflow.spec.parts import Parts

JUDGE = Judge(Objective(maximise="held_out_accuracy"), {})
NOBODY = (None,) * 4


def rung(child: str, accuracy: float, epoch: int = 2, parameters: int = 1) -> RungRecord:
    """A child after some epochs."""
    epochs = (
        Epoch(epoch=number + 1, train_loss=1.0, train_accuracy=0.5, learning_rate=0.1)
        for number in range(epoch)
    )
    figures = measured(parameters=parameters, mult_adds=1, held_out_accuracy=accuracy)
    return RungRecord(child=child, parts=Parts(), measures=figures, history=tuple(epochs))


def after(
    found: tuple[RoundRecord | None, ...],
    judge: Judge = JUDGE,
    **rungs: tuple[RungRecord | FailedRecord | None, ...],
) -> tuple[tuple[RoundRecord | None, ...], int | None]:
    """Rungs after epochs 2 and 4, of which the better half goes on."""
    known = {2: rungs.get("two", NOBODY), 4: rungs.get("four", NOBODY)}
    return halved(Halving(rungs=(2, 4)), judge, found, known)


FIRST = (rung("a", 0.1), rung("b", 0.4), rung("c", 0.3), rung("d", 0.2))
SECOND = (None, rung("b", 0.5, 4), rung("c", 0.6, 4), None)


def test_round_by_round() -> None:
    """All until the first rung, the better half until the second, one to its end."""
    assert after(NOBODY) == (NOBODY, 2)
    assert after(NOBODY, two=(*FIRST[:3], None)) == (NOBODY, 2)
    stopped = (FIRST[0], None, None, FIRST[3])
    assert after(NOBODY, two=FIRST) == (stopped, 4)
    last = (FIRST[0], SECOND[1], None, FIRST[3])
    assert after(NOBODY, two=FIRST, four=SECOND) == (last, None)
    end = (None, None, trained("c", 0.7), None)
    assert after(end, two=FIRST, four=SECOND) == ((*last[:2], end[2], last[3]), None)


def test_what_another_search_made_of_it() -> None:
    """A child that stops here is stopped, whatever it came to elsewhere."""
    elsewhere = (trained("a", 0.99), None, None, None)
    assert after(elsewhere, two=FIRST)[0][0] == FIRST[0]


def test_failed_children() -> None:
    """Those that failed until a rung are no part of it; what failed later, elsewhere, is."""
    broken = failed("a")
    records, until = after(NOBODY, two=(broken, *FIRST[1:]))
    assert until == 4
    assert records == (broken, None, None, FIRST[3])
    assert after((failed("a"), None, None, None)) == (NOBODY, 2)
    all_broken = tuple(failed(name) for name in "abcd")
    assert after(NOBODY, two=all_broken) == (all_broken, None)


def test_who_is_better() -> None:
    """By the objective; among equals the smaller one, then the first; what breaks a limit is last."""
    equal = (rung("a", 0.5, parameters=3), rung("b", 0.5, parameters=2), rung("c", 0.5, parameters=2))
    records, _ = after((None, None, None), two=equal)
    assert records == (equal[0], None, None)
    limits = Judge(JUDGE.objective, {"parameters": 2})
    large = (rung("a", 0.9, parameters=3), rung("b", 0.1), rung("c", 0.2), rung("d", 0.3))
    records, _ = after(NOBODY, limits, two=large)
    assert [record is None for record in records] == [False, False, True, True]
    by_loss = Judge(Objective(minimise="training_loss"), {})
    assert by_loss.worths([rung("a", 0.5)], at_rung=True) == [None]


@pytest.mark.parametrize("keep", [0.01, 0.5, 0.99])
def test_one_goes_on_at_least(keep: float) -> None:
    """A share of few is rounded up."""
    records, until = halved(Halving(rungs=(2,), keep=keep), JUDGE, (None, None), {2: FIRST[:2]})
    assert until is None
    assert records.count(None) == (1 if keep <= 0.5 else 2)


@pytest.mark.parametrize(
    ("keep", "count", "kept"), [(0.07, 100, 7), (0.28, 25, 7), (0.5, 3, 2), (0.01, 4, 1)]
)
def test_how_many_go_on(keep: float, count: int, kept: int) -> None:
    """Rounded up, and not by what floating point makes of a share."""
    assert Halving(rungs=(1,), keep=keep).kept(count) == kept


def test_tasks_of_a_halved_round() -> None:
    """The children of a rung are trained until the rung, then those that go on; then comes the lesson."""
    names = ("a", "b", "c", "d")

    def state(found: tuple[RoundRecord | None, ...], **rungs: Any) -> Ledger:
        records, until = after(found, **rungs)
        known = {2: rungs.get("two", NOBODY), 4: rungs.get("four", NOBODY)}
        each = LedgerRound(proposal=proposal(1, *names), records=records, rungs=known, until=until)
        return four(each, child={"epochs": 8}, halving={"rungs": [2, 4]})

    assert next_tasks(state(NOBODY)) == tuple(Train(name, "round", 1, 2) for name in names)
    partly = (FIRST[0], None, FIRST[2], None)
    assert next_tasks(state(NOBODY, two=partly)) == tuple(Train(name, "round", 1, 2) for name in "bd")
    assert next_tasks(state(NOBODY, two=FIRST)) == tuple(Train(name, "round", 1, 4) for name in "bc")
    assert next_tasks(state(NOBODY, two=FIRST, four=SECOND)) == (Train("c", "round", 1),)
    end = state((None, None, trained("c", 0.7), None), two=FIRST, four=SECOND)
    assert next_tasks(end) == (Learn(1),)
    assert end.rounds[0].lessons == FIRST


@pytest.mark.parametrize(
    ("halving", "reason"),
    [
        ({"rungs": []}, "halving.rungs"),
        ({"rungs": [4, 2]}, "rungs are epochs that rise"),
        ({"rungs": [2, 2]}, "rungs are epochs that rise"),
        ({"rungs": [0]}, "halving.rungs.0"),
        ({"rungs": [8]}, "before a child's last epoch, which is 8"),
        ({"rungs": [2], "keep": 1.0}, "halving.keep"),
    ],
)
def test_rungs_that_cannot_be(halving: dict[str, Any], reason: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(InvalidSpec, match=reason):
        asked(child={"epochs": 8}, halving=halving)
