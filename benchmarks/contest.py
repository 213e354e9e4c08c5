"""Two methods on one budget: what each had seen by when, and what its best network was worth then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nasflow.report.compare.tables import mean_points
from nasflow.report.curves import Band
from nasflow.report.interval import interval
from nasflow.search.judge import Judge
from nasflow.search.record import TrainedRecord
from nasflow.spec.parts import Parts

METHODS = OWN, RIVAL = "nasflow", "optuna"

THIRD = 1 / 3
MOMENTS = {"0": 0.0, "1/8": 1 / 8, "1/4": 1 / 4, "1/3": THIRD, "1/2": 1 / 2, "all": 1.0}
"""Shares of the budget after which the best network so far is trained and tested, by their titles."""

_PLACES = 200
"""Points of a curve."""


@dataclass(frozen=True)
class Seen:
    """A network that was trained, and the processor seconds after which that was known."""

    seconds: float
    record: TrainedRecord


@dataclass(frozen=True)
class Campaign:
    """What one method saw, in the order of time."""

    judge: Judge
    """By whom it chooses: each method by its own signal."""
    seen: tuple[Seen, ...]
    """The networks that it may choose from."""
    networks: str
    """What became of all that it looked at, in words."""
    start: Seen | None = None
    """The start network, where the method trains one: it chooses among what was grown from it."""

    def best(self, seconds: float) -> TrainedRecord | None:
        """What it would choose then; None: it has seen nothing yet."""
        return self.judge.best(each.record for each in self.seen if each.seconds <= seconds)

    def signal(self, seconds: float) -> float | None:
        """The best held-out accuracy so far, by its own way of training, the start network's included."""
        known = (*self.seen, *([self.start] if self.start else []))
        return max((each.record.accuracy for each in known if each.seconds <= seconds), default=None)


@dataclass(frozen=True)
class Duel:
    """One seed: both methods on the processor seconds that nasflow's search took."""

    seconds: float
    start: Parts
    """What everybody has without a search."""
    campaigns: Mapping[str, Campaign]
    """By method."""

    def chosen(self, method: str, share: float) -> Parts:
        """What a method would choose after a share of the budget."""
        best = self.campaigns[method].best(share * self.seconds)
        return best.parts.canonical() if best else self.start.canonical()


Duels = Mapping[int, Duel]
"""By seed."""
Tests = Mapping[tuple[int, str], float]
"""Test accuracy by seed and cell, trained by the common finish."""


def cells(duel: Duel) -> dict[str, Parts]:
    """What is to be tested, each once."""
    wanted = (duel.chosen(method, share) for share in MOMENTS.values() for method in METHODS)
    return {str(parts): parts for parts in wanted}


def tested(duels: Duels, tests: Tests, method: str, share: float) -> list[float]:
    """What each seed's choice after a share of the budget is worth."""
    return [tests[seed, str(duel.chosen(method, share))] for seed, duel in duels.items()]


def table(duels: Duels, tests: Tests) -> Iterator[str]:
    """Markdown: a row a seed and method; then the differences, paired by seed; then the answer."""
    yield (
        "| seed | method | CPU minutes | networks | best held-out | test after " + " | ".join(MOMENTS) + " |"
    )
    yield "|" + "---|" * (5 + len(MOMENTS))
    for seed, duel in duels.items():
        for method, campaign in duel.campaigns.items():
            values = [tests[seed, str(duel.chosen(method, share))] for share in MOMENTS.values()]
            shown = " | ".join(_percent(each) for each in (campaign.signal(duel.seconds), *values))
            yield f"| {seed} | {method} | {duel.seconds / 60:.1f} | {campaign.networks} | {shown} |"
    yield ""
    yield "| difference in test accuracy, points (95 % over seeds) | |"
    yield "|---|---|"
    for title, values in _differences(duels, tests).items():
        yield f"| {title} | {mean_points(values)} |"
    yield ""
    yield _answer(_third(duels, tests))


def _differences(duels: Duels, tests: Tests) -> dict[str, list[float]]:
    def minus(own: tuple[str, float], other: tuple[str, float]) -> list[float]:
        pairs = zip(tested(duels, tests, *own), tested(duels, tests, *other), strict=True)
        return [one - two for one, two in pairs]

    equal = {
        f"{OWN} minus {RIVAL} after {title}": minus((OWN, share), (RIVAL, share))
        for title, share in MOMENTS.items()
        if share
    }
    gains = {f"{method} minus start cell": minus((method, 1.0), (method, 0.0)) for method in METHODS}
    return equal | gains | {f"{OWN} after 1/3 minus {RIVAL} after all": _third(duels, tests)}


def _third(duels: Duels, tests: Tests) -> list[float]:
    """What nasflow has after a third of the budget, against what Optuna has at its end."""
    pairs = zip(tested(duels, tests, OWN, THIRD), tested(duels, tests, RIVAL, 1.0), strict=True)
    return [own - other for own, other in pairs]


def _answer(differences: Sequence[float]) -> str:
    question = f"Is {OWN} at {RIVAL}'s last accuracy in a third of its time?"
    found = interval(differences)
    if found and found[0] >= 0:
        return f"{question} **Yes**: the whole interval lies above 0."
    if found and found[1] < 0:
        return f"{question} **No**: the whole interval lies below 0."
    mean = "at or above" if fmean(differences) >= 0 else "below"
    seeds = f"in the mean of {len(differences)} seeds"
    return f"{question} **Not decided**: {mean} it {seeds}, and the interval holds 0."


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.2f} %"


def signals(duels: Duels) -> dict[str, Band]:
    """Best held-out accuracy so far over CPU minutes, in percent, from when every seed has one."""
    last = max(duel.seconds for duel in duels.values())
    times = [last * number / _PLACES for number in range(_PLACES + 1)]
    bands = {}
    for method in METHODS:
        rows = [(time, _signals(duels, method, time)) for time in times]
        bands[method] = _band((time / 60, values) for time, values in rows if values)
    return bands


def _signals(duels: Duels, method: str, seconds: float) -> list[float] | None:
    found = [duel.campaigns[method].signal(seconds) for duel in duels.values()]
    known = [100 * value for value in found if value is not None]
    return known if len(known) == len(found) else None


def worths(duels: Duels, tests: Tests) -> dict[str, Band]:
    """Test accuracy of the network chosen so far over CPU minutes, in percent."""
    mean = fmean(duel.seconds for duel in duels.values()) / 60
    return {
        method: _band(
            (share * mean, [100 * value for value in tested(duels, tests, method, share)])
            for share in MOMENTS.values()
        )
        for method in METHODS
    }


def _band(rows: Iterable[tuple[float, Sequence[float]]]) -> Band:
    """Mean, lowest and highest seed."""
    known = list(rows)
    return Band(
        x=[x for x, _ in known],
        mean=[fmean(values) for _, values in known],
        low=[min(values) for _, values in known],
        high=[max(values) for _, values in known],
    )
