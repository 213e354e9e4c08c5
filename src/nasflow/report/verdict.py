"""What a search has found, in plain sentences."""

from nasflow.report.analysis import Lift, arm_lift, chosen
from nasflow.report.figures import percent, points
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord

_FEW = 5
"""Children of an arm; a spread estimated from fewer is itself a guess."""


def verdict(ledger: Ledger) -> str:
    """One sentence: what is chosen, how well it does, and against what."""
    winner = chosen(ledger)
    if winner is not None and ledger.is_transfer:
        return _of_transfer(ledger, winner)
    if winner is not None:
        return _of_winner(ledger, winner)
    failed = len(ledger.children)
    if failed:
        return f"Nothing is found: {_all(failed)} failed, most often because: {_commonest_failure(ledger)}."
    if ledger.start is None:
        return "The start network is not trained yet, so there is nothing to compare."
    if ledger.start.accuracy is None:
        return f"The start network failed, so no child can inherit its weights: {ledger.start.failure}."
    return (
        f"No child is finished yet; the start network stands at {percent(ledger.start.accuracy)} "
        "held-out accuracy."
    )


def lift_sentence(ledger: Ledger) -> str:
    """One sentence: whether the controller did better than chance."""
    lift = arm_lift(ledger)
    if ledger.is_transfer:
        return "A transfer: one cell in its host, and no children to compare it with."
    if ledger.config.controller.kind == "random":
        return "Every child was drawn at random: there is no controller to compare."
    if lift is None:
        return "Too few children are finished to compare the controller with the random arm."
    return f"{_arms(lift)}: {_judgement(lift)}."


def _of_winner(ledger: Ledger, winner: ChildRecord) -> str:
    so_far = "" if ledger.stop or ledger.finish else " so far"
    start = ledger.start.accuracy if ledger.start else None
    gain = None if start is None or winner.accuracy is None else winner.accuracy - start
    reached = f"{percent(winner.accuracy)} held-out accuracy"
    if gain is None:
        text = f"The best child{so_far} reaches {reached}"
    elif gain > 0:
        text = f"The best child{so_far} reaches {reached}, {_size(gain)} points above the start network"
    else:
        text = (
            f"No child{so_far} beats the start network ({percent(start)} held-out accuracy): "
            f"the best reaches {percent(winner.accuracy)}"
        )
    return f"{text}{_tested(ledger)}."


def _of_transfer(ledger: Ledger, winner: ChildRecord) -> str:
    text = f"Trained from scratch, the cell reaches {percent(winner.accuracy)} held-out accuracy"
    if ledger.finish is None:
        return f"{text}."
    test = f"{percent(ledger.finish.test_accuracy)} of {ledger.finish.test_images} test images"
    return f"{text} and classifies {test} correctly."


def _tested(ledger: Ledger) -> str:
    finish = ledger.finish
    if finish is None:
        return ""
    test = f"{percent(finish.test_accuracy)} of {finish.test_images} test images"
    how = "trained on in earnest" if ledger.config.finish.inherit else "trained from scratch at full size"
    text = f"; its cell, {how}, classifies {test} correctly"
    if finish.start_test_accuracy is None:
        return text
    return f"{text}, the start cell in its place {percent(finish.start_test_accuracy)}"


def _arms(lift: Lift) -> str:
    side = "above" if lift.difference >= 0 else "below"
    children = f"{lift.controller_children} against {lift.random_children} children"
    text = f"The controller's children are {_size(lift.difference)} points {side} the random arm's on average"
    if lift.interval is None:
        return f"{text} ({children})"
    low, high = map(points, lift.interval)
    return f"{text} ({children}; 95 % interval {low} to {high})"


def _size(difference: float) -> str:
    return f"{100 * abs(difference):.2f}"


def _judgement(lift: Lift) -> str:
    if lift.interval is None:
        return "no accuracy varies within an arm, so chance cannot be judged"
    if not lift.is_shown:
        return "the interval includes 0, so no difference is shown"
    found = "better than chance" if lift.difference > 0 else "worse than chance"
    few = min(lift.controller_children, lift.random_children) < _FEW
    return f"{found}, as far as so few children can tell" if few else found


def _all(count: int) -> str:
    return "the only finished child" if count == 1 else f"all {count} finished children"


def _commonest_failure(ledger: Ledger) -> str:
    reasons = [record.failure or "no reason was recorded" for record in ledger.children]
    return max(dict.fromkeys(reasons), key=reasons.count).rstrip(".")
