from collections.abc import Callable

from nasflow.report.verdict import lift_sentence, verdict
from nasflow.search.config import SearchConfig
from nasflow.search.controller import RandomController
from nasflow.search.ledger import Ledger

MakeLedger = Callable[..., Ledger]


def with_start(ledger: Ledger, accuracy: float) -> Ledger:
    """The same search from a start network of that accuracy."""
    assert ledger.start is not None
    return ledger.model_copy(update={"start": ledger.start.model_copy(update={"accuracy": accuracy})})


def test_a_winner_is_set_against_the_start(make_ledger: MakeLedger) -> None:
    """The sentence holds the held-out accuracy, the gain, and both test accuracies."""
    text = verdict(make_ledger(finished=True)).replace("\xa0", " ")
    assert "points above the start network" in text
    assert "93.66 % of 10000 test images correctly, the start cell in its place 92.91 %" in text


def test_nothing_better_is_said(make_ledger: MakeLedger) -> None:
    """A search that beats nothing says so."""
    assert verdict(with_start(make_ledger(), 0.99)).startswith("No child so far beats the start network")


def test_early_and_failed_searches_have_a_verdict(make_ledger: MakeLedger, config: SearchConfig) -> None:
    """Before a start, before a child, and after nothing but failures there is a sentence."""
    assert "not trained yet" in verdict(Ledger(config=config))
    assert "No child is finished yet" in verdict(make_ledger(rounds=0))
    assert verdict(make_ledger(failed=1.0)).endswith("most often because: the loss is NaN in epoch 3 of 20.")


def test_a_failed_start_is_named(make_ledger: MakeLedger) -> None:
    """Where the start network failed, its reason is the verdict."""
    ledger = make_ledger(rounds=0)
    assert ledger.start is not None
    failed = ledger.start.model_copy(
        update={"status": "failed", "accuracy": None, "failure": "out of memory"}
    )
    assert "out of memory" in verdict(ledger.model_copy(update={"start": failed}))


def test_the_lift_is_honest(make_ledger: MakeLedger, config: SearchConfig) -> None:
    """An interval with 0 inside shows nothing, one without it does, and too few children are called so."""
    assert "better than chance" in lift_sentence(make_ledger(rounds=20))
    assert "includes 0, so no difference is shown" in lift_sentence(make_ledger(rounds=1, failed=0.0, seed=2))
    assert "Too few" in lift_sentence(Ledger(config=config))
    alone = config.model_copy(update={"controller": RandomController()})
    assert "no controller" in lift_sentence(Ledger(config=alone))
