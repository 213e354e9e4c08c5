"""Every proposed child as a reader meets it: one row, finished or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nasflow.report.yardstick import Yardstick
from nasflow.search.family import Line, family
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import ChildRecord, FailedRecord, Receipt, RungRecord
from nasflow.search.rounds import Arm, Episode
from nasflow.spec.parts import Parts

START = "start"
"""What the start network is called where a row would have its label."""


class Status(StrEnum):
    """Where a child stands."""

    TRAINED = "trained"
    FAILED = "failed"
    RUNNING = "running"
    WAITING = "waiting"
    ABANDONED = "abandoned"
    """Without a result when the search stopped."""
    STOPPED = "stopped"
    """At a rung, where others were better."""


@dataclass(frozen=True)
class Ancestor:
    """A network that others grow from."""

    label: str
    """Of its row; START for the start network; of one that this search does not know, its first digits."""
    parts: Parts | None
    """None: not known here."""
    is_row: bool
    """Whether the label is that of a row."""


@dataclass(frozen=True)
class Row:
    """One proposed child."""

    round: int
    place: int
    """From 1, within the round."""
    child: str
    episode: Episode
    line: Line
    parent: Ancestor | None
    """None: its weights are drawn at random."""
    status: Status
    is_banked: bool
    record: ChildRecord | None
    value: float | None
    """Of the objective's measure."""
    breach: str | None
    """The limit that it breaks, in words: it cannot win."""
    reached: str = ""
    """Of one that was stopped at a rung: its figure there."""
    seconds: float | None = None
    """That its own training took, over all attempts; None: none is known."""

    @property
    def label(self) -> str:
        """`3.7`: child 7 of round 3."""
        return f"{self.round}.{self.place}"

    @property
    def arm(self) -> Arm:
        """Who drew it."""
        return self.episode.arm

    @property
    def parts(self) -> Parts:
        """What stands in the places of its host."""
        return self.record.parts if self.record else self.episode.parts

    @property
    def failure(self) -> str | None:
        """Why it failed, if it did."""
        return self.record.failure if isinstance(self.record, FailedRecord) else None

    @property
    def remark(self) -> str:
        """Why it failed, cannot win, or was not trained on."""
        if isinstance(self.record, RungRecord):
            return f"after epoch {self.record.epoch}, at {self.reached}"
        return self.failure or self.breach or ""

    @property
    def receipt(self) -> Receipt | None:
        """What its birth did to its parent's function."""
        return self.record.receipt if self.record else None

    @property
    def edits(self) -> int | None:
        """How many made it of its parent; None: that is not known yet."""
        if self.receipt:
            return len(self.receipt.edits)
        return len(self.episode.edits) or None

    @property
    def summary(self) -> str:
        """How many edits of each kind: `2 replicate, 3 replace`."""
        if self.receipt is None:
            return ""
        kinds = [each.edit.kind for each in self.receipt.edits]
        return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


RowRounds = Sequence[Sequence[Row]]
"""The rows of each round."""


@dataclass(frozen=True)
class _Known:
    """What all rows need of the ledger."""

    lines: Mapping[str, Line]
    ancestors: Mapping[str, Ancestor]
    seconds: Mapping[str, float]
    """By child: of those that have begun."""
    is_over: bool
    yardstick: Yardstick

    def parent(self, line: Line) -> Ancestor | None:
        if line.parent is None:
            return None
        return self.ancestors.get(line.parent, Ancestor(line.parent[:8], None, is_row=False))


def rows(ledger: Ledger) -> tuple[tuple[Row, ...], ...]:
    """The rows of each round, in the order of the proposals."""
    known = _Known(
        lines=family(ledger),
        ancestors=_ancestors(ledger),
        seconds=_seconds(ledger),
        is_over=ledger.stop is not None,
        yardstick=Yardstick.of(ledger.config),
    )
    return tuple(_of_round(each, known) for each in ledger.rounds)


def _seconds(ledger: Ledger) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in ledger.attempts:
        found[each.child] = found.get(each.child, 0.0) + each.seconds
    return found


def _ancestors(ledger: Ledger) -> dict[str, Ancestor]:
    """Every network of the search by its id; a child that was proposed twice by its first row."""
    found = {ledger.start_spec.id: Ancestor(START, ledger.config.start_parts, is_row=False)}
    for each in ledger.rounds:
        pairs = zip(each.proposal.children, each.proposal.episodes, strict=True)
        for place, (child, episode) in enumerate(pairs, 1):
            label = f"{each.proposal.round}.{place}"
            found.setdefault(child, Ancestor(label, episode.parts, is_row=True))
    return found


def _of_round(each: LedgerRound, known: _Known) -> tuple[Row, ...]:
    proposal = each.proposal
    proposed = zip(proposal.episodes, proposal.children, each.records, strict=True)
    return tuple(
        Row(
            round=proposal.round,
            place=place,
            child=child,
            episode=episode,
            line=known.lines[child],
            parent=known.parent(known.lines[child]),
            status=_status(record, child in known.seconds, known.is_over),
            is_banked=child in proposal.banked,
            record=record,
            value=known.yardstick.value(record),
            breach=known.yardstick.breach(record),
            seconds=known.seconds.get(child),
            reached=known.yardstick.show(known.yardstick.at_rung(record)),
        )
        for place, (episode, child, record) in enumerate(proposed, 1)
    )


def _status(record: ChildRecord | None, has_begun: bool, is_over: bool) -> Status:
    if isinstance(record, RungRecord):
        return Status.STOPPED
    if record:
        return Status(record.status)
    if is_over:
        return Status.ABANDONED
    return Status.RUNNING if has_begun else Status.WAITING
