"""The command that searches without training: rehearse."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasflow.cli.options import JsonOption, spread, write, write_bytes

if TYPE_CHECKING:
    from nasflow.search.halving import Halving
    from nasflow.studies.rehearsal import Rewarding, Trial
    from nasflow.studies.truth import TruthTable

rehearsal_commands = typer.Typer()


class _Reward(StrEnum):
    """What a cell is worth in a rehearsal."""

    HASH = "hash"
    STRUCTURED = "structured"
    TABLE = "table"


class _Source(StrEnum):
    """Which training a signal of a table is of."""

    INHERITED = "inherited"
    SCRATCH = "scratch"


class _Arm(StrEnum):
    """Who rehearses."""

    PATH = "path"
    RANDOM = "random"
    EVOLUTION = "evolution"
    EVOLUTION_20 = "evolution-20"
    PAPER = "paper"


_ARMS = [_Arm.PATH, _Arm.RANDOM, _Arm.EVOLUTION]


@dataclass(frozen=True)
class _Worth:
    """What a cell is worth."""

    reward: Annotated[_Reward, typer.Option(help="What a cell is worth.")] = _Reward.HASH
    reward_seed: Annotated[int, typer.Option(min=0, help="Of the structured reward.")] = 0
    table: Annotated[Path | None, typer.Option(help="Of `nasflow study truth`, for --reward table.")] = None
    source: Annotated[_Source, typer.Option(help="Of the table's signal: which training.")] = _Source.SCRATCH
    figure: Annotated[str, typer.Option(help="Of the table's signal.")] = "sum of training losses"
    epochs: Annotated[int, typer.Option(min=1, help="Of the table's signal: after how many.")] = 2
    rungs: Annotated[
        list[int] | None, typer.Option("--rung", min=1, help="Of the table: halve rounds after this epoch.")
    ] = None
    keep: Annotated[float, typer.Option(help="Share that goes on at a rung.")] = 0.5


@dataclass(frozen=True)
class _Series:
    """Searches that differ in their seeds."""

    children: Annotated[int, typer.Option(min=1, max=100_000, help="Children a seed.")] = 500
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Seeds an arm.")] = 3
    first_seed: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 0
    jobs: Annotated[int, typer.Option(min=1, help="Searches at a time, each in a process of its own.")] = 1
    trials: Annotated[
        Path | None, typer.Option(help="Keep each search in this folder, and do not make it again.")
    ] = None

    @property
    def drawn(self) -> range:
        """The seeds themselves."""
        return range(self.first_seed, self.first_seed + self.seeds)


@rehearsal_commands.command("rehearse")
@spread(_Worth)
@spread(_Series)
def _rehearse(
    worth: _Worth,
    series: _Series,
    arms: Annotated[
        list[_Arm], typer.Option("--arm", help="Who proposes; may be given several times.")
    ] = _ARMS,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves into this SVG file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Search without training, for a reward made up or from a table: does it learn, does it collapse?"""
    from nasflow.base.errors import InvalidSpec
    from nasflow.studies.rehearsal import WINDOW, sum_up

    if plot and plot.suffix not in {"", ".svg"}:
        raise InvalidSpec(f"--plot {plot}: the curves are drawn as SVG: name a .svg file")
    judged, window = _judged(worth), min(WINDOW, series.children)
    trials = _try_all(arms, worth, series)
    results = {arm: asdict(sum_up(each)) | judged.figures(each, series.drawn) for arm, each in trials.items()}
    if as_json:
        facts = {name: getattr(series, name) for name in ("children", "seeds", "first_seed")}
        typer.echo(json.dumps({"reward": worth.reward.value} | facts | results, indent=2))
    else:
        typer.echo(_table(results, series.seeds, window))
    # Last: a file that cannot be written must not cost the figures.
    if plot:
        _plot(plot, trials, f"{worth.reward.value} reward: {series.seeds} seeds, mean and range", window)


def _of(worth: _Worth, children: int) -> str:
    """What makes a search another one, besides its arm and seed."""
    said = f"{children} children, {worth.reward.value} reward"
    if worth.reward is _Reward.STRUCTURED:
        return f"{said} {worth.reward_seed}"
    if worth.table is None:
        return said
    table = sha256(worth.table.read_bytes()).hexdigest()[:16]
    rungs = f", rungs {worth.rungs} keep {worth.keep}" if worth.rungs else ""
    return f"{said} by {table}, {worth.source.value} {worth.figure} after {worth.epochs} epochs{rungs}"


