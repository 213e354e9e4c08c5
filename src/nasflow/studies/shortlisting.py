"""What `finish.shortlist` is worth: a few of the best children at full size, before one is chosen.

Replayed on a table of truth. A search's children are drawn; the signal orders them; the first few are known
by one seed's training from scratch, and the best of those by its held-out loss is chosen. What it is worth
is said by the other seed, which chose nothing.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.studies.ranks import Array, Interval
from nasflow.studies.signals import FEWEST_CELLS, FIGURES
from nasflow.studies.truth import TruthTable

Indices = NDArray[np.int64]

LENGTHS = (1, 2, 3, 4, 6, 8)
"""Of shortlists."""
_SEARCHES = 10_000
"""So often children are drawn."""
_EPOCHS = 4
"""Of a child, after which its training losses tell most (docs/signals.md)."""


class Gain(Frozen):
    """What is chosen from a shortlist, in test-like accuracy, minus the mean of all cells."""

    length: int
    mean: float
    interval: Interval
    """What nine of ten searches lie in."""
    unled: float
    """The mean where nothing leads: as many cells, drawn evenly, take the list's place."""


def gains(table: TruthTable, children: int, epochs: int = _EPOCHS, seed: int = 0) -> Iterator[Gain]:
    """Of each length; a child inherits, and is judged by its training losses of so many epochs.

    Raise InvalidSpec for a table of one seed, of too few cells, or of shorter trainings.
    """
    cells = [cell for cell in table.complete if cell.inherited]
    if table.seeds < 2:
        raise InvalidSpec("a table of one seed cannot say what the other one would: train it with --seeds 2")
    if len(cells) < max(FEWEST_CELLS, *LENGTHS):
        raise InvalidSpec(f"{len(cells)} cells are trained to the end: `nasflow study truth` goes on")
    inherited = [cell.inherited for cell in cells if cell.inherited]
    known = min(len(each.train_loss) for each in inherited)
    if epochs > known:
        raise InvalidSpec(f"the table knows {known} epochs of what inherits: --epochs {known} or fewer")
    led = np.array([FIGURES["sum of training losses"](each, epochs) for each in inherited])
    curves = [[curve for curve in cell.scratch[:2] if curve] for cell in cells]
    losses = np.array([[curve.held_out_loss[-1] for curve in two] for two in curves])
    accuracies = np.array([[curve.held_out_accuracy[-1] for curve in two] for two in curves])
    draw = np.random.default_rng(seed)
    # The same children and the same judge for every length: the lengths are compared, not the draws.
    drawn = [draw.permutation(len(cells))[: min(children, len(cells))] for _ in range(_SEARCHES)]
    judges = draw.integers(2, size=_SEARCHES)
    for length in LENGTHS:
        best = (own[np.argsort(-led[own], kind="stable")][:length] for own in drawn)
        found = _worth(best, judges, losses, accuracies) - accuracies.mean()
        unled = _worth((own[:length] for own in drawn), judges, losses, accuracies) - accuracies.mean()
        low, high = np.quantile(found, (0.05, 0.95))
        yield Gain(
            length=length,
            mean=float(found.mean()),
            interval=(float(low), float(high)),
            unled=float(unled.mean()),
        )


def _worth(lists: Iterable[Indices], judges: Indices, losses: Array, accuracies: Array) -> Array:
    """Of each list, the accuracy of what its judge chooses, by the seed that is not its judge."""
    chosen = ((own[np.argmin(losses[own, judge])], judge) for own, judge in zip(lists, judges, strict=True))
    return np.array([accuracies[cell, 1 - judge] for cell, judge in chosen])


def gains_table(found: Iterable[Gain]) -> str:
    """In Markdown, in points."""
    heads = (
        "children at full size",
        "chosen minus the mean cell (90 % of searches)",
        "the same, drawn evenly",
    )
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|"]
    for each in found:
        low, high = (f"{100 * end:+.1f}" for end in each.interval)
        led, unled = (f"{100 * mean:+.2f}" for mean in (each.mean, each.unled))
        lines.append(f"| {each.length} | {led} ({low} to {high}) | {unled} |")
    return "\n".join(lines)
