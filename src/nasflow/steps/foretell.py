"""What a search that runs is going to take, told once by what its first networks have taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from nasflow.base.errors import InvalidSpec
from nasflow.measure.memory import weight_bytes
from nasflow.search.finalists import full_size
from nasflow.search.forecast import Forecast, Machine, Pace, Paces, forecast
from nasflow.search.ledger import Ledger
from nasflow.search.record import RoundRecord
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
    trained = next(_first_children(ledger), None)
    if trained is None:
        return None
    device = trained.device
    machine = Machine(device=device, kind="cpu" if device == "cpu" else "gpu", lanes=lanes)
    state = state_bytes(ledger.config, ledger.start_spec, ledger.rounds[0].proposal)
    try:
        told = forecast(ledger.config, _paces(ledger, trained), machine, state)
    except InvalidSpec:
        # Its budget has no end on this machine: it goes on until the space is exhausted.
        return None
    return archive.create(forecast_key(search), told)


@dataclass(frozen=True)
class _Trained:
    """A network that this search has trained."""

    network: NetworkSpec
    device: str
    epoch: float
    """Seconds of an epoch."""
    birth: float
    """All other seconds: imports and pods' beginnings, its birth, its evaluation at the end."""

    def pace(self, network: NetworkSpec, work: float | None = None) -> Pace:
        """Of a network like it: an epoch by its mult-adds for an image, or by `work` of them."""
        epoch = self.epoch * (work or work_of(network)) / work_of(self.network)
        return Pace(epoch=epoch, look=0.0, birth=self.birth, weights=weight_bytes(network))


def _first_children(ledger: Ledger) -> Iterator[_Trained]:
    """Those of the first round whose training this search has paid for."""
    for each in ledger.rounds[:1]:
        for record in each.lessons:
            if record and record.status != "failed" and record.child not in each.proposal.banked:
                trained = _trained(ledger, ledger.start_spec.network.with_parts(record.parts), record)
                if trained:
                    yield trained


def _trained(ledger: Ledger, network: NetworkSpec, record: RoundRecord) -> _Trained | None:
    """None: it was not trained here, or nobody timed its steps."""
    own = [each for each in ledger.attempts if each.child == record.child and each.outcome == "useful"]
    timed = [each for each in own if each.trained_seconds]
    if not timed or not record.history:
        return None
    steps = sum(each.trained_seconds or 0.0 for each in timed)
    birth = max(0.0, sum(each.kept_seconds for each in own) - steps)
    return _Trained(network, timed[-1].device, steps / len(record.history), birth)


def _paces(ledger: Ledger, child: _Trained) -> Paces:
    """From one network to another by mult-adds; the start network's own training tells of its likes."""
    network = ledger.start_spec.network
    start = (ledger.start and _trained(ledger, network, ledger.start)) or child
    works = [work_of(network.with_parts(each.parts)) for each in ledger.rounds[0].proposal.episodes]
    last = full_size(ledger, child.network.parts).network
    last_start = full_size(ledger, ledger.config.start_parts).network
    return {
        "start": start.pace(network),
        "child": child.pace(child.network, fmean(works)),
        "last": child.pace(last, work_of(last) * fmean(works) / work_of(child.network)),
        "last_start": start.pace(last_start),
    }
