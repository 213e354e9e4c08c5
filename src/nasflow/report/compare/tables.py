"""A comparison in Markdown: what each search came to, and what each contender has before another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean

from nasflow.report import figures
from nasflow.report.compare.tally import Ledgers, Tally, tallies
from nasflow.report.controls import control_title
from nasflow.report.interval import interval
from nasflow.report.yardstick import Yardstick
from nasflow.search.controls import Control
from nasflow.search.measures import Unit, find_measure

_Key = tuple[int, str]
_Figure = Callable[[Tally], float | None]


def compare_tables(ledgers: Ledgers, rival: str) -> str:
    """All tables; `rival` is the contender that the others are paired with, seed by seed."""
    yardstick, found = Yardstick.of(next(iter(ledgers.values())).config), tallies(ledgers)
    parts = [_searches(found, yardstick), _pairs(found, yardstick, rival), _controls(found)]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _searches(found: Mapping[_Key, Tally], yardstick: Yardstick) -> Iterator[str]:
    """A row a search."""
    heads = ("seed", "arm", "children", f"all: {yardstick.title}", "last quarter", "best", "found, test")
    yield from _head(*heads, "start, test", "parameters", "mult-adds", "hours")
    for (seed, name), each in found.items():
        judged = [figures.in_unit(value, yardstick.unit) for value in (each.mean, each.late, each.best)]
        tests = [figures.percent(value) for value in (each.test, each.against.get(Control.START))]
        sizes = [figures.amount(each.parameters), figures.amount(each.mult_adds)]
        yield _row(seed, name, each.children, *judged, *tests, *sizes, f"{each.hours:.2f}")


def _pairs(found: Mapping[_Key, Tally], yardstick: Yardstick, rival: str) -> Iterator[str]:
    """What each other contender has before the rival, the mean over the seeds and its interval."""
    others = [name for name in _names(found) if name != rival]
    if not others:
        return
    yield from _head(f"minus {rival} (95 % over seeds)", *others)
    judged: dict[str, tuple[Unit, _Figure]] = {
        f"all children: {yardstick.title}": (yardstick.unit, lambda each: each.mean),
        "last quarter of them": (yardstick.unit, lambda each: each.late),
        "best": (yardstick.unit, lambda each: each.best),
    }
    of_training = find_measure(yardstick.measure).is_of_training
    for title, (unit, figure) in judged.items():
        yield _row(title, *(_gap(unit, _paired(found, figure, name, rival, of_training)) for name in others))
    rows: dict[str, tuple[Unit, _Figure]] = {
        "found, test": ("share", lambda each: each.test),
        "parameters of the found": ("parameters", lambda each: each.parameters),
        # Of searches that are over: what goes on costs more than it has cost by now.
        "hours of training": ("hours", lambda each: None if each.test is None else each.hours),
    }
    for title, (unit, figure) in rows.items():
        yield _row(title, *(_gap(unit, _paired(found, figure, name, rival)) for name in others))


def _paired(
    found: Mapping[_Key, Tally], figure: _Figure, name: str, rival: str, must_begin_alike: bool = False
) -> list[float]:
    seeds = dict.fromkeys(seed for seed, _ in found)
    both = [(found[seed, name], found[seed, rival]) for seed in seeds]
    pairs = [
        (figure(one), figure(other))
        for one, other in both
        if one.parents == other.parents or not must_begin_alike
    ]
    return [ours - theirs for ours, theirs in pairs if ours is not None and theirs is not None]


def _controls(found: Mapping[_Key, Tally]) -> Iterator[str]:
    """What each contender's searches found, against each control of their own."""
    names = _names(found)
    yield from _head("found minus, test (95 % over seeds)", *names)
    for control in Control:
        gains = {
            name: [
                each.test - each.against[control]
                for (_, own), each in found.items()
                if own == name and each.test is not None and control in each.against
            ]
            for name in names
        }
        if any(gains.values()):
            asked = {name: sum(own == name for _, own in found) for name in names}
            told = (_of_fewer(_gap("share", each), len(each), asked[name]) for name, each in gains.items())
            yield _row(control_title(control, "network"), *told)


def _of_fewer(text: str, known: int, asked: int) -> str:
    """Where some searches have no such control, the others are counted."""
    return f"{text}, {known} of {asked} seeds" if 0 < known < asked else text


def _names(found: Mapping[_Key, Tally]) -> list[str]:
    return list(dict.fromkeys(name for _, name in found))


def mean_points(values: Sequence[float]) -> str:
    """The mean of differences of shares and its 95 % interval, in points."""
    return _mean(values, lambda value: f"{100 * value:+.2f}")


def _gap(unit: Unit, values: Sequence[float]) -> str:
    if not values:
        return figures.NONE
    return f"{mean_points(values)} points" if unit == "share" else f"{_mean(values, _signed)} {unit}"


def _mean(values: Sequence[float], show: Callable[[float], str]) -> str:
    known = interval(values)
    return f"{show(fmean(values))} ({show(known[0])} to {show(known[1])})" if known else show(fmean(values))


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.4g}"


def _head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield "|" + "---|" * len(cells)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
