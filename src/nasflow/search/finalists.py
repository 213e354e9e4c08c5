"""The networks of the end: the chosen one at full size, and the start network beside it."""

from dataclasses import dataclass

from nasflow.search.ledger import Ledger
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Origin, Scratch
from nasflow.spec.parts import Parts


@dataclass(frozen=True)
class Finalists:
    """What is trained at full size."""

    chosen: str
    """Id of the searched child that was chosen."""
    winner: ChildSpec
    """Its network at full size."""
    start: ChildSpec | None
    """The start network's in the same place; None: nothing is compared."""

    @property
    def specs(self) -> tuple[ChildSpec, ...]:
        """Each network once, the winner first: it can be the start network."""
        return tuple(dict.fromkeys(each for each in (self.winner, self.start) if each))


def finalists(ledger: Ledger) -> Finalists | None:
    """The networks of the end; None where no network was chosen."""
    chosen = ledger.stop.best if ledger.stop else None
    record = next((each for each in (ledger.start, *ledger.children) if each and each.child == chosen), None)
    if record is None:
        return None
    start = full_size(ledger, ledger.config.start_parts, ledger.start_spec.id)
    return Finalists(
        chosen=record.child,
        winner=full_size(ledger, record.parts, record.child),
        start=start if ledger.config.finish.compare else None,
    )


def full_size(ledger: Ledger, parts: Parts, parent: str | None = None) -> ChildSpec:
    """Some parts at full size, to be trained as the finish trains.

    From scratch, or, where the finish inherits, from the weights of `parent`, which has the same network.
    """
    start, finish = ledger.start_spec, ledger.config.finish
    origin: Origin = Grown(parent=parent) if finish.inherit and parent else Scratch()
    # Inherited weights have the order of their branches; from scratch the same network is one network.
    ordered = parts if isinstance(origin, Grown) else parts.canonical()
    network = start.network.model_dump() | {"parts": ordered, "host": finish.host}
    return ledger.child(NetworkSpec.model_validate(network), origin, finish.recipe)
