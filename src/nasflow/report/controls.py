"""The found network against its controls, on the test images: differences with their intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from nasflow.report.figures import NARROW, plural, points
from nasflow.report.interval import half_width
from nasflow.report.verdict import noun
from nasflow.search.controls import ENDS, Control, OnTest
from nasflow.search.family import family
from nasflow.search.ledger import Ledger, LedgerFinal
from nasflow.search.record import ChildRecord, FailedRecord
from nasflow.search.rounds import Arm, FinishRecord
from nasflow.search.words import measure_words


@dataclass(frozen=True)
class Margin:
    """By how much the found network is better than a control."""

    control: Control
    difference: float
    """Of the shares of right test images, found minus control; the mean over the seeds."""
    images: float
    """The same in test images."""
    interval: tuple[float, float] | None
    """95 % interval of the difference; None: what an older nasflow tested, by shares alone."""
    seeds: int
    """Pairs of trainings."""
    is_same: bool = False
    """Whether it is the found network itself: then there is nothing to compare."""

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def margins(finish: FinishRecord) -> tuple[Margin, ...]:
    """Of each control that was tested, in their order."""
    found = {each.finalist.seed: each for each in finish.of(None)}
    return tuple(
        _margin(control, pairs, finish.test_images)
        for control in Control
        if (
            pairs := [
                (found[each.finalist.seed], each)
                for each in finish.of(control)
                if each.finalist.seed in found
            ]
        )
    )


def _margin(control: Control, pairs: Sequence[tuple[OnTest, OnTest]], images: int) -> Margin:
    differences = [(ours.right - other.right) / images for ours, other in pairs]
    mean = fmean(differences)
    half = _half_width([other for _, other in pairs], differences, images)
    is_same = all(ours.finalist.child == other.finalist.child for ours, other in pairs)
    return Margin(
        control=control,
        difference=mean,
        images=mean * images,
        interval=None if half is None or is_same else (mean - half, mean + half),
        seeds=len(pairs),
        is_same=is_same,
    )


def _half_width(others: Sequence[OnTest], differences: Sequence[float], images: int) -> float | None:
    """Half of a 95 % interval: what other test images would change, and what other seeds would.

    The two are independent, so their squares add up. One training says nothing of other seeds.
    """
    only_found = [each.only_found for each in others if each.only_found is not None]
    only_control = [each.only_control for each in others if each.only_control is not None]
    if len(only_found) < len(others) or len(only_control) < len(others):
        return None
    return math.hypot(_of_images(fmean(only_found), fmean(only_control), images), half_width(differences))


def _of_images(only_found: float, only_control: float, images: int) -> float:
    """For a difference of paired shares: half of the adjusted Wald interval of Bonett and Price (2012)."""
    one, other = (only_found + 1) / (images + 2), (only_control + 1) / (images + 2)
    return NormalDist().inv_cdf(0.975) * math.sqrt((one + other - (one - other) ** 2) / (images + 2))


def least_difference(images: int, disagreement: float) -> float:
    """The smallest difference of two networks' shares of right images that so many images show (95 %), where
    one of the two alone is right on the share `disagreement` of them; of one training each.
    """
    alone = disagreement * images / 2
    return _of_images(alone, alone, images)


def margin_text(margin: Margin, images: int) -> str:
    """`+0.84 points (+3 of 359 images)`."""
    count = f"{round(margin.images, 1):+g}".replace("-", "\N{MINUS SIGN}") if margin.images else "0"
    return f"{points(margin.difference)} points ({count} of {plural(images, 'image')})"


def interval_text(margin: Margin) -> str:
    """`95 % -0.70 to +2.40: not shown`; nothing where there is no interval."""
    if margin.interval is None:
        return ""
    low, high = (points(each) for each in margin.interval)
    return f"95{NARROW}% {low} to {high}: {'shown' if margin.is_shown else 'not shown'}"


@dataclass(frozen=True)
class ControlRow:
    """One network at full size, as the report's table has it."""

    title: str
    about: str
    """What it is there for."""
    record: ChildRecord | None
    """None: it is not trained yet."""
    epochs: int | None
    """Of its training at full size, and of those before it whose weights it has."""
    accuracy: float | None
    """On the test images, the mean over its trainings."""
    margin: Margin | None
    """None of the found network itself."""
    note: str = ""
    """Why a figure is missing, or nothing can be compared."""


def control_rows(ledger: Ledger) -> tuple[ControlRow, ...]:
    """The found network and its controls; those that could not be trained or made with the reason."""
    first = {each.finalist.control: each for each in reversed(ledger.finals)}
    ends = {each.control: each for each in margins(ledger.finish)} if ledger.finish else {}
    rows = [_row(ledger, each, ends.get(control) if control else None) for control, each in _ordered(first)]
    missing = ledger.stop.missing if ledger.stop else {}
    name = noun(ledger)
    none = (
        ControlRow(control_title(each, name), _about(ledger, each), None, None, None, None, missing[each])
        for each in Control
        if each in missing
    )
    return (*rows, *none)


def _ordered(first: Mapping[Control | None, LedgerFinal]) -> list[tuple[Control | None, LedgerFinal]]:
    return [(control, first[control]) for control in (None, *Control) if control in first]


