"""Two methods on one budget: what each had seen by when, and what its best network was worth then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from pydantic import Field

from nasflow.base.document import Document, Frozen
from nasflow.report.compare.tables import mean_points
from nasflow.report.curves import Band
from nasflow.report.interval import half_width, interval
from nasflow.search.config import SearchConfig
from nasflow.search.judge import Judge
from nasflow.search.record import TrainedRecord
from nasflow.spec.parts import Parts

METHODS = OWN, RIVAL = "nasflow", "optuna"

_NOTHING, _THIRD, _ALL = "0", "1/3", "all"
MOMENTS = {_NOTHING: 0.0, "1/8": 1 / 8, "1/4": 1 / 4, _THIRD: 1 / 3, "1/2": 1 / 2, _ALL: 1.0}
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


class Outcome(Frozen):
    """What one method came to from one seed: all that tables and plots need."""

    seconds: float = Field(ge=0)
    """Of the processor, which both methods had."""
    networks: str
    """What became of all that it looked at, in words."""
    signal: tuple[tuple[float, float], ...]
    """Held-out accuracies by its own way of training, the start network's included; each with the seconds
    after which it was known."""
    tests: Mapping[str, float]
    """Test accuracy, by the common finish, of what it would choose after each of MOMENTS."""

    def best_signal(self, seconds: float) -> float | None:
        """The best held-out accuracy so far; None: it has seen nothing yet."""
        return max((accuracy for when, accuracy in self.signal if when <= seconds), default=None)


Outcomes = Mapping[tuple[int, str], Outcome]
"""By seed and method."""


class KeptSeed(Document):
    """A seed that is over, as a file: a contest of hours goes on on another machine, without the store."""

    config: SearchConfig
    pruner: str
    outcomes: Mapping[str, Outcome]
    """By method."""


def cells(duel: Duel) -> dict[str, Parts]:
    """What is to be tested, each once."""
    wanted = (duel.chosen(method, share) for share in MOMENTS.values() for method in METHODS)
    return {str(parts): parts for parts in wanted}


def outcome(duel: Duel, method: str, tests: Mapping[str, float]) -> Outcome:
    """Of a method; `tests` are test accuracies by cell."""
    campaign = duel.campaigns[method]
    known = (*campaign.seen, *([campaign.start] if campaign.start else []))
    return Outcome(
        seconds=duel.seconds,
        networks=campaign.networks,
        signal=tuple(sorted((each.seconds, each.record.accuracy) for each in known)),
        tests={title: tests[str(duel.chosen(method, share))] for title, share in MOMENTS.items()},
    )


def table(outcomes: Outcomes) -> Iterator[str]:
    """Markdown: a row a seed and method; then the differences, paired by seed; then the answer."""
    yield (
        "| seed | method | CPU minutes | networks | best held-out | test after " + " | ".join(MOMENTS) + " |"
    )
    yield "|" + "---|" * (5 + len(MOMENTS))
    for (seed, method), each in outcomes.items():
        figures = (each.best_signal(each.seconds), *(each.tests[title] for title in MOMENTS))
        shown = " | ".join(map(_percent, figures))
        yield f"| {seed} | {method} | {each.seconds / 60:.1f} | {each.networks} | {shown} |"
    yield ""
    yield "| difference in test accuracy, points (95 % over seeds) | |"
    yield "|---|---|"
    for title, values in _differences(outcomes).items():
        yield f"| {title} | {mean_points(values)} |"
    yield ""
    yield _answer(_gaps(outcomes, _THIRD, _ALL))


def _differences(outcomes: Outcomes) -> dict[str, list[float]]:
    equal = {
        f"{OWN} minus {RIVAL} after {title}": _gaps(outcomes, title, title)
        for title, share in MOMENTS.items()
        if share
    }
    gains = {
        f"{method} minus start cell": [
            each.tests[_ALL] - each.tests[_NOTHING] for (_, own), each in outcomes.items() if own == method
        ]
        for method in METHODS
    }
    return equal | gains | {f"{OWN} after 1/3 minus {RIVAL} after all": _gaps(outcomes, _THIRD, _ALL)}


def _gaps(outcomes: Outcomes, own: str, other: str) -> list[float]:
    """What nasflow has at one of MOMENTS, against what Optuna has at another, seed by seed."""
    seeds = dict.fromkeys(seed for seed, _ in outcomes)
    return [outcomes[seed, OWN].tests[own] - outcomes[seed, RIVAL].tests[other] for seed in seeds]


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


def signals(outcomes: Outcomes) -> dict[str, Band]:
    """Best held-out accuracy so far over CPU minutes, in percent, from when every seed has one."""
    last = max(each.seconds for each in outcomes.values())
    times = [last * number / _PLACES for number in range(_PLACES + 1)]
    bands = {}
    for method in METHODS:
        rows = [(time, [each.best_signal(time) for each in _own(outcomes, method)]) for time in times]
        known = ((time / 60, [100 * value for value in row if value is not None]) for time, row in rows)
        bands[method] = _band(row for row in known if len(row[1]) == len(_own(outcomes, method)))
    return bands


def worths(outcomes: Outcomes) -> dict[str, Band]:
    """Test accuracy of the network chosen so far over CPU minutes, in percent."""
    mean = fmean(each.seconds for each in outcomes.values()) / 60
    return {
        method: _band(
            (share * mean, [100 * each.tests[title] for each in _own(outcomes, method)])
            for title, share in MOMENTS.items()
        )
        for method in METHODS
    }


def _own(outcomes: Outcomes, method: str) -> list[Outcome]:
    return [each for (_, own), each in outcomes.items() if own == method]


def _band(rows: Iterable[tuple[float, Sequence[float]]]) -> Band:
    """The mean of the seeds and its 95 % interval."""
    known = [(x, fmean(values), half_width(values)) for x, values in rows]
    return Band(
        x=[x for x, _, _ in known],
        mean=[mean for _, mean, _ in known],
        low=[mean - half for _, mean, half in known],
        high=[mean + half for _, mean, half in known],
    )
