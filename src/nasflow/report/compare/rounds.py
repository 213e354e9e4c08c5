"""The rounds of a comparison's searches, as curves."""

from statistics import fmean

from nasflow.report.compare.tally import Ledgers
from nasflow.report.curves import Band, draw_curves
from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger


def draw_rounds(ledgers: Ledgers) -> str:
    """An SVG of all contenders' rounds; see `rounds`."""
    what = Yardstick.of(next(iter(ledgers.values())).config).title
    return draw_curves(rounds(ledgers), "The mean of a round's children", "children", what)


def rounds(ledgers: Ledgers) -> dict[str, Band]:
    """Each contender's rounds over the children so far: the mean of a round by the objective's measure, over
    the seeds, and the lowest and the highest seed.
    """
    bands = {}
    for name in dict.fromkeys(name for _, name in ledgers):
        own = [ledger for (_, each), ledger in ledgers.items() if each == name]
        columns = list(zip(*map(_rounds, own), strict=False))
        size = own[0].config.children_per_round
        bands[name] = Band(
            x=[size * (number + 1) for number in range(len(columns))],
            mean=[fmean(column) for column in columns],
            low=[min(column) for column in columns],
            high=[max(column) for column in columns],
        )
    return bands


def _rounds(ledger: Ledger) -> list[float]:
    yardstick = Yardstick.of(ledger.config)
    found = [[yardstick.candidate(each) for each in one.records] for one in ledger.rounds]
    known = [[value for value in values if value is not None] for values in found]
    return [fmean(values) for values in known if values]
