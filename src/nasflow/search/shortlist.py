"""The best children at full size: of a few, the one that is best there is chosen.

What a child showed in a few epochs is a guess at what its network comes to (docs/signals.md). Pure functions
of the ledger, as the schedule is.
"""

from collections.abc import Iterable, Mapping

from nasflow.search.finalists import full_size
from nasflow.search.ledger import Candidate, Ledger
from nasflow.search.record import TrainedRecord
from nasflow.spec.child import ChildSpec

_TRUTH = "held_out_loss"


def shortlist(ledger: Ledger) -> Mapping[str, ChildSpec]:
    """What is trained before a network is chosen: of the best children, the best first, each at full size.

    Nothing where it would choose nothing. Their seed is none of the finish's: whoever wins is trained anew,
    since a training that a network was chosen by says too much of it.
    """
    finish = ledger.config.finish
    if finish.shortlist == 1:
        return {}
    found: dict[str, ChildSpec] = {}
    known = set[str]()
    for each in ledger.config.judge.ranked(ledger.children):
        spec = full_size(ledger, each.parts, each.child)
        spec = spec.model_copy(update={"seed": ledger.config.seed + finish.seeds})
        if spec.id not in known:
            known.add(spec.id)
            found[each.child] = spec
        if len(found) == finish.shortlist:
            break
    return found if len(found) > 1 else {}


def choice(ledger: Ledger) -> TrainedRecord | None:
    """The child that wins: at full size, where there is a shortlist; else by the search's objective."""
    trained = {each.child: each for each in ledger.children if isinstance(each, TrainedRecord)}
    best = best_of(ledger.shortlist)
    return trained[best.child] if best else ledger.config.judge.best(ledger.children)


def best_of(candidates: Iterable[Candidate]) -> Candidate | None:
    """By the held-out loss at full size, then fewer parameters; None: none is trained."""
    able = [
        (each.record.measures[_TRUTH].value, each.record.parameters, place, each)
        for place, each in enumerate(candidates)
        if isinstance(each.record, TrainedRecord) and _TRUTH in each.record.measures
    ]
    return min(able)[-1] if able else None
