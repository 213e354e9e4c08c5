"""A search replayed on a table of `nasflow study truth`: real figures, their real noise, and no training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from nasflow.base.errors import InvalidSpec
from nasflow.search.spaces import PathSpace
from nasflow.spec.tree import Tree
from nasflow.studies.rehearsal.result import interval
from nasflow.studies.rehearsal.rewards import Reward
from nasflow.studies.rehearsal.run import Trial
from nasflow.studies.signals import Signal, read_signal
from nasflow.studies.truth import TrueCell, TruthTable

REGRET_AFTER = (20, 50, 100, 200)
"""Children."""


@dataclass(frozen=True)
class Replay:
    """A table, and the signal of it that is the reward."""

    table: TruthTable
    signal: Signal

    def __post_init__(self) -> None:
        """Raise InvalidSpec for a table without cells, or with cells that are not trained, or not for as long
        as the signal asks.
        """
        if not isinstance(self.table.asked.space, PathSpace):
            raise InvalidSpec(f"the table is of the space {self.table.asked.space.kind}, which has no cells")
        missing = len(self.table.cells) - len(self.table.complete)
        if missing:
            raise InvalidSpec(f"the table lacks {missing} cells: `nasflow study truth` goes on with it")
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

    def reward(self, seed: int) -> Reward:
        """What a cell is worth to a search of this seed: from scratch, by one seed of the table."""

        def reward(tree: Tree) -> float:
            cell = self._by_cell[str(tree.canonical())]
            return read_signal(self.signal, cell, seed % self.table.seeds)

        return reward

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
        """Mean regret after so many children, with its 95 % interval over the seeds."""
        found = {}
        for children in REGRET_AFTER:
            if children <= min(len(trial.rewards) for trial in trials):
                each = [self.regret(trial, seed, children) for trial, seed in zip(trials, seeds, strict=True)]
                found[children] = fmean(each), interval(each)
        return {"regret": found}

    def regret(self, trial: Trial, seed: int, children: int) -> float:
        """By how much the cell that a search would choose after so many children is worse than the best of
        all.
        """
        worth, rewards = self.worth(seed), trial.rewards[:children]
        chosen = trial.cells[rewards.index(max(rewards))]
        return max(worth.values()) - worth[str(chosen.canonical())]
