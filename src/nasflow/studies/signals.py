"""Which early figure of a training tells what a cell is worth? Kendall's tau with the truth of a table.

Two truths: what a cell is worth **from scratch** (the held-out loss at the end, of another seed than the
signal comes from), and what it is worth when it is **trained on** from inherited weights. A signal that only
counts parameters is none: so each is also told given the number of parameters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from types import MappingProxyType
from typing import Literal

import numpy as np

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.report.curves import Band
from nasflow.studies.ranks import Array, Interval, agreement
from nasflow.studies.truth import Curve, TrueCell, TruthTable

EPOCHS = (1, 2, 4, 8)
"""After which a signal is read."""
FEWEST_CELLS = 10
"""Below which ranks say nothing."""

WhichTruth = Literal["from scratch", "trained on"]


class Signal(Frozen):
    """One figure after some epochs of one kind of training; all are turned so that more is better."""

    source: Literal["inherited", "scratch", "counted", "ceiling"]
    figure: str
    epochs: int | None = None

    @property
    def title(self) -> str:
        """For a table: `inherited, 2 epochs: sum of training losses`."""
        if self.epochs is None:
            return self.figure
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"{self.source}, {epochs}: {self.figure}"


class Agreement(Frozen):
    """What a signal tells of a truth."""

    signal: Signal
    truth: WhichTruth
    tau: float
    interval: Interval
    """95 %: cells drawn with replacement."""
    partial: float | None
    """Given the number of parameters; None for that number itself."""
    partial_interval: Interval | None


Pairs = Sequence[tuple[Array, Array]]
"""A signal and the truth that it is held against, a number a cell; tau is the mean over the pairs."""

FIGURES: Mapping[str, Callable[[Curve, int], float]] = MappingProxyType(
    {
        "held-out accuracy": lambda curve, epochs: curve.held_out_accuracy[epochs - 1],
        "held-out loss": lambda curve, epochs: -curve.held_out_loss[epochs - 1],
        "last training loss": lambda curve, epochs: -curve.train_loss[epochs - 1],
        "sum of training losses": lambda curve, epochs: -sum(curve.train_loss[:epochs]),
    }
)
"""Of a curve after some epochs: the higher, the better."""


def signals(table: TruthTable) -> Iterator[Agreement]:
    """Each signal with each truth, over the cells that are trained to the end.

    First what any other is to be held against: the truth of one seed against that of another (the ceiling),
    and what is counted. Raise InvalidSpec if there are too few cells.
    """
    cells = _Cells(table)
    yield from cells.told(Signal(source="ceiling", figure="truth of another seed"))
    yield from cells.told(Signal(source="counted", figure="parameters"))
    yield from cells.told(Signal(source="counted", figure="mult-adds"))
    for source in ("inherited", "scratch"):
        for figure in FIGURES:
            for epochs in EPOCHS:
                if epochs <= cells.shortest:
                    yield from cells.told(Signal(source=source, figure=figure, epochs=epochs))


class _Cells:
    """The numbers of a table's complete cells."""

    def __init__(self, table: TruthTable) -> None:
        cells = table.complete
        if len(cells) < FEWEST_CELLS:
            raise InvalidSpec(
                f"{len(cells)} cells are trained to the end, and ranks take {FEWEST_CELLS}: "
                "`nasflow study truth` goes on"
            )
        self._inherited = [cell.inherited for cell in cells if cell.inherited]
        self._scratch = [
            [curve for cell in cells if (curve := cell.scratch[seed])] for seed in range(table.seeds)
        ]
        self._parameters = np.array([cell.full_parameters for cell in cells], dtype=float)
        self._mult_adds = np.array([cell.full_mult_adds for cell in cells], dtype=float)

    @property
    def shortest(self) -> int:
        """Epochs of the shortest training."""
        return min(len(curve.train_loss) for curves in (self._inherited, *self._scratch) for curve in curves)

    def told(self, signal: Signal) -> Iterator[Agreement]:
        """What the signal tells of each truth that it can tell of."""
        if pairs := self._from_scratch(signal):
            yield self._agreement(signal, "from scratch", pairs)
        if pairs := self._trained_on(signal):
            yield self._agreement(signal, "trained on", pairs)

    def _agreement(self, signal: Signal, truth: WhichTruth, pairs: Pairs) -> Agreement:
        is_size = signal.source == "counted"
        plain, interval = agreement(pairs)
        partial, partial_interval = (None, None) if is_size else agreement(pairs, self._parameters)
        return Agreement(
            signal=signal,
            truth=truth,
            tau=plain,
            interval=interval,
            partial=partial,
            partial_interval=partial_interval,
        )

    def _from_scratch(self, signal: Signal) -> Pairs:
        """Never against the seed that the signal comes from."""
        ends = [_ends(curves) for curves in self._scratch]
        two = list(permutations(range(len(ends)), 2))
        if signal.source == "ceiling":
            return [(ends[one], ends[other]) for one, other in two if one < other]
        if signal.source == "scratch":
            read = [_read(curves, signal) for curves in self._scratch]
            return [(read[one], ends[other]) for one, other in two]
        return [(self._once(signal), each) for each in ends]

    def _trained_on(self, signal: Signal) -> Pairs:
        end = _ends(self._inherited)
        if signal.source == "ceiling" or (signal.source == "inherited" and signal.epochs == self.shortest):
            return []
        if signal.source == "scratch":
            return [(_read(curves, signal), end) for curves in self._scratch]
        return [(self._once(signal), end)]

    def _once(self, signal: Signal) -> Array:
        """A signal of which a cell has one."""
        if signal.source == "inherited":
            return _read(self._inherited, signal)
        return self._parameters if signal.figure == "parameters" else self._mult_adds


