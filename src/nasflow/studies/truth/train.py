"""Train every cell of a search's space: what `nasflow study truth` does."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np

from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.measure import counted
from nasflow.search.finalists import full_size
from nasflow.search.record import TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.schedule import Train
from nasflow.search.spaces import PathSpace, replay
from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import apply_all
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.steps.keys import spec_key
from nasflow.steps.lanes import Lanes, Told
from nasflow.steps.ledger import read_ledger
from nasflow.steps.records import find_record
from nasflow.studies.truth.table import Curve, TrueCell, TruthTable, question

MOST_CELLS = 10_000
"""Of a space whose truth is asked for: more would take weeks."""

_CELLS_AT_ONCE = 16
"""Cells between two looks at the table."""


def _recipes(config: ResolvedConfig) -> tuple[Recipe, ...]:
    trained = (config.start,) if isinstance(config.start, Recipe) else ()
    return *trained, config.child, config.finish.recipe


def _untold(child: str, share: float) -> None:
    """Where nobody looks on."""


class Truth:
    """Every cell of a search's space, trained apart from any search; what the store has is taken from it.

    Each cell is trained inherited, as the search's children are (such a search finds them in the bank), and
    from scratch, as its finish trains, with `seeds` seeds: the search's own one and those that follow it.
    What a table that was `known` before holds is not trained again.
    """

    def __init__(
        self,
        archive: Archive,
        search: str,
        seeds: int,
        known: TruthTable | None = None,
        most: int = MOST_CELLS,
    ) -> None:
        """Of the first cells, at `most` so many, in an order that is drawn: a fair sample.

        Raise InvalidSpec if the space is not of cells or too large to be listed, or if the known table is
        another's.
        """
        self._archive, self._search, self._seeds = archive, search, seeds
        self._ledger = read_ledger(archive, search)
        config = self._ledger.config
        if not isinstance(config.space, PathSpace):
            raise InvalidSpec(f"a table holds cells, and the space {config.space.kind} makes something else")
        if not all(recipe.curve for recipe in _recipes(config)):
            raise InvalidSpec(
                "a table holds curves: curve: true is wanted in start, in child and in finish.recipe"
            )
        if known and (question(known.asked) != question(config.asked()) or known.seeds != seeds):
            raise InvalidSpec(
                "the table that is there is of another configuration or other seeds: move it away"
            )
        self._known = {str(cell.cell): cell for cell in known.cells} if known else {}
        listed = config.space.listing(self._ledger.start_spec.network, MOST_CELLS)
        if listed is None:
            raise InvalidSpec(f"the space has more than {MOST_CELLS} cells: make it smaller")
        drawn = np.random.default_rng(derive(config.seed, "truth")).permutation(len(listed))
        self._decisions = tuple(listed[number] for number in drawn)
        self._wanted = min(most, len(listed))

    def __len__(self) -> int:
        """Trainings in all, the start network's apart."""
        return self._wanted * (self._seeds + 1)

    def train(self, lanes: int, told: Told = _untold) -> Iterator[int]:
        """Train what is missing; the number of trainings that are done, after every few cells."""
        with Lanes(self._archive, self._search, lanes, told) as side_by_side:
            start = self._ledger.start_spec.id
            list(side_by_side.train(self._missing([start])))
            for first in range(0, self._wanted, _CELLS_AT_ONCE):
                cells = range(first, min(first + _CELLS_AT_ONCE, self._wanted))
                specs = [spec for number in cells for spec in self._unknown(number)]
                for spec in specs:
                    self._archive.create(spec_key(spec.id), spec)
                list(side_by_side.train(self._missing([spec.id for spec in specs])))
                yield cells.stop * (self._seeds + 1)

    def table(self) -> TruthTable:
        """What is known by now; raise InvalidSpec while the start network is not trained."""
        start = self._curve(self._ledger.start_spec)
        if start is None:
            raise InvalidSpec("the start network is not trained: there is nothing to tell yet")
        return TruthTable(
            asked=self._ledger.config.asked(),
            seeds=self._seeds,
            versions={name: version(name) for name in ("nasflow", "torch")},
            start=start,
            cells=tuple(map(self._cell, range(len(self._decisions)))),
        )

    def _cell(self, number: int) -> TrueCell:
        network = self._network(number)
        known = self._known.get(str(network.parts.cell))
        if known and known.is_complete:
            return known
        *scratch, inherited = self._specs(number)
        own, full = (counted(each) for each in (network, scratch[0].network))
        return TrueCell(
            cell=network.parts.cell,
            parameters=int(own["parameters"].value),
            mult_adds=int(own["mult_adds"].value),
            full_parameters=int(full["parameters"].value),
            full_mult_adds=int(full["mult_adds"].value),
            scratch=tuple(map(self._curve, scratch)),
            inherited=self._curve(inherited),
        )

    def _unknown(self, number: int) -> tuple[ChildSpec, ...]:
        """What is to be trained of a cell; all of it, or nothing."""
        known = self._known.get(str(self._network(number).parts.cell))
        return () if known and known.is_complete else self._specs(number)

    def _network(self, number: int) -> NetworkSpec:
        config, start = self._ledger.config, self._ledger.start_spec.network
        return replay(config.space, start, self._decisions[number]).canonical()

    def _specs(self, number: int) -> tuple[ChildSpec, ...]:
        """From scratch with each seed, then inherited."""
        return *self._from_scratch(number), self._grown(number)

    def _from_scratch(self, number: int) -> Iterator[ChildSpec]:
        first = full_size(self._ledger, self._network(number).parts)
        for seed in range(self._seeds):
            yield first.model_copy(update={"seed": first.seed + seed})

    def _grown(self, number: int) -> ChildSpec:
        """As a search whose children grow from the start network would propose it."""
        config, start = self._ledger.config, self._ledger.start_spec
        edits = config.space.edits(start.network, self._network(number))
        if edits is None:
            raise InvalidSpec(
                f"the space {config.space.kind} has no edits from its start to its own networks"
            )
        return self._ledger.child(
            apply_all(edits, start.network), Grown(parent=start.id, edits=edits), config.child
        )

    def _missing(self, children: Sequence[str]) -> list[Train]:
        return [Train(child, "round") for child in children if find_record(self._archive, child) is None]

    def _curve(self, spec: ChildSpec) -> Curve | None:
        record = find_record(self._archive, spec.id)
        return Curve.of(record.history) if isinstance(record, TrainedRecord) else None
