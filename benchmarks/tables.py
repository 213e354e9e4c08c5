"""What `make study` prints: Markdown for docs/results.md, from ledgers and accuracies alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nasflow.base.errors import NotFound
from nasflow.report.controls import control_title
from nasflow.report.curves import Band
from nasflow.report.yardstick import Yardstick
from nasflow.search.controls import Control
from nasflow.search.ledger import Ledger
from nasflow.search.measures import Unit
from nasflow.search.words import with_unit
from nasflow.studies.audit import Audit, ranks_agree, score_text
from nasflow.studies.rehearsal.result import interval

_RANDOM = "random"
"""The arm that learns nothing."""

LAST = 16
"""Children at the end of a search, where a controller that learns should be better than at the beginning."""

Ledgers = Mapping[tuple[int, str], Ledger]
"""By seed and arm."""


@dataclass(frozen=True)
class Rivals:
    """One child's held-out accuracy, and that of the same network trained without what it inherited."""

    inherited: float
    scratch: float
    """By the child's own recipe."""
    scratch_fast: float
    """By the start network's recipe (a higher learning rate), for the child's epochs."""
    scratch_long: float
    """By the start network's recipe, for the start network's epochs and the child's."""


@dataclass(frozen=True)
class Inheritance:
    """One seed's children against their rivals, and what their start network does without growing."""

    children: tuple[Rivals, ...]
    start: float
    trained_on: float
    """The start network after another child's training, not grown."""


@dataclass(frozen=True)
class Searched:
    """What a finished search came to."""

    children: tuple[float, ...]
    """By the measure of its objective, in the order of their proposals; without those that cannot win."""
    best: float
    """That of the chosen child."""
    test: float
    """Share of the test images that its network tells right at full size, the mean over the trainings."""
    start_test: float
    """That of the start network in the same place."""

    @property
    def judged(self) -> dict[str, float]:
        """What arms are compared in by the objective's measure, by title."""
        means = {"all children": fmean(self.children), f"last {LAST}": fmean(self.children[-LAST:])}
        return means | {"best": self.best}


def searched(ledger: Ledger) -> Searched:
    """The figures of a search; raise NotFound where it has not come to its end."""
    finish, yardstick = ledger.finish, Yardstick.of(ledger.config)
    test, start = (finish.accuracy(each) if finish else None for each in (None, Control.START))
    best = yardstick.candidate(ledger.chosen)
    if test is None or start is None or best is None:
        raise NotFound(f"search {ledger.config.name!r} has no tests of the found cell and of the start cell")
    values = (yardstick.candidate(each) for each in ledger.children)
    return Searched(tuple(each for each in values if each is not None), best, test, start)


def points(values: Sequence[float]) -> str:
    """Mean and 95 % interval, in points."""
    return _with_interval([100 * value for value in values], 2)


def _with_interval(values: Sequence[float], digits: int) -> str:
    mean, found = f"{fmean(values):+.{digits}f}", interval(values)
    return f"{mean} ({found[0]:+.{digits}f} to {found[1]:+.{digits}f})" if found else mean


def arms(ledgers: Ledgers) -> Iterable[str]:
    """A row a search; then what each arm that learns has before the random one, paired by seed."""
    yardstick = Yardstick.of(next(iter(ledgers.values())).config)
    found = {key: searched(ledger) for key, ledger in ledgers.items()}
    yield (
        f"| seed | arm | all children: {yardstick.title} | last {LAST} | best | found, test | start, test | "
        "hours of training |"
    )
    yield "|" + "---|" * 8
    for (seed, arm), each in found.items():
        values = [with_unit(value, yardstick.unit) for value in each.judged.values()]
        shares = [f"{100 * value:.2f} %" for value in (each.test, each.start_test)]
        hours = sum(attempt.kept_seconds for attempt in ledgers[seed, arm].attempts) / 3600
        yield f"| {seed} | {arm} | {' | '.join(values + shares)} | {hours:.2f} |"
    yield ""
    learning = _learning(ledgers)
    yield f"| (95 % over seeds) | {' | '.join(learning)} |"
    yield "|" + "---|" * (1 + len(learning))
    for title in next(iter(found.values())).judged:
        figures = {key: each.judged[title] for key, each in found.items()}
        gaps = [_gap(yardstick.unit, _over_random(figures, arm)) for arm in learning]
        yield f"| {title}, minus random | {' | '.join(gaps)} |"
    tests = {key: each.test for key, each in found.items()}
    gaps = [points(_over_random(tests, arm)) for arm in learning]
    yield f"| found minus random's, test, points | {' | '.join(gaps)} |"


def _learning(ledgers: Ledgers) -> list[str]:
    return [arm for arm in dict.fromkeys(arm for _, arm in ledgers) if arm != _RANDOM]


