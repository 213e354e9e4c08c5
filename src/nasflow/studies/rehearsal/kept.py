"""Rehearsals that are over, a file each: hundreds of them go on where they were cut off."""

from pathlib import Path
from typing import Self

from pydantic import Field

from nasflow.base.document import Document, is_off
from nasflow.base.errors import InvalidSpec
from nasflow.base.packed import unpacked
from nasflow.spec.tree import Tree
from nasflow.studies.rehearsal.run import Trial


class KeptTrial(Document):
    """A rehearsal of one arm and seed."""

    of: str
    """The reward and the number of children: whatever makes it another rehearsal, in one text."""
    rewards: tuple[float, ...]
    tries: tuple[int, ...]
    cells: tuple[str, ...] = Field(default=(), exclude_if=is_off)
    """In text form."""

    @classmethod
    def over(cls, of: str, trial: Trial) -> Self:
        """Of one that is over."""
        cells = tuple(str(cell) for cell in trial.cells)
        return cls(of=of, rewards=trial.rewards, tries=trial.tries, cells=cells)


def read_trial(file: Path, of: str) -> Trial:
    """As it was; raise InvalidSpec if `file` is of another rehearsal, or of none."""
    kept = unpacked(KeptTrial, file, "a rehearsal")
    if kept.of != of:
        raise InvalidSpec(f"{file} is of {kept.of}, and this is of {of}: name another folder")
    return Trial(kept.rewards, kept.tries, tuple(Tree.parse(text) for text in kept.cells))