def _judged(worth: _Worth) -> "Rewarding":
    """What rewards a rehearsal."""
    from nasflow.base.errors import InvalidSpec
    from nasflow.studies.rehearsal import Formula, Replay, rewards
    from nasflow.studies.signals import FIGURES, Signal

    if worth.reward is not _Reward.TABLE:
        return Formula(rewards(worth.reward_seed)[worth.reward.value])
    if worth.table is None:
        raise InvalidSpec("--reward table: which --table? `nasflow study truth` makes one")
    if worth.figure not in FIGURES:
        raise InvalidSpec(f"--figure {worth.figure}: take one of {', '.join(FIGURES)}")
    signal = Signal(source=worth.source.value, figure=worth.figure, epochs=worth.epochs)
    return Replay(_read_once(worth.table), signal, _halving(worth))


@lru_cache(maxsize=1)
def _read_once(file: Path) -> "TruthTable":
    """A table, which each search of a rehearsal is replayed on."""
    from nasflow.studies.truth import read_table

    return read_table(file)


def _halving(worth: _Worth) -> "Halving | None":
    from pydantic import ValidationError

    from nasflow.base.errors import InvalidSpec
    from nasflow.search.halving import Halving

    try:
        return Halving(rungs=tuple(worth.rungs), keep=worth.keep) if worth.rungs else None
    except ValidationError as error:
        raise InvalidSpec(f"--rung, --keep: {error.errors()[0]['msg']}") from None


def _try_all(arms: list[_Arm], worth: _Worth, series: _Series) -> dict[str, list["Trial"]]:
    """Every arm's rehearsals by its name, one a seed; with a bar on a terminal."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from rich.progress import track

    from nasflow.base.terminal import side_console

    console = side_console()
    trials: dict[str, list[Trial]] = {arm.value: [] for arm in arms}
    todo = [(name, seed) for name in trials for seed in series.drawn]
    attempt = partial(_try, worth, series.children)
    if series.trials:
        attempt = partial(_try_once, series.trials, _of(worth, series.children), attempt)
    jobs = series.jobs
    with ProcessPoolExecutor(jobs, get_context("forkserver")) if jobs > 1 else nullcontext() as pool:
        made = pool.map(attempt, todo) if pool else map(attempt, todo)
        shown = track(made, "rehearse", len(todo), console=console, disable=not console.is_terminal)
        for (name, _), trial in zip(todo, shown, strict=True):
            trials[name].append(trial)
    return trials


def _try(worth: _Worth, children: int, named: tuple[str, int]) -> "Trial":
    """One search: the arm's name and the seed."""
    from nasflow.studies.rehearsal import ARMS, rehearse

    (arm, seed), judged = named, _judged(worth)
    return rehearse(ARMS[arm], judged.reward(seed), seed, children, judged.space)


def _try_once(
    folder: Path, of: str, attempt: Callable[[tuple[str, int]], "Trial"], named: tuple[str, int]
) -> "Trial":
    """As `folder` has it; else made now, and kept there."""
    from nasflow.base.packed import packed
    from nasflow.studies.rehearsal import KeptTrial, read_trial

    file = folder / "{}-{}.json.gz".format(*named)
    if file.exists():
        return read_trial(file, of)
    trial = attempt(named)
    write_bytes(file, packed(KeptTrial.over(of, trial)))
    return trial


def _plot(file: Path, trials: dict[str, list["Trial"]], title: str, window: int) -> None:
    from nasflow.report.curves import draw_curves
    from nasflow.studies.rehearsal import curve

    bands = {arm: curve(each) for arm, each in trials.items()}
    write(file, draw_curves(bands, title, "children", f"mean reward of the last {window}"))


def _table(results: dict[str, dict[str, Any]], seeds: int, window: int) -> str:
    told = next(iter(results.values()))
    columns = ((name.replace("_", " "), children) for name in _TOLD for children in told.get(name, {}))
    heads = "".join(f"{f'{name} after {children}':>28}" for name, children in columns)
    lines = [f"{'arm':<10} {f'mean of the last {window} (95 %)':<30} {'best':>6} {'collapsed':>10}{heads}"]
    for name, result in results.items():
        collapsed = f"{result['collapsed']} of {seeds}"
        mean = _mean(result["rolling50_mean"], result["interval"], 3)
        line = f"{name:<10} {mean:<30} {result['best']:>6.3f} {collapsed:>10}"
        for value, interval in (each for name in _TOLD for each in result.get(name, {}).values()):
            line += f"{_mean(value, interval, 4):>28}"
        lines.append(line)
    if told.get("epochs", 1) != 1:
        lines.append(f"epochs of training: {100 * told['epochs']:.0f} % of those without rungs")
    return "\n".join(lines)


_TOLD = ("best_so_far", "regret", "quality")
"""Of a reward that is made up, and of a table, which has the truth."""


def _mean(value: float, interval: tuple[float, float] | None, digits: int) -> str:
    shown = "" if interval is None else " ({:.{d}f} to {:.{d}f})".format(*interval, d=digits)
    return f"{value:.{digits}f}{shown}"
