"""A search replayed on a table of `nasflow study truth`: real figures, their real noise, and no training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from nasflow.base.errors import InvalidSpec
from nasflow.search.halving import Halving
from nasflow.search.spaces import PathSpace
from nasflow.spec.tree import Tree
from nasflow.studies.rehearsal.result import told_after
from nasflow.studies.rehearsal.rewards import Reward
from nasflow.studies.rehearsal.run import PER_ROUND, Trial
from nasflow.studies.signals import Signal, read_signal
from nasflow.studies.truth import TrueCell, TruthTable


@dataclass(frozen=True)
class Replay:
    """A table, and the signal of it that is the reward."""

    table: TruthTable
    signal: Signal
    halving: Halving | None = None
    """Where a round of the search is halved by the signal; absent: nowhere."""

    def __post_init__(self) -> None:
        """Raise InvalidSpec for a table without cells, or with cells that are not trained, or not for as long
        as the signal asks.
        """
        if not isinstance(self.table.asked.space, PathSpace):
            raise InvalidSpec(f"the table is of the space {self.table.asked.space.kind}, which has no cells")
        missing = len(self.table.cells) - len(self.table.complete)
        if missing:
            raise InvalidSpec(f"the table lacks {missing} cells: `nasflow study truth` goes on with it")
        if self.halving and self.halving.rungs[-1] >= self._epochs:
            raise InvalidSpec(f"a rung comes before the signal's last epoch, which is {self._epochs}")
        longest = min(len(cell.scratch[0].train_loss) for cell in self._by_cell.values() if cell.scratch[0])
        if not 1 <= (self.signal.epochs or 0) <= longest:
            raise InvalidSpec(
                f"the signal is after {self.signal.epochs} epochs, and the table has 1 to {longest}"
            )

    @cached_property
    def _by_cell(self) -> Mapping[str, TrueCell]:
        return {str(cell.cell.canonical()): cell for cell in self.table.cells}

    @property
    def space(self) -> PathSpace:
        """That of the table."""
        space = self.table.asked.space
        assert isinstance(space, PathSpace)
        return space

    @property
    def _epochs(self) -> int:
        """Of a child that is trained to its end."""
        return self.signal.epochs or 0

    def reward(self, seed: int) -> Reward:
        """What a cell is worth to a search of this seed: from scratch, by one seed of the table.

        Where rounds are halved, at the first rung: there all children are measured alike.
        """
        first = self.halving.rungs[0] if self.halving else self._epochs
        return lambda tree: self._read(tree, seed, first)

    def _read(self, tree: Tree, seed: int, epochs: int) -> float:
        signal = self.signal.model_copy(update={"epochs": epochs})
        return read_signal(signal, self._by_cell[str(tree.canonical())], seed % self.table.seeds)

    def worth(self, seed: int) -> Mapping[str, float]:
        """What each cell is worth in truth: the negative loss held out, from scratch.

        Of the seeds that such a search has not seen: the noise that made it choose would praise its choice.
        """
        is_seen = self.signal.source == "scratch" and self.table.seeds > 1
        seen = seed % self.table.seeds if is_seen else None
        return {
            text: -fmean(
                curve.held_out_loss[-1]
                for number, curve in enumerate(cell.scratch)
                if curve and number != seen
            )
            for text, cell in self._by_cell.items()
        }

    def figures(self, trials: Sequence[Trial], seeds: Sequence[int]) -> dict[str, Any]:
        """Mean regret and quality after so many children, with their 95 % intervals over the seeds.

        And the epochs of training, as a share of those without rungs.
        """
        return {
            "regret": told_after(trials, lambda each, count: self.regret(trials[each], seeds[each], count)),
            "quality": told_after(trials, lambda each, count: self.quality(trials[each], seeds[each], count)),
            "epochs": self._spent(trials[0]),
        }

    def regret(self, trial: Trial, seed: int, children: int) -> float:
        """By how much the cell that a search would choose after so many children is worse than the best of
        all.
        """
        worth = self.worth(seed)
        return max(worth.values()) - worth[self._chosen(trial, seed, children)]

    def quality(self, trial: Trial, seed: int, children: int) -> float:
        """How far its choice is on the way from the mean cell, 0, to the best of all, 1."""
        worth = self.worth(seed)
        mean = fmean(worth.values())
        return (worth[self._chosen(trial, seed, children)] - mean) / (max(worth.values()) - mean)

    def _chosen(self, trial: Trial, seed: int, children: int) -> str:
        """Of the children that were trained to their end, the one with the best signal there."""
        ends = [cell for each in _rounds(trial.cells[:children]) for cell in self._to_their_end(each, seed)]
        return str(self._ranked(ends, seed, self._epochs)[0].canonical())

    def _to_their_end(self, cells: Sequence[Tree], seed: int) -> Sequence[Tree]:
        """Those of a round that are trained so long."""
        if self.halving:
            for epoch in self.halving.rungs:
                cells = self._ranked(cells, seed, epoch)[: self.halving.kept(len(cells))]
        return cells

    def _ranked(self, cells: Sequence[Tree], seed: int, epochs: int) -> list[Tree]:
        return sorted(cells, key=lambda cell: -self._read(cell, seed, epochs))

    def _spent(self, trial: Trial) -> float:
        """Epochs of training, as a share of those that all children to their end would take."""
        if self.halving is None:
            return 1.0
        spent = 0
        for each in _rounds(trial.cells):
            alive, before = len(each), 0
            for epoch in self.halving.rungs:
                spent += alive * (epoch - before)
                alive, before = self.halving.kept(alive), epoch
            spent += alive * (self._epochs - before)
        return spent / (self._epochs * len(trial.cells))


def _rounds(cells: Sequence[Tree]) -> Iterator[Sequence[Tree]]:
    return (cells[first : first + PER_ROUND] for first in range(0, len(cells), PER_ROUND))