def _over_random(figures: Mapping[tuple[int, str], float], arm: str) -> list[float]:
    """An arm minus the random one, for each seed."""
    seeds = dict.fromkeys(seed for seed, _ in figures)
    return [figures[seed, arm] - figures[seed, _RANDOM] for seed in seeds]


def _gap(unit: Unit, values: Sequence[float]) -> str:
    return f"{points(values)} points" if unit == "share" else f"{_with_interval(values, 4)} {unit}"


def against(ledgers: Ledgers) -> Iterable[str]:
    """What each arm's searches found against each control, at full size on the test images."""
    every = list(dict.fromkeys(arm for _, arm in ledgers))
    yield f"| found minus, test, points (95 % over seeds) | {' | '.join(every)} |"
    yield "|" + "---|" * (1 + len(every))
    for control in Control:
        gains = [_gains(ledgers, arm, control) for arm in every]
        if any(gains):
            row = [points(each) if each else "none" for each in gains]
            yield f"| {control_title(control, 'network')} | {' | '.join(row)} |"


def _gains(ledgers: Ledgers, arm: str, control: Control) -> list[float]:
    """Of an arm's found networks over a control, a figure a search that has both."""
    ends = [each.finish for (_, name), each in ledgers.items() if name == arm and each.finish]
    pairs = [(end.accuracy(None), end.accuracy(control)) for end in ends]
    return [ours - other for ours, other in pairs if ours is not None and other is not None]


def rounds(ledgers: Ledgers) -> dict[str, Band]:
    """Each arm's rounds over the children so far: the mean of a round by the objective's measure, over the
    seeds, and the lowest and the highest seed.
    """
    bands = {}
    for arm in dict.fromkeys(arm for _, arm in ledgers):
        searches = [ledger for (_, each), ledger in ledgers.items() if each == arm]
        columns = list(zip(*(_means(ledger) for ledger in searches), strict=False))
        size = searches[0].config.children_per_round
        bands[arm] = Band(
            x=[size * (number + 1) for number in range(len(columns))],
            mean=[fmean(column) for column in columns],
            low=[min(column) for column in columns],
            high=[max(column) for column in columns],
        )
    return bands


def _means(ledger: Ledger) -> list[float]:
    yardstick = Yardstick.of(ledger.config)
    found = [[yardstick.candidate(each) for each in one.records] for one in ledger.rounds]
    known = [[value for value in values if value is not None] for values in found]
    return [fmean(values) for values in known if values]


def inheritance(seeds: Mapping[int, Inheritance]) -> Iterable[str]:
    """A row a child, then the differences: means of each seed, their mean and interval over the seeds."""
    yield "| seed | child | scratch, child's recipe | scratch, start's recipe | scratch, start's epochs too |"
    yield "|---|---|---|---|---|"
    for seed, each in seeds.items():
        for child in each.children:
            yield f"| {seed} | " + " | ".join(f"{100 * value:.2f} %" for value in _values(child)) + " |"
    yield ""
    yield "| inherited minus, points (95 % over seeds) | |"
    yield "|---|---|"
    titles = ("scratch, child's recipe", "scratch, start's recipe", "scratch, start's epochs too")
    for place, title in enumerate(titles, start=1):
        gains = [
            fmean(_values(child)[0] - _values(child)[place] for child in each.children)
            for each in seeds.values()
        ]
        yield f"| {title} | {points(gains)} |"
    grown = [fmean(child.inherited for child in each.children) - each.trained_on for each in seeds.values()]
    yield f"| start network trained on | {points(grown)} |"
    yield ""
    yield "| seed | start network | trained on |"
    yield "|---|---|---|"
    for seed, each in seeds.items():
        yield f"| {seed} | {100 * each.start:.2f} % | {100 * each.trained_on:.2f} % |"


def audited(found: Audit, longer: Sequence[float]) -> Iterable[str]:
    """A row a child, from the worst in the search, and how each cheaper figure ranks as the full one does."""
    yield "| in the search | trained for longer | from scratch at full size | cell |"
    yield "|---|---|---|---|"
    for each, long in zip(found.children, longer, strict=True):
        values = [score_text(found.objective, value) for value in (each.searched, long)]
        yield f"| {' | '.join(values)} | {score_text(found.earnest, each.full)} | `{each.parts}` |"
    yield ""
    yield "| Kendall's tau with the full size (95 %) | |"
    yield "|---|---|"
    rows = zip(found.children, longer, strict=True)
    pairs = [(long, each.full) for each, long in rows if each.full is not None]
    yield f"| in the search | {_tau(found.tau, found.interval)} |"
    yield f"| trained for longer | {_tau(*ranks_agree(pairs))} |"


def _tau(tau: float | None, interval: tuple[float, float] | None) -> str:
    return (
        "none" if tau is None or interval is None else f"{tau:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
    )


def _values(child: Rivals) -> tuple[float, float, float, float]:
    return child.inherited, child.scratch, child.scratch_fast, child.scratch_long
