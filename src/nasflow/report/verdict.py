"""What a search has found, in plain sentences."""

from nasflow.report.analysis import Lift, arm_lift
from nasflow.report.figures import change, in_unit, percent, plural
from nasflow.report.yardstick import Yardstick
from nasflow.search.controls import Control
from nasflow.search.family import family
from nasflow.search.ledger import Ledger
from nasflow.search.measures import find_measure
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.words import measure_words
from nasflow.spec.network import is_one_cell

_FEW = 5
"""Children of an arm; a spread estimated from fewer is itself a guess."""


def noun(ledger: Ledger) -> str:
    """What the search finds: a cell, where one stands in every place; else a network."""
    found = ledger.chosen.parts if ledger.chosen else ledger.config.start_parts
    is_cell = ledger.config.space.kind == "path" and is_one_cell(found, ledger.config.host)
    return "cell" if is_cell else "network"


def verdict(ledger: Ledger) -> str:
    """One sentence or two: what is chosen, how well it does, and against what."""
    winner = ledger.chosen
    if winner is not None and ledger.is_transfer:
        return _of_transfer(ledger, winner)
    if winner is not None:
        return _of_winner(ledger, winner)
    if ledger.children:
        return _of_nothing(ledger)
    if ledger.start is None:
        return "The start network is not trained yet, so there is nothing to compare."
    if isinstance(ledger.start, FailedRecord):
        return f"The start network failed, so no child can inherit its weights: {ledger.start.failure}."
    yardstick = Yardstick.of(ledger.config)
    reached = yardstick.phrase(yardstick.value(ledger.start))
    return f"No child is finished yet; the start network stands at {reached}."


def judged(ledger: Ledger) -> str:
    """By what networks are judged, where it is not the held-out accuracy alone, and what limits them."""
    objective, sentences = ledger.config.objective, []
    yardstick = Yardstick.of(ledger.config)
    trades = [
        f"{measure_words(name)} (target {_limit(name, each.target)}, weight {each.weight:g})"
        for name, each in objective.trade.items()
    ]
    saved = [
        f"{measure_words(name)} (of {_limit(name, float(before))})"
        for name, before in objective.compress.items()
    ]
    if objective.pareto:
        names = " and ".join(map(measure_words, objective.pareto))
        sentences.append(f"Judged by {names}: a network is better that is no worse in any and better in one.")
    elif trades or saved or objective.measure != "held_out_accuracy":
        better = "the higher" if yardstick.sign > 0 else "the lower"
        against = f", traded against {' and '.join(trades)}" if trades else ""
        times = f", times C (2 - C), C the share that is saved of {' and '.join(saved)}" if saved else ""
        sentences.append(f"Judged by {yardstick.title}, {better} the better{against}{times}.")
    limits = [
        f"{measure_words(name)} at most {_limit(name, most)}" for name, most in ledger.config.limits.items()
    ]
    if limits:
        over = sum(yardstick.breach(each) is not None for each in ledger.children)
        broken = (
            f" {plural(over, 'trained child', 'trained children')} {_break(over)} a limit." if over else ""
        )
        sentences.append(f"Limits: {', '.join(limits)}.{broken}")
    return " ".join(sentences)


def lift_sentence(ledger: Ledger) -> str:
    """One sentence: whether the controller did better than chance."""
    lift = arm_lift(ledger)
    if ledger.is_transfer:
        return f"A transfer: one {noun(ledger)} in its host, and no children to compare it with."
    if ledger.config.controller.kind == "random":
        return "Every child was drawn at random: there is no controller to compare."
    if lift is None:
        return "Too few children are finished to compare the controller with the random arm."
    yardstick = Yardstick.of(ledger.config)
    halving = ledger.config.halving
    moment = f" after epoch {halving.rungs[0]}" if halving else ""
    return f"{_arms(yardstick, lift, moment)}: {_judgement(yardstick, lift)}."


def family_sentence(ledger: Ledger) -> str:
    """One sentence or two: what the children grew from, and what the winner's line cost."""
    lines, winner = family(ledger), ledger.chosen
    if ledger.config.parents == "none":
        return "Every child was trained from scratch: nothing was inherited."
    if ledger.config.parents == "start":
        return "Every child grew from the start network: there is one generation."
    last = max(each.generation for each in lines.values())
    text = f"A child may grow from any trained one: {plural(last, 'generation')} so far."
    if winner is None or winner.child not in lines:
        return text
    line = lines[winner.child]
    epochs = f"{plural(line.own_epochs, 'epoch')} of its own rest on {line.ancestors_epochs} of its ancestors"
    return f"{text} The best child is of generation {line.generation}; {epochs}."


