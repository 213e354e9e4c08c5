"""Whether a search has something to begin with, and something left to find."""

import math

from nasflow.report.figures import percent, plural
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord

_ERRORS = 2
"""Standard errors by which a network has to be better than a guess."""

_HARDLY_ANY = 2
"""So few held-out images tell no network from another."""


def guess_sentence(ledger: Ledger) -> str:
    """What is to be said of the found network where it is no better than a guess; else nothing."""
    found = ledger.final
    if not isinstance(found, TrainedRecord) or not _is_guess(found, ledger):
        return ""
    return (
        f"At full size the found network is no better than a guess: it tells {percent(found.accuracy)} of "
        f"the held-out images right, and who always names the commonest class {_guessed(found)}."
    )


def headroom_sentence(ledger: Ledger) -> str:
    """What is to be said of the start network where it knows nothing yet, or all already; else nothing."""
    start, images = ledger.start, ledger.start_spec.data.held_out_images
    if not isinstance(start, TrainedRecord) or ledger.is_transfer:
        return ""
    if _is_guess(start, ledger):
        return (
            f"The start network tells {percent(start.accuracy)} of the held-out images right, and who always "
            f"names the commonest class {_guessed(start)}: it has learned nothing yet that children "
            "could inherit, so compare nothing before it is trained for longer (epochs and learning_rate "
            "under start, in a search of another name)."
        )
    wrong = round(images * (1 - start.accuracy))
    if wrong <= _HARDLY_ANY:
        return (
            f"The start network tells all but {wrong} of {plural(images, 'held-out image')} right: hardly "
            "anything is left to find on them, and larger networks can only cost more; harder images, or "
            "more of them (data.held_out), could tell children apart."
        )
    return ""


def _is_guess(network: TrainedRecord, ledger: Ledger) -> bool:
    """Whether it is not shown to be better on the held-out images than their commonest class."""
    guess, images = network.guess, ledger.start_spec.data.held_out_images
    if guess is None:
        return False
    return network.accuracy - guess <= _ERRORS * math.sqrt(guess * (1 - guess) / images)


def _guessed(network: TrainedRecord) -> str:
    return percent(network.guess or 0.0)
