"""A running search in words."""

from tests.report.synthetic import synthetic_ledger

from nasflow.cli.told import record_text


def test_a_finished_child_is_told() -> None:
    """By its place in its round, and its figure, its failure, or the limit that it breaks."""
    ledger = synthetic_ledger(rounds=1, limits={"parameters": "1k"})
    trained = next(each for each in ledger.rounds[0].records if each and each.status == "trained")
    failed = next(each for each in ledger.rounds[0].records if each and each.status == "failed")
    place = ledger.rounds[0].proposal.children.index(failed.child) + 1
    said = f"{100 * trained.accuracy:.2f} % held-out (parameters {trained.parameters} is over"
    assert said in record_text(ledger, trained)
    assert record_text(ledger, failed) == f"child 1.{place}: {failed.failure}  {failed.parts}"
    by_loss = synthetic_ledger(rounds=1, objective="held_out_loss")
    loss, known = trained.measures["held_out_loss"].value, 100 * trained.accuracy
    assert f"{loss:.4f} nats held-out loss, {known:.2f} % held-out  " in record_text(by_loss, trained)


def test_how_a_training_went_is_compared_among_children() -> None:
    """Of the start network and those at full size, trained otherwise, the held-out loss is told."""
    ledger = synthetic_ledger(rounds=1, objective="training_loss_sum")
    child = next(each for each in ledger.rounds[0].records if each and each.status == "trained")
    assert ledger.start
    assert "sum of training losses" in record_text(ledger, child)
    assert record_text(ledger, ledger.start).startswith("start network: 88.12 % held-out, ")
    assert "sum of training losses" not in record_text(ledger, ledger.start)
