"""What a search that runs is going to take, told once by what its first networks have taken."""

from collections.abc import Iterable, Iterator
from statistics import fmean

from nasflow.base.errors import InvalidSpec
from nasflow.measure.memory import weight_bytes
from nasflow.search.finalists import full_size
from nasflow.search.forecast import Forecast, Machine, Pace, Paces, forecast
from nasflow.search.ledger import Ledger
from nasflow.search.record import Attempt, RoundRecord
from nasflow.spec.network import NetworkSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import forecast_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.pace import state_bytes, work_of


def foretell(archive: Archive, search: str, lanes: int) -> Forecast | None:
    """The forecast of a search, as soon as a child is trained, and written down beside what comes of it.

    None: it was told already, or too early; a search without children is told nothing.
    """
    if archive.find(forecast_key(search), Forecast):
        return None
    ledger = read_ledger(archive, search)
    trained = next(_trained(ledger), None)
    if trained is None:
        return None
    record, attempts = trained
    device = attempts[-1].device
    machine = Machine(device=device, kind="cpu" if device == "cpu" else "gpu", lanes=lanes)
    state = state_bytes(ledger.config, ledger.start_spec, ledger.rounds[0].proposal)
    try:
        told = forecast(ledger.config, _paces(ledger, record, _seconds(attempts)), machine, state)
    except InvalidSpec:
        # Its budget has no end on this machine: it goes on until the space is exhausted.
        return None
    return archive.create(forecast_key(search), told)


def _trained(ledger: Ledger) -> Iterator[tuple[RoundRecord, list[Attempt]]]:
    """Children whose training this search has paid for, each with its attempts."""
    for each in ledger.rounds[:1]:
        for record in each.lessons:
            if record is None or record.status == "failed" or not record.history:
                continue
            own = [attempt for attempt in _attempts(ledger, record.child) if attempt.outcome == "useful"]
            if own and record.child not in each.proposal.banked:
                yield record, own


def _attempts(ledger: Ledger, child: str) -> list[Attempt]:
    return [each for each in ledger.attempts if each.child == child]


def _seconds(attempts: Iterable[Attempt]) -> float:
    return sum(each.kept_seconds for each in attempts)


def _paces(ledger: Ledger, child: RoundRecord, seconds: float) -> Paces:
    """By epochs, which hold births and evaluations too; from one network to another by mult-adds.

    The start network's own epochs tell of its likes: it had more of them for one birth, and larger kernels.
    """
    start = ledger.start_spec.network
    own = start.with_parts(child.parts)
    an_addition = seconds / len(child.history) / work_of(own)
    typical = fmean(work_of(start.with_parts(each.parts)) for each in ledger.rounds[0].proposal.episodes)
    start_epoch = _start_epoch(ledger) or an_addition * work_of(start)
    last = full_size(ledger, child.parts, child.child).network
    last_start = full_size(ledger, ledger.config.start_parts, ledger.start_spec.id).network
    return {
        "start": _pace(start, start_epoch),
        "child": _pace(own, an_addition * typical),
        "last": _pace(last, an_addition * typical / work_of(own) * work_of(last)),
        "last_start": _pace(last_start, start_epoch / work_of(start) * work_of(last_start)),
    }


def _start_epoch(ledger: Ledger) -> float | None:
    """Seconds of an epoch of the start network; None: it was not trained here."""
    own = _attempts(ledger, ledger.start_spec.id)
    epochs = len(ledger.start.history) if ledger.start else 0
    return _seconds(own) / epochs if own and epochs else None


def _pace(network: NetworkSpec, epoch: float) -> Pace:
    return Pace(epoch=epoch, look=0.0, birth=0.0, weights=weight_bytes(network))
