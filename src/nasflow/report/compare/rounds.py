"""The rounds of a comparison's searches, as curves."""

from collections.abc import Sequence
from statistics import fmean

from nasflow.report.analysis import values_by_round
from nasflow.report.compare.tally import Ledgers
from nasflow.report.curves import Band, draw_curves
from nasflow.report.interval import half_width
from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger
from nasflow.search.measures import find_measure

_Rounds = Sequence[float | None]
"""A value a round; None: it has none."""


def draw_rounds(ledgers: Ledgers, rival: str) -> str:
    """An SVG of all contenders' rounds, each minus the `rival`'s; of one that is alone, its own."""
    yardstick = Yardstick.of(next(iter(ledgers.values())).config)
    factor, unit = (100, "points") if yardstick.unit == "share" else (1, yardstick.unit)
    bands, title = gaps(ledgers, rival), f"The mean of a round's children minus {rival}'s (95 % over seeds)"
    if bands:
        longest = max((each.x for each in bands.values()), key=len)
        bands[rival] = Band(longest, *([[0.0] * len(longest)] * 3))
    else:
        bands, title = {rival: alone(ledgers)}, "The mean of a round's children (95 % over seeds)"
    scaled = {name: band.times(factor) for name, band in bands.items()}
    return draw_curves(scaled, title, "children", f"{yardstick.title}, {unit}")


def gaps(ledgers: Ledgers, rival: str) -> dict[str, Band]:
    """By how much each other contender's rounds differ from the rival's, over the children so far.

    A round is the mean of its children by the objective's measure. What is told is the difference within a
    seed: its mean over the seeds, and the 95 % interval; of rounds that are over in all of them.
    """
    size = _size(ledgers)
    found = {}
    for name in dict.fromkeys(name for _, name in ledgers if name != rival):
        pairs = [(ledger, ledgers[seed, rival]) for (seed, each), ledger in ledgers.items() if each == name]
        rows = [_gap(_rounds(own), _rounds(other)) for own, other in pairs if _begin_alike(own, other)]
        if rows:
            found[name] = _band(rows, size)
    return found


def alone(ledgers: Ledgers) -> Band:
    """The same of one contender's rounds as they are."""
    return _band([_rounds(ledger) for ledger in ledgers.values()], _size(ledgers))


def _size(ledgers: Ledgers) -> int:
    return next(iter(ledgers.values())).config.children_per_round


def _begin_alike(own: Ledger, other: Ledger) -> bool:
    """Whether a measure of the trainings says who is better, if it is one."""
    of_training = find_measure(Yardstick.of(own.config).measure).is_of_training
    return own.config.parents == other.config.parents or not of_training


def _rounds(ledger: Ledger) -> _Rounds:
    return [fmean(values) if values else None for values in values_by_round(ledger)]


def _gap(own: _Rounds, other: _Rounds) -> _Rounds:
    pairs = zip(own, other, strict=False)
    return [None if ours is None or theirs is None else ours - theirs for ours, theirs in pairs]


def _band(rows: Sequence[_Rounds], size: int) -> Band:
    """Of a row a seed."""
    columns = {
        size * number: [value for value in column if value is not None]
        for number, column in enumerate(zip(*rows, strict=False), start=1)
        if None not in column
    }
    mean = [fmean(column) for column in columns.values()]
    half = [half_width(column) for column in columns.values()]
    return Band(
        x=list(columns),
        mean=mean,
        low=[middle - away for middle, away in zip(mean, half, strict=True)],
        high=[middle + away for middle, away in zip(mean, half, strict=True)],
    )
