"""Where the time of a search went."""

from dataclasses import dataclass, field
from typing import Literal

from nasflow.search.ledger import Ledger
from nasflow.search.record import Attempt, Outcome

Device = Literal["cpu", "gpu"]
Purpose = Outcome | Literal["running"]


@dataclass(frozen=True)
class Spent:
    """Seconds on one kind of device, by what they were good for."""

    useful: float = 0.0
    """Of finished attempts, and of killed ones what a checkpoint kept."""
    failed: float = 0.0
    """Of attempts that ended in a failed child."""
    preempted: float = 0.0
    """Of killed attempts, what no checkpoint kept."""
    lost: float = 0.0
    """Of attempts at what somebody else did at the same time: no budget counts them."""
    running: float = 0.0
    """Of attempts without an end, which nothing has followed yet."""
    reused: float = 0.0
    """Not spent: what the banked children once cost, as far as the ledger knows their attempts."""

    @property
    def total(self) -> float:
        """Seconds that this search has spent: all but the lost and the reused ones."""
        return self.useful + self.failed + self.preempted + self.running


@dataclass(frozen=True)
class Costs:
    """The cost ledger of a search."""

    cpu: Spent = field(default_factory=Spent)
    gpu: Spent = field(default_factory=Spent)
    banked: int = 0
    """Children that the bank held when they were proposed."""
    banked_unpriced: int = 0
    """Those of them whose attempts are not in this ledger, so that `reused` lacks them."""


def costs(ledger: Ledger) -> Costs:
    """Seconds by outcome and kind of device.

    An attempt without an outcome was killed if a later attempt or a record of its child exists: its
    `kept_seconds` are useful, the rest is preempted, as of one that was stopped or hindered. Otherwise it
    counts as running. A child that this search trained itself before the bank gave it again was paid for, and
    is not reused.
    """
    banked = _banked(ledger)
    latest = _latest_numbers(ledger.attempts)
    recorded = _recorded(ledger)
    seconds: dict[tuple[Device, Purpose], float] = {}
    for attempt in ledger.attempts:
        ended = attempt.number < latest[attempt.child] or attempt.child in recorded
        for purpose, share in _purposes(attempt, attempt.child in banked, ended):
            key = _device(attempt), purpose
            seconds[key] = seconds.get(key, 0.0) + share
    unpriced = banked - {attempt.child for attempt in ledger.attempts}
    return Costs(_spent(seconds, "cpu"), _spent(seconds, "gpu"), len(banked), len(unpriced))


def _purposes(attempt: Attempt, is_banked: bool, has_ended: bool) -> list[tuple[Purpose, float]]:
    """The seconds of one attempt, shared out."""
    if is_banked:
        return [(Outcome.REUSED, attempt.seconds)]
    if attempt.outcome not in {None, "stopped", "hindered"}:
        return [(Outcome(attempt.outcome), attempt.seconds)]
    if not has_ended and attempt.outcome is None:
        return [("running", attempt.seconds)]
    lost = max(0.0, attempt.seconds - attempt.kept_seconds)
    return [(Outcome.USEFUL, attempt.kept_seconds), (Outcome.PREEMPTED, lost)]


def _banked(ledger: Ledger) -> set[str]:
    """The children that cost this search nothing."""
    banked: set[str] = set()
    bought: set[str] = set()
    for each in ledger.rounds:
        here = set(each.proposal.banked)
        bought |= set(each.proposal.children) - here - banked
        banked |= here - bought
    return banked


def _latest_numbers(attempts: tuple[Attempt, ...]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for attempt in attempts:
        latest[attempt.child] = max(attempt.number, latest.get(attempt.child, 0))
    return latest


def _recorded(ledger: Ledger) -> set[str]:
    return {record.child for record in ledger.networks}


def _device(attempt: Attempt) -> Device:
    return "cpu" if attempt.device.lower().startswith("cpu") else "gpu"


def _spent(seconds: dict[tuple[Device, Purpose], float], device: Device) -> Spent:
    return Spent(**{str(purpose): total for (kind, purpose), total in seconds.items() if kind == device})
