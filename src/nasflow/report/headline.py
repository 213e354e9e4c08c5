"""The first words of a report: the verdict, and before it what speaks against what was found."""

from nasflow.report.controls import compared, control_title, listed
from nasflow.report.figures import percent
from nasflow.report.headroom import guess_sentence
from nasflow.report.verdict import noun, verdict
from nasflow.search.ledger import Ledger


def headline(ledger: Ledger) -> str:
    """The verdict; that the network is a guess, or controls are shown to be better, is said before it."""
    return " ".join(filter(None, (guess_sentence(ledger), _worse(ledger), verdict(ledger), _tally(ledger))))


def _worse(ledger: Ledger) -> str:
    finish, name = ledger.finish, noun(ledger)
    better = [
        f"the {control_title(each.control, name)} ({percent(finish.accuracy(each.control))})"
        for each in compared(ledger)
        if finish and each.is_shown and each.difference < 0
    ]
    if not better or finish is None:
        return ""
    found = f"{percent(finish.accuracy(None))} of {finish.test_images} test images"
    return f"The found {name} ({found}) is shown to be worse than {listed(better)}."


def _tally(ledger: Ledger) -> str:
    """Where some controls are beaten, and some are not: how many."""
    controls = compared(ledger)
    beaten = sum(each.is_shown and each.difference > 0 for each in controls)
    if not 0 < beaten < len(controls):
        return ""
    return f"It is shown to be better than {beaten} of its {len(controls)} controls."