def _limit(name: str, most: float) -> str:
    return in_unit(most, find_measure(name).unit)


def _break(count: int) -> str:
    return "breaks" if count == 1 else "break"


def _of_nothing(ledger: Ledger) -> str:
    count = len(ledger.children)
    failed = [each.failure for each in ledger.children if isinstance(each, FailedRecord)]
    if len(failed) == count:
        return f"Nothing is found: {_all(count)} failed, most often because: {_commonest(failed)}."
    return f"Nothing is found: {_all(count)} failed or {_break(count)} a limit."


def _of_winner(ledger: Ledger, winner: TrainedRecord) -> str:
    so_far = "" if ledger.stop or ledger.finish else " so far"
    yardstick = Yardstick.of(ledger.config)
    value, start = yardstick.value(winner), yardstick.value(ledger.rival)
    reached = yardstick.phrase(value)
    if ledger.rival is None or value is None or start is None:
        text = f"{_subject(ledger)}{so_far} reaches {reached}"
    elif yardstick.beats(winner, ledger.rival):
        side = "above" if value >= start else "below"
        apart = f"{yardstick.size(value - start)} {side} the start network"
        text = f"{_subject(ledger)}{so_far} reaches {reached}, {apart}"
        if over := yardstick.breach(ledger.rival):
            text += f" (which breaks a limit: {over})"
        elif yardstick.sign * (value - start) < 0:
            text += ", and is better once costs count"
    else:
        costs = ", costs counted" if ledger.config.objective.costs else ""
        start_network = f"the start network ({yardstick.phrase(start)}{costs})"
        text = f"No child{so_far} beats {start_network}: the best reaches {yardstick.show(value)}"
        if ledger.shortlist:
            text = f"{_subject(ledger)} does not beat {start_network}: it reaches {yardstick.show(value)}"
    # First what was found, in the figure that everybody knows.
    return " ".join(filter(None, (_tested(ledger), f"{text}.")))


def _subject(ledger: Ledger) -> str:
    count = len(ledger.shortlist)
    return f"The child chosen from the best {count}, all trained at full size," if count else "The best child"


def _of_transfer(ledger: Ledger, winner: TrainedRecord) -> str:
    yardstick = Yardstick.of(ledger.config)
    reached = yardstick.phrase(yardstick.value(winner))
    text = f"Trained from scratch, the {noun(ledger)} reaches {reached}"
    if ledger.finish is None:
        return f"{text}."
    test = f"{percent(ledger.finish.accuracy(None))} of {ledger.finish.test_images} test images"
    return f"{text} and classifies {test} correctly."


def _tested(ledger: Ledger) -> str:
    finish = ledger.finish
    if finish is None:
        return ""
    test = f"{percent(finish.accuracy(None))} of {finish.test_images} test images"
    how = "Trained on in earnest" if ledger.config.finish.inherit else "Trained from scratch at full size"
    text = f"{how}, the found {noun(ledger)} classifies {test} correctly"
    start = finish.accuracy(Control.START)
    return f"{text}." if start is None else f"{text}, the start {noun(ledger)} in its place {percent(start)}."


def _arms(yardstick: Yardstick, lift: Lift, moment: str) -> str:
    side = "better" if yardstick.sign * lift.difference >= 0 else "worse"
    children = f"{lift.controller_children} against {lift.random_children} children"
    apart = yardstick.size(lift.difference)
    text = f"The controller's children are {apart} {side} than the random arm's on average{moment}"
    if lift.interval is None:
        return f"{text} ({children})"
    # As on the terminal: above 0 is better, whether much or little of the figure is wanted.
    low, high = (
        change(each, yardstick.unit) for each in sorted(yardstick.sign * each for each in lift.interval)
    )
    return f"{text} ({children}; 95 % interval {low} to {high}, above 0 is better)"


def _judgement(yardstick: Yardstick, lift: Lift) -> str:
    if lift.interval is None:
        figure = "accuracy" if yardstick.unit == "share" else "figure"
        return f"no {figure} varies within an arm, so chance cannot be judged"
    if not lift.is_shown:
        return "the interval includes 0, so no difference is shown"
    found = "better than chance" if yardstick.sign * lift.difference > 0 else "worse than chance"
    few = min(lift.controller_children, lift.random_children) < _FEW
    return f"{found}, as far as so few children can tell" if few else found


def _all(count: int) -> str:
    return "the only finished child" if count == 1 else f"all {count} finished children"


def _commonest(reasons: list[str]) -> str:
    return max(dict.fromkeys(reasons), key=reasons.count).rstrip(".")
