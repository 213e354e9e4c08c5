"""What a search that runs is going to take, told once by what its first networks have taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

import numpy as np
from scipy.optimize import nnls

from nasflow.base.errors import InvalidSpec
from nasflow.measure.counts import layers
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


@dataclass(frozen=True)
class _Speed:
    """What an epoch takes here: small networks wait for kernels to begin, large ones for their work."""

    a_layer: float
    """Seconds for each layer."""
    an_addition: float
    """Seconds for each mult-add of an image."""

    @classmethod
    def of(cls, known: Sequence[_Trained]) -> Self:
        """What explains the epochs best that were seen; of a single network, by its mult-adds alone."""
        if len({each.network for each in known}) == 1:
            return cls(0.0, known[0].epoch / work_of(known[0].network))
        loads = np.array([[layers(each.network), work_of(each.network)] for each in known])
        scale = loads.max(axis=0)
        found, _ = nnls(loads / scale, np.array([each.epoch for each in known]))
        return cls(*map(float, found / scale))

    def epoch(self, network: NetworkSpec) -> float:
        """Seconds of one."""
        return self.a_layer * layers(network) + self.an_addition * work_of(network)


def _first_children(ledger: Ledger) -> Iterator[_Trained]:
    """Those of the first round whose training this search has paid for."""
    for each in ledger.rounds[:1]:
        for record in each.lessons:
            if record and record.status != "failed" and record.child not in each.proposal.banked:
                trained = _trained(ledger, ledger.start_spec.network.with_parts(record.parts), record)
                if trained:
                    yield trained


def _trained(ledger: Ledger, network: NetworkSpec, record: RoundRecord) -> _Trained | None:
    """None: it was not trained here, not in one go, or nobody timed its steps."""
    own = [each for each in ledger.attempts if each.child == record.child]
    timed = [each for each in own if each.trained_seconds]
    # Of an attempt that was cut off nobody knows how many epochs its seconds were.
    if not timed or not record.history or any(each.outcome != "useful" for each in own):
        return None
    steps = sum(each.trained_seconds or 0.0 for each in timed)
    birth = max(0.0, sum(each.kept_seconds for each in own) - steps)
    return _Trained(network, timed[-1].device, steps / len(record.history), birth)


def _paces(ledger: Ledger, child: _Trained) -> Paces:
    """By how fast start network and child were; a child is like the mean of the first that were proposed."""
    network, config = ledger.start_spec.network, ledger.config
    start = (ledger.start and _trained(ledger, network, ledger.start)) or child
    speed = _Speed.of([start, child])
    proposed = [network.with_parts(each.parts) for each in ledger.rounds[0].proposal.episodes]
    typical = fmean(map(speed.epoch, proposed)) / speed.epoch(child.network)

    def pace(like: _Trained, wanted: NetworkSpec, factor: float = 1.0) -> Pace:
        epoch = factor * speed.epoch(wanted)
        return Pace(epoch=epoch, look=0.0, birth=like.birth, weights=weight_bytes(wanted))

    return {
        "start": pace(start, network),
        "child": pace(child, child.network, typical),
        "last": pace(child, full_size(ledger, child.network.parts).network, typical),
        "last_start": pace(start, full_size(ledger, config.start_parts).network),
    }
