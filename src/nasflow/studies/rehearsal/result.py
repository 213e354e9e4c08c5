"""What a rehearsal says of a controller: figures over all its seeds, and the curve behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from nasflow.controllers.policy.sampler import POLICY_TRIES
from nasflow.report.curves import Band
from nasflow.report.interval import interval
from nasflow.studies.rehearsal.run import Trial

WINDOW = 50
"""Children of a rolling mean."""

COLLAPSED_TRIES = POLICY_TRIES
"""If most of the last `WINDOW` cells took more draws, the controller finds no new cells by itself."""


TOLD_AFTER = (20, 50, 100, 200)
"""Children after which it is told how far a search is."""

Milestones = Mapping[int, tuple[float, tuple[float, float] | None]]
"""By number of children: a mean over the seeds, and its 95 % interval."""


@dataclass(frozen=True)
class Result:
    """One controller over all seeds."""

    rolling50_mean: float
    """Mean reward of the last 50 children, over the seeds."""
    interval: tuple[float, float] | None
    """95 % interval of that mean (Student's t over seeds); None with one seed."""
    best: float
    """The highest reward that any seed found."""
    collapsed: int
    """Seeds that had stopped finding new cells."""


def sum_up(trials: Sequence[Trial]) -> Result:
    """The figures of one controller's trials, one a seed."""
    ends = [fmean(trial.rewards[-WINDOW:]) for trial in trials]
    return Result(
        rolling50_mean=fmean(ends),
        interval=interval(ends),
        best=max(max(trial.rewards) for trial in trials),
        collapsed=sum(has_collapsed(trial) for trial in trials),
    )


def told_after(trials: Sequence[Trial], worth: Callable[[int, int], float]) -> Milestones:
    """What so many children of each trial are worth, which `worth` is told the number of; as far as all have
    as many.
    """
    shortest = min(len(trial.rewards) for trial in trials)
    found = {
        count: [worth(number, count) for number in range(len(trials))]
        for count in TOLD_AFTER
        if count <= shortest
    }
    return {count: (fmean(values), interval(values)) for count, values in found.items()}


def has_collapsed(trial: Trial) -> bool:
    """Whether, at the end, most new cells took more than `COLLAPSED_TRIES` draws."""
    return median(trial.tries[-WINDOW:]) > COLLAPSED_TRIES


def curve(trials: Sequence[Trial]) -> Band:
    """The rolling means over the children: mean, lowest and highest seed."""
    length = min(len(trial.rewards) for trial in trials)
    window = min(WINDOW, length)
    rolled = np.stack([_rolled(trial.rewards[:length], window) for trial in trials])
    return Band(
        x=tuple(range(window, length + 1)),
        mean=tuple(rolled.mean(axis=0).tolist()),
        low=tuple(rolled.min(axis=0).tolist()),
        high=tuple(rolled.max(axis=0).tolist()),
    )


def _rolled(rewards: Sequence[float], window: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.convolve(rewards, np.full(window, 1 / window), mode="valid")
