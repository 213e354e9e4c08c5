"""What `make study` prints: Markdown for docs/results.md, from ledgers and accuracies alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nasflow.base.errors import NotFound
from nasflow.report.controls import control_title
from nasflow.report.curves import Band
from nasflow.search.controls import Control
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord, TrainedRecord
from nasflow.studies.audit import Audit, ranks_agree, score_text
from nasflow.studies.rehearsal.result import interval

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
    """What a finished search came to: accuracies, 0 to 1."""

    children: tuple[float, ...]
    """Of those that were trained, in the order of their proposals."""
    best: float
    test: float
    """Of its cell at full size, on the test images."""
    start_test: float
    """Of the start cell in the same place."""

    @property
    def compared(self) -> dict[str, float]:
        """What the arms are compared in, by title."""
        means = {"all children": fmean(self.children), f"last {LAST}": fmean(self.children[-LAST:])}
        return means | {"best": self.best, "test": self.test}


def searched(ledger: Ledger) -> Searched:
    """The figures of a search; raise NotFound where it has not come to its end."""
    finish, winner = ledger.finish, ledger.config.judge.best(ledger.children)
    if finish is None or (start := finish.accuracy(Control.START)) is None or winner is None:
        raise NotFound(f"search {ledger.config.name!r} has no tests of the found cell and of the start cell")
    return Searched(
        children=_accuracies(ledger.children),
        best=winner.accuracy,
        test=finish.test_accuracy,
        start_test=start,
    )


def _accuracies(records: Iterable[ChildRecord | None]) -> tuple[float, ...]:
    return tuple(each.accuracy for each in records if isinstance(each, TrainedRecord))


def points(values: Sequence[float]) -> str:
    """Mean and 95 % interval, in points."""
    mean, found = 100 * fmean(values), interval(values)
    return f"{mean:+.2f} ({100 * found[0]:+.2f} to {100 * found[1]:+.2f})" if found else f"{mean:+.2f}"


def arms(ledgers: Ledgers) -> Iterable[str]:
    """A row a search, then the differences of the arms, paired by seed."""
    yield (
        f"| seed | arm | all children | last {LAST} | best | its cell at full size: test | "
        "start cell at full size: test | hours of training |"
    )
    yield "|" + "---|" * 8
    found = {key: searched(ledger) for key, ledger in ledgers.items()}
    for (seed, arm), each in found.items():
        row = " | ".join(f"{100 * value:.2f} %" for value in (*each.compared.values(), each.start_test))
        hours = sum(attempt.kept_seconds for attempt in ledgers[seed, arm].attempts) / 3600
        yield f"| {seed} | {arm} | {row} | {hours:.2f} |"
    yield ""
    yield "| path minus random, points (95 % over seeds) | |"
    yield "|---|---|"
    pairs = [(found[seed, "path"], found[seed, "random"]) for seed in sorted({seed for seed, _ in found})]
    for title in pairs[0][0].compared:
        differences = [one.compared[title] - other.compared[title] for one, other in pairs]
        yield f"| {title} | {points(differences)} |"
    gains = [each.test - each.start_test for each in found.values()]
    yield f"| found minus start cell, test, all {len(gains)} searches | {points(gains)} |"


def against(ledgers: Ledgers) -> Iterable[str]:
    """What the controller's searches found against each control, at full size on the test images."""
    yield "| found minus, test, points (95 % over seeds) | |"
    yield "|---|---|"
    ends = [each.finish for (_, arm), each in ledgers.items() if arm == "path" and each.finish]
    for control in Control:
        pairs = [(end.accuracy(None), end.accuracy(control)) for end in ends]
        gains = [ours - other for ours, other in pairs if ours is not None and other is not None]
        if gains:
            yield f"| {control_title(control, 'network')} | {points(gains)} |"


def rounds(ledgers: Ledgers) -> dict[str, Band]:
    """Each arm's rounds over the children so far, in points above the start network: mean, lowest, highest
    seed."""
    bands = {}
    for arm in dict.fromkeys(arm for _, arm in ledgers):
        searches = [ledger for (_, each), ledger in ledgers.items() if each == arm]
        columns = list(zip(*(_gains(ledger) for ledger in searches), strict=True))
        size = searches[0].config.children_per_round
        bands[arm] = Band(
            x=[size * (number + 1) for number in range(len(columns))],
            mean=[fmean(column) for column in columns],
            low=[min(column) for column in columns],
            high=[max(column) for column in columns],
        )
    return bands


def _gains(ledger: Ledger) -> list[float]:
    if not isinstance(ledger.start, TrainedRecord):
        raise NotFound(f"search {ledger.config.name!r} has no trained start network")
    found = [_accuracies(each.records) for each in ledger.rounds]
    return [100 * (fmean(accuracies) - ledger.start.accuracy) for accuracies in found if accuracies]


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