def _row(ledger: Ledger, final: LedgerFinal, margin: Margin | None) -> ControlRow:
    control, record = final.finalist.control, final.record
    note = record.failure if isinstance(record, FailedRecord) else _same_as(ledger, final)
    return ControlRow(
        title=control_title(control, noun(ledger)),
        about=_about(ledger, control),
        record=record,
        epochs=_epochs(ledger, final) if record else None,
        accuracy=ledger.finish.accuracy(control) if ledger.finish else None,
        margin=margin,
        note=note,
    )


def _same_as(ledger: Ledger, final: LedgerFinal) -> str:
    """Different controls may be one network, trained once."""
    for each in ledger.finals:
        if each is final:
            break
        if each.spec.id == final.spec.id:
            return f"the same network as the {control_title(each.finalist.control, noun(ledger))}"
    return ""


def _epochs(ledger: Ledger, final: LedgerFinal) -> int:
    line = family(ledger).get(final.spec.parent or "")
    return final.spec.recipe.epochs + (line.own_epochs + line.ancestors_epochs if line else 0)


def control_title(control: Control | None, noun: str) -> str:
    """What a network at full size is called, in a search that finds a `noun`."""
    return {
        None: f"found {noun}",
        Control.START: f"start {noun}",
        Control.LONGER: f"start {noun} trained longer",
        Control.PARAMETERS: f"start {noun} with as many parameters",
        Control.MULT_ADDS: f"start {noun} with as many mult-adds",
        Control.SCRATCH: f"found {noun} from scratch",
        Control.FIRST_END: "first end of the front",
        Control.SECOND_END: "second end of the front",
        Control.THIRD_END: "third end of the front",
        Control.RANDOM: "best of the random arm",
    }[control]


def _about(ledger: Ledger, control: Control | None) -> str:
    """What it is there for."""
    drawn = sum(each.arm is Arm.RANDOM for each in ledger.episodes.values())
    if control in ENDS:
        return f"the best {measure_words(ledger.config.objective.pareto[ENDS.index(control)])} of the front"
    return {
        None: "",
        Control.START: "did the search bring anything?",
        Control.LONGER: "was it only more training?",
        Control.PARAMETERS: "of another width: was it only size?",
        Control.MULT_ADDS: "of another width: was it only size?",
        Control.SCRATCH: "was it worth inheriting?",
        Control.RANDOM: f"of {plural(drawn, 'child', 'children')}: was it the controller?",
    }.get(control, "")


def compared(ledger: Ledger) -> list[Margin]:
    """The margins over all controls that are another network than the found one; none before the test."""
    return [each for each in margins(ledger.finish) if not each.is_same] if ledger.finish else []


def controls_sentence(ledger: Ledger) -> str:
    """What the controls say, the bad news first, in a sentence or two; nothing before the test."""
    found = compared(ledger)
    if not found or ledger.finish is None:
        return ""
    name, shown = noun(ledger), [each for each in found if each.is_shown]
    better = [f"the {control_title(each.control, name)}" for each in shown if each.difference > 0]
    worse = [
        f"the {control_title(each.control, name)} by {points(-each.difference).lstrip('+')} points"
        for each in shown
        if each.difference < 0
    ]
    said = [f"worse than {listed(worse)}"] if worse else []
    said += [f"better than {listed(better)}"] if better else []
    open_ones = [f"the {control_title(each.control, name)}" for each in found if not each.is_shown]
    if len(open_ones) == len(found) > 1:
        open_ones = ["any of its controls"]
    if open_ones:
        images = f"{ledger.finish.test_images} test images"
        said.append(f"not to be told from {listed(open_ones)} by {images}{_once(found)}")
    return f"At full size the found {name} is {'; '.join(said)}.{_least(found)}"


def lead_sentence(ledger: Ledger) -> str:
    """By how much the found network is ahead of the start network, in images too; nothing before the test."""
    ends = {each.control: each for each in margins(ledger.finish)} if ledger.finish else {}
    margin = ends.get(Control.START)
    if margin is None or margin.is_same or ledger.finish is None:
        return ""
    count, side = abs(round(margin.images, 1)), "more" if margin.images >= 0 else "fewer"
    text = (
        f"The found {noun(ledger)} gets right {count:g} of {ledger.finish.test_images} test images {side} "
        f"than the start {noun(ledger)}"
    )
    if margin.interval is None:
        return f"{text}: {points(margin.difference)} points."
    low, high = (points(each) for each in margin.interval)
    found = "a difference is shown" if margin.is_shown else "no difference is shown"
    return f"{text}: {points(margin.difference)} points, 95{NARROW}% {low} to {high}, so {found}."


def _least(found: Sequence[Margin]) -> str:
    """What could have been shown, where something was not."""
    hidden = [each.interval for each in found if each.interval and not each.is_shown]
    if not hidden:
        return ""
    least = max(high - low for low, high in hidden) / 2
    return (
        f" Differences under about {100 * least:.1f} points cannot be seen so: more test images or "
        "finish.seeds show smaller ones."
    )


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _once(found: Sequence[Margin]) -> str:
    count = max(each.seeds for each in found)
    return " and one training each" if count == 1 else f" and {plural(count, 'training')} each"
