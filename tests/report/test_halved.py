"""What a report says of rounds that were halved."""

from collections.abc import Callable

from nasflow.report.analysis import values_over_rounds
from nasflow.report.compare.rounds import alone, gaps
from nasflow.report.compare.tally import tallies
from nasflow.report.page import render
from nasflow.report.table import Status, rows
from nasflow.report.verdict import lift_sentence
from nasflow.search.halving import Halving
from nasflow.search.ledger import Ledger
from nasflow.search.record import RungRecord, TrainedRecord


def halved(ledger: Ledger) -> Ledger:
    """The same search, as if its rounds had been halved after two epochs: every other child was stopped."""
    rounds = []
    for each in ledger.rounds:
        first = tuple(
            RungRecord(
                child=record.child,
                parts=record.parts,
                measures=record.measures,
                receipt=record.receipt,
                history=record.history[:2],
            )
            if isinstance(record, TrainedRecord)
            else None
            for record in each.records
        )
        pairs = enumerate(zip(first, each.records, strict=True))
        records = tuple(rung if rung and number % 2 else record for number, (rung, record) in pairs)
        rounds.append(each.model_copy(update={"rungs": {2: first}, "records": records}))
    config = ledger.config.model_copy(update={"halving": Halving(rungs=(2,))})
    return ledger.model_copy(update={"rounds": tuple(rounds), "config": config})


def test_stopped_children(make_ledger: Callable[..., Ledger]) -> None:
    """A row says after which epoch, and at which figure; such a child has no result to be chosen by."""
    ledger = halved(make_ledger(rounds=2))
    found = [row for each in rows(ledger) for row in each if row.status is Status.STOPPED]
    assert found
    for row in found:
        assert row.value is None
        assert row.remark.startswith("after epoch 2, at ")
        assert row.remark.endswith("%")
        assert row.line.own_epochs == 2
    page = render(ledger)
    assert "stopped" in page
    assert found[0].remark in page


def test_arms_are_compared_at_the_first_rung(make_ledger: Callable[..., Ledger]) -> None:
    """There all children were measured alike, those that were stopped among them."""
    whole = make_ledger(rounds=4)
    assert values_over_rounds(halved(whole)) == values_over_rounds(whole)
    assert "on average after epoch 2 (" in lift_sentence(halved(whole))


def test_searches_are_compared_at_the_first_rung(make_ledger: Callable[..., Ledger]) -> None:
    """The mean of a round is that of all its children, and not of those that were kept."""
    whole = {(1, arm): make_ledger(rounds=4) for arm in ("path", "random")}
    cut = {key: halved(ledger) for key, ledger in whole.items()}
    assert gaps(cut, "random") == gaps(whole, "random")
    assert alone(cut) == alone(whole)
    for key, tally in tallies(cut).items():
        assert (tally.mean, tally.late) == (tallies(whole)[key].mean, tallies(whole)[key].late)
        assert tally.children < tallies(whole)[key].children
