"""A search in a few lines of Markdown: what MLflow shows of it, and of the network that it has found."""

from nasflow.report.analysis import arm_lift
from nasflow.report.controls import controls_sentence
from nasflow.report.headline import headline
from nasflow.report.network import network_text
from nasflow.report.verdict import judged, lift_sentence, noun
from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger


def card(ledger: Ledger) -> str:
    """What was found, how sure that is, and the network as text."""
    told = [headline(ledger), judged(ledger), controls_sentence(ledger), lift_sentence(ledger)]
    if ledger.chosen:
        text = network_text(ledger.chosen.parts, ledger.config.host)
        told.append(f"The {noun(ledger)}:\n\n    {text}")
    return "\n\n".join(filter(None, told))


def worth_of_the_controller(ledger: Ledger) -> float | None:
    """By how much its children are better than the random arm's, in the objective's unit; None: not known."""
    lift = arm_lift(ledger)
    return Yardstick.of(ledger.config).sign * lift.difference if lift else None
