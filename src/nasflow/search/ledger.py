"""A whole search as its documents tell it: what reports, trackers and decisions are made from."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from nasflow.base.document import Frozen, is_off
from nasflow.base.plugins import load
from nasflow.search.controls import Control, Finalist
from nasflow.search.measures import find_measure
from nasflow.search.record import AnyRecord, Attempt, FailedRecord, RoundRecord, RungRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import ControllerUpdate, Episode, FinishRecord, Proposal, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Origin
from nasflow.spec.recipe import Distil, Recipe


class LedgerRound(Frozen):
    """One round: what was proposed, what came of it, what the controller learned."""

    proposal: Proposal
    records: tuple[RoundRecord | None, ...]
    """What became of each proposed child, in order; None: that is not known yet."""
    rungs: Mapping[int, tuple[RungRecord | FailedRecord | None, ...]] = Field(default_factory=dict)
    """Where rounds are halved: by epoch, each child as it was then."""
    until: int | None = None
    """The rung at which the round is; None: its children are trained to their end."""
    update: ControllerUpdate | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every child has its record and the controller its update."""
        return self.update is not None and None not in self.records

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The children that are to be trained now, until the round's rung or to their end."""
        reached = self.rungs[self.until] if self.until else (None,) * len(self.records)
        known = zip(self.proposal.children, self.records, reached, strict=True)
        return tuple(child for child, record, rung in known if record is None and rung is None)

    @property
    def lessons(self) -> tuple[RoundRecord | None, ...]:
        """What tells the children apart, measured alike: at the first rung, where rounds are halved."""
        if not self.rungs:
            return self.records
        first = self.rungs[min(self.rungs)]
        return tuple(rung or record for rung, record in zip(first, self.records, strict=True))


class FullSize(Frozen):
    """A network at full size, and what came of it."""

    spec: ChildSpec
    record: AnyRecord | None
    """None: not trained yet."""


class Candidate(FullSize):
    """Of one of the best children."""

    child: str


class LedgerFinal(FullSize):
    """Of the end, with what it is there for."""

    finalist: Finalist


_SHOWN = "nasflow.report.notebook:framed"


class Ledger(Frozen):
    """The state of a search at one moment, read from the store."""

    config: ResolvedConfig
    start_spec: ChildSpec
    start: AnyRecord | None = None
    """The start network; None: not trained yet."""
    rounds: tuple[LedgerRound, ...] = ()
    shortlist: tuple[Candidate, ...] = Field(default=(), exclude_if=is_off)
    """The best children at full size, of which one is chosen; empty where the best is chosen as it is."""
    stop: SearchStop | None = None
    finals: tuple[LedgerFinal, ...] = ()
    """The networks at full size, the found one first."""
    finish: FinishRecord | None = None
    attempts: tuple[Attempt, ...] = ()
    """Of all children, the start and the final networks; a banked child's were paid by another search."""
    lost: frozenset[str] = frozenset()
    """Blobs that documents name and the store does not hold: a damaged one was deleted."""

    def _repr_html_(self) -> str:
        """Its report, for notebooks."""
        page: str = load(_SHOWN)(self)
        return page

    @property
    def is_transfer(self) -> bool:
        """Whether there are no children to look for: one network is trained and tested (`nasflow
        transfer`).
        """
        return self.config.budget.children == 0 and not self.rounds

    @property
    def standing(self) -> Literal["unfinished", "finished", "failed"]:
        """How far it is, whoever tells it: finished once it was tested, failed where it stopped without a
        network; unfinished is what runs, and what waits to be resumed.
        """
        if self.stop and self.stop.best is None:
            return "failed"
        return "finished" if self.finish else "unfinished"

    def child(self, network: NetworkSpec, origin: Origin, recipe: Recipe) -> ChildSpec:
        """One of this search's: with its images, its seed, its teachers and its measures."""
        return ChildSpec(
            network=network,
            origin=origin,
            data=self.start_spec.data,
            recipe=recipe,
            seed=self.config.seed,
            teachers=self._teachers(origin, recipe.distil) if recipe.distil else (),
            measures=self.config.asked_measures,
        )

    def _teachers(self, origin: Origin, distil: Distil) -> tuple[str, ...]:
        if distil.teacher == "parent" and isinstance(origin, Grown):
            return (origin.parent,)
        ranked = self.config.judge.ranked(self.children) if distil.teacher == "best" else ()
        best = tuple(dict.fromkeys(each.child for each in ranked))[: distil.best]
        return best or (self.start_spec.id,)

    @property
    def final(self) -> AnyRecord | None:
        """The found network at full size, by its first training."""
        return self.finals[0].record if self.finals else None

    def final_of(self, control: Control | None) -> AnyRecord | None:
        """A control's network at full size, or the found one's, by its first training."""
        found = (each.record for each in self.finals if each.finalist.control is control)
        return next(found, None)

    @property
    def networks(self) -> tuple[RoundRecord, ...]:
        """All records: the start network, the children as they were proposed, those at full size."""
        ends = (each.record for each in self.at_full_size)
        return tuple(record for record in (self.start, *self.children, *ends) if record)

    @property
    def at_full_size(self) -> tuple[FullSize, ...]:
        """The best children's networks, of which one was chosen; then those of the end."""
        return (*self.shortlist, *self.finals)

    @property
    def children(self) -> tuple[RoundRecord, ...]:
        """The finished children, in the order of their proposals."""
        return tuple(record for each in self.rounds for record in each.records if record)

    @property
    def chosen(self) -> TrainedRecord | None:
        """The network that the search has chosen; while it runs, the best child so far."""
        names = [self.finish and self.finish.child, self.stop and self.stop.best]
        # A search without children chooses its start network.
        trained = {
            each.child: each for each in (self.start, *self.children) if isinstance(each, TrainedRecord)
        }
        named = (trained[name] for name in names if name in trained)
        return next(named, None) or self.config.judge.best(self.children)

    @property
    def rival(self) -> AnyRecord | None:
        """The start network, where the objective may compare children with it: not by how a training went."""
        return None if find_measure(self.config.objective.measure).is_of_training else self.start

    @property
    def episodes(self) -> dict[str, Episode]:
        """How each proposed child came about, by its id: the first time, if it was proposed twice."""
        found: dict[str, Episode] = {}
        for each in self.rounds:
            for child, episode in zip(each.proposal.children, each.proposal.episodes, strict=True):
                found.setdefault(child, episode)
        return found
