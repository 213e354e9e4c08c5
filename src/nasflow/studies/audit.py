"""Was the reward right? Some children of a search are trained again from scratch, at full size.

A search ranks children by how they do after a short training from inherited weights. What counts in the end
is how their cells do when they are trained in earnest. The audit compares the two ranks on a few children; it
reads held-out images only, never the test set.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, kendalltau

from nasflow.base.errors import InvalidSpec
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord
from nasflow.steps.archive import Archive
from nasflow.steps.child import run_child
from nasflow.steps.finish import full_size
from nasflow.steps.ledger import read_ledger

FEWEST = 3
"""Children below which ranks say nothing."""

_RESAMPLES = 1000
_SEED = 0


@dataclass(frozen=True)
class Audited:
    """One child: what the search saw, and what its cell is worth."""

    child: str
    cell: str
    searched: float
    """Held-out accuracy in the search."""
    full: float | None
    """Held-out accuracy from scratch at full size; None if that training failed."""


@dataclass(frozen=True)
class Audit:
    """How the two ranks agree."""

    children: tuple[Audited, ...]
    """From the worst in the search to the best."""
    tau: float | None
    """Kendall's tau-b, -1 to 1; None where all are equal in one of the two, or fewer than 3 are left."""
    interval: tuple[float, float] | None
    """95 % interval of tau: children drawn with replacement."""


def audit(
    archive: Archive,
    search: str,
    count: int,
    progress: Callable[[int, float], None] = lambda child, share: None,
) -> Audit:
    """Train `count` children of a search from scratch, those that are trained already apart.

    They are spread evenly over the ranks, the worst and the best included. `progress` is told the number of
    the child, from 0, and the share of its training. Raise InvalidSpec if there are too few children.
    """
    chosen = choose(read_ledger(archive, search), count)
    done = []
    for number, record in enumerate(chosen):
        spec = full_size(archive, search, record.cell)
        full = run_child(archive, spec, lambda share, number=number: progress(number, share))  # type: ignore[misc]
        done.append(Audited(record.child, str(record.cell), record.accuracy or 0.0, full.accuracy))
    return Audit(
        tuple(done), *agreement([(each.searched, each.full) for each in done if each.full is not None])
    )


def choose(ledger: Ledger, count: int) -> tuple[ChildRecord, ...]:
    """Children of a search, spread evenly over their ranks by held-out accuracy; each cell once."""
    trained = {str(each.cell): each for each in ledger.children if each.accuracy is not None}
    ranked = sorted(trained.values(), key=lambda each: (each.accuracy, each.child))
    if count < FEWEST or len(ranked) < count:
        raise InvalidSpec(
            f"an audit compares {FEWEST} children at least, of {count} that are asked for "
            f"search {ledger.config.name!r} has {len(ranked)} that were trained"
        )
    places = np.linspace(0, len(ranked) - 1, count).round().astype(int)
    return tuple(ranked[place] for place in places)


def agreement(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, tuple[float, float] | None]:
    """Kendall's tau-b of pairs with its 95 % interval (percentiles of resampled pairs)."""
    if len(pairs) < FEWEST or any(len(set(values)) == 1 for values in zip(*pairs, strict=True)):
        return None, None
    searched, full = zip(*pairs, strict=True)
    resampled = bootstrap(
        (searched, full),
        _tau,
        paired=True,
        vectorized=False,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    # Resamples of one pair alone have no tau: they are left out.
    low, high = np.nanpercentile(resampled.bootstrap_distribution, (2.5, 97.5))
    return _tau(searched, full), (float(low), float(high))


def _tau(searched: Sequence[float], full: Sequence[float]) -> float:
    return float(kendalltau(searched, full).statistic)
