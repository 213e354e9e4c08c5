from collections.abc import Callable

from nasflow.report.verdict import family_sentence, judged, lift_sentence, noun, verdict
from nasflow.search.controller import RandomController
from nasflow.search.ledger import Ledger
from nasflow.search.record import FailedRecord
from nasflow.search.resolved import ResolvedConfig

from .synthetic import empty_ledger, measures

MakeLedger = Callable[..., Ledger]


def with_start(ledger: Ledger, accuracy: float) -> Ledger:
    """The same search from a start network of that accuracy."""
    assert ledger.start is not None
    return ledger.model_copy(
        update={"start": ledger.start.model_copy(update={"measures": measures(accuracy, 41_000, 9_100_000)})}
    )


def test_a_winner_is_set_against_the_start(make_ledger: MakeLedger) -> None:
    """The sentence holds the held-out accuracy, the gain, and both test accuracies."""
    text = verdict(make_ledger(finished=True)).replace("\xa0", " ")
    assert "points above the start network" in text
    assert "93.66 % of 10000 test images correctly, the start cell in its place 92.91 %" in text


def test_nothing_better_is_said(make_ledger: MakeLedger) -> None:
    """A search that beats nothing says so."""
    assert verdict(with_start(make_ledger(), 0.99)).startswith("No child so far beats the start network")


def test_early_and_failed_searches_have_a_verdict(make_ledger: MakeLedger, config: ResolvedConfig) -> None:
    """Before a start, before a child, and after nothing but failures there is a sentence."""
    assert "not trained yet" in verdict(empty_ledger(config))
    assert "No child is finished yet" in verdict(make_ledger(rounds=0))
    assert verdict(make_ledger(failed=1.0)).endswith("most often because: the loss is NaN in epoch 3 of 20.")


def test_a_failed_start_is_named(make_ledger: MakeLedger) -> None:
    """Where the start network failed, its reason is the verdict."""
    ledger = make_ledger(rounds=0)
    failed = FailedRecord(
        child=ledger.start_spec.id,
        parts=ledger.config.start_parts,
        measures=measures(None, 1, 1),
        failure="out of memory",
    )
    assert "out of memory" in verdict(ledger.model_copy(update={"start": failed}))


def test_the_lift_is_honest(make_ledger: MakeLedger, config: ResolvedConfig) -> None:
    """An interval with 0 inside shows nothing, one without it does, and too few children are called so."""
    assert "better than chance" in lift_sentence(make_ledger(rounds=20))
    assert "includes 0, so no difference is shown" in lift_sentence(make_ledger(rounds=1, failed=0.0, seed=2))
    assert "Too few" in lift_sentence(empty_ledger(config))
    alone = config.model_copy(update={"controller": RandomController()})
    assert "no controller" in lift_sentence(empty_ledger(alone))


def said(text: str) -> str:
    """The sentence with ordinary spaces."""
    return text.replace("\xa0", " ")


def test_a_loss_is_better_when_it_is_lower(make_ledger: MakeLedger) -> None:
    """An objective that is minimised is told in its unit, and lower counts as better."""
    ledger = make_ledger(rounds=20, objective="held_out_loss")
    text = said(verdict(ledger))
    assert text.startswith("The best child so far reaches a held-out loss of 0.")
    assert " nats below the start network" in text
    assert "nats better than the random arm's" in said(lift_sentence(ledger))
    assert "95 % interval +" in said(lift_sentence(ledger))
    assert "better than chance" in lift_sentence(ledger)
    assert judged(ledger) == "Judged by held-out loss, the lower the better."


def test_limits_and_trades_are_told(make_ledger: MakeLedger) -> None:
    """Limits stand with their units and how many break them, as does what an objective is traded against."""
    objective = {"maximise": "held_out_accuracy", "trade": {"mult_adds": {"target": "12M", "weight": 0.07}}}
    ledger = make_ledger(objective=objective, limits={"parameters": "60k", "latency": "40ms"})
    text = said(judged(ledger))
    assert (
        "Judged by held-out accuracy, the higher the better, traded against mult-adds (target 12.0 M" in text
    )
    over = sum(each.parameters > 60_000 and each.status == "trained" for each in ledger.children)
    assert over > 1
    assert (
        f"Limits: parameters at most 60.0 k, latency at most 40.0 ms. {over} trained children break a limit."
        in text
    )
    assert judged(make_ledger()) == ""


def test_what_is_compressed_is_told(make_ledger: MakeLedger) -> None:
    """With what it was before."""
    objective = {"maximise": "held_out_accuracy", "compress": {"parameters": "60k"}}
    text = said(judged(make_ledger(objective=objective)))
    assert text.endswith("times C (2 - C), C the share that is saved of parameters (of 60.0 k).")


def test_where_every_child_breaks_a_limit(make_ledger: MakeLedger) -> None:
    """Nothing is found then, and that is said."""
    assert "failed or break a limit" in verdict(make_ledger(limits={"parameters": "1k"}))


def test_what_is_found_is_called_by_its_name(make_ledger: MakeLedger, widths: Ledger) -> None:
    """A cell in the path space, a network where a host has no place for one."""
    assert noun(make_ledger(rounds=1)) == "cell"
    assert noun(widths) == "network"


def test_the_family_in_words(make_ledger: MakeLedger) -> None:
    """One generation, none where all is trained from scratch, or else the winner's line and its cost."""
    assert "one generation" in family_sentence(make_ledger(rounds=1))
    assert "nothing was inherited" in family_sentence(make_ledger(rounds=1, parents="none"))
    text = family_sentence(make_ledger(rounds=5, per_round=6, parents="found", seed=3))
    assert "The best child is of generation 5; 20 epochs of its own rest on 100 of its ancestors." in text