def read_signal(signal: Signal, cell: TrueCell, seed: int) -> float:
    """A signal of one cell, the higher the better; from scratch, that of the training with this seed.

    Raise InvalidSpec if that is not trained, or if the signal is none of a training.
    """
    curve = cell.inherited if signal.source == "inherited" else cell.scratch[seed]
    if curve is None or signal.epochs is None:
        raise InvalidSpec(f"{cell.cell} has no {signal.title}")
    return FIGURES[signal.figure](curve, signal.epochs)


def _ends(curves: Sequence[Curve]) -> Array:
    """What training comes to: the held-out loss at its end."""
    return np.array([-curve.held_out_loss[-1] for curve in curves])


def _read(curves: Sequence[Curve], signal: Signal) -> Array:
    figure, epochs = FIGURES[signal.figure], signal.epochs or 0
    return np.array([figure(curve, epochs) for curve in curves])


def signals_table(told: Sequence[Agreement]) -> str:
    """All of it for a page of docs, a signal a line."""
    lines = [
        "| signal | tau, from scratch | given size | tau, trained on | given size |",
        "|---|---|---|---|---|",
    ]
    by_signal: dict[Signal, dict[WhichTruth, Agreement]] = {}
    for each in told:
        by_signal.setdefault(each.signal, {})[each.truth] = each
    for signal, found in by_signal.items():
        figures = [text for truth in _TRUTHS for text in _cells_of(found.get(truth))]
        lines.append(" | ".join(["| " + signal.title, *figures]) + " |")
    return "\n".join(lines)


def signal_bands(told: Sequence[Agreement], source: str, truth: WhichTruth) -> dict[str, Band]:
    """How each figure of one kind of training agrees with one truth, over the epochs: for a plot."""
    bands = {}
    for figure in FIGURES:
        chosen = [
            each
            for each in told
            if (each.signal.source, each.signal.figure, each.truth) == (source, figure, truth)
        ]
        if chosen:
            bands[figure] = Band(
                x=[each.signal.epochs or 0 for each in chosen],
                mean=[each.tau for each in chosen],
                low=[each.interval[0] for each in chosen],
                high=[each.interval[1] for each in chosen],
            )
    return bands


_TRUTHS: tuple[WhichTruth, ...] = ("from scratch", "trained on")


def _cells_of(told: Agreement | None) -> tuple[str, str]:
    if told is None:
        return "", ""
    return _figure(told.tau, told.interval), _figure(told.partial, told.partial_interval)


def _figure(value: float | None, interval: Interval | None) -> str:
    return (
        "" if value is None or interval is None else "{:+.2f} ({:+.2f} to {:+.2f})".format(value, *interval)
    )
