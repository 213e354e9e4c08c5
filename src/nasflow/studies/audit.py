"""Was the reward right? Some children of a search are trained as its finish would train them.

A search ranks children by how they do after a short training from inherited weights. What counts in the end
is how their networks do when they are trained in earnest. The audit compares the two ranks on a few children,
by the search's own objective; it reads held-out images only, never the test set.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.search.finalists import full_size
from nasflow.search.ledger import Ledger
from nasflow.search.objective import Objective
from nasflow.search.record import AnyRecord, TrainedRecord
from nasflow.spec.child import ChildSpec
from nasflow.spec.origin import Grown
from nasflow.steps.archive import Archive
from nasflow.steps.child import run_child
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.records import find_record, read_record
from nasflow.studies.ranks import Interval, agreement

FEWEST = 3
"""Children below which ranks say nothing."""


class Audited(Frozen):
    """One child: what the search saw, and what its network is worth. Scores: the higher, the better."""

    child: str
    parts: str
    """What stands in its host's places: its cell, most often."""
    searched: float
    """Score in the search."""
    full: float | None
    """Score as the finish trains; None if that training failed, or if the network breaks a limit."""


class Audit(Frozen):
    """How the two ranks agree."""

    objective: Objective
    """What the scores of the search are."""
    earnest: Objective
    """What the scores at the finish are."""
    inherit: bool
    """Whether the finish goes on from a child's weights; else it trains from scratch at full size."""
    children: tuple[Audited, ...]
    """From the worst in the search to the best."""
    tau: float | None
    """Kendall's tau-b, -1 to 1; None where all are equal in one of the two, or fewer than 3 are left."""
    interval: Interval | None
    """95 % interval of tau: children drawn with replacement."""


def score_text(objective: Objective, score: float | None) -> str:
    """A score for people: `93.12 %`, where it is a share; `-0.3123`; `failed`."""
    if score is None:
        return "failed"
    is_share = objective.is_maximised and objective.unit == "share" and not objective.costs
    return f"{100 * score:.2f} %" if is_share else f"{score:.4g}"


def audit(
    archive: Archive,
    search: str,
    count: int,
    progress: Callable[[int, float], None] = lambda child, share: None,
) -> Audit:
    """Train `count` children of a search as its finish would, those that are trained already apart.

    They are spread evenly over the ranks, the worst and the best included. `progress` is told the number of
    the child, from 0, and the share of its training.

    Raise InvalidSpec if there are too few children, and NotFound, before any training, if weights are gone
    that one goes on from.
    """
    ledger = read_ledger(archive, search)
    judge, earnest = ledger.config.judge, ledger.config.objective.in_earnest
    chosen = [(each, full_size(ledger, each.parts, each.child)) for each in choose(ledger, count)]
    for record, spec in chosen:
        _check_weights(archive, record, spec)
    done = []
    for number, (record, spec) in enumerate(chosen):
        full = train_apart(archive, spec, partial(progress, number))
        done.append(
            Audited(
                child=record.child,
                parts=str(record.parts),
                searched=judge.objective.score(record.measures),
                full=replace(judge, objective=earnest).score(full),
            )
        )
    tau, interval = ranks_agree([(each.searched, each.full) for each in done if each.full is not None])
    return Audit(
        objective=judge.objective,
        earnest=earnest,
        inherit=ledger.config.finish.inherit,
        children=tuple(done),
        tau=tau,
        interval=interval,
    )


def _check_weights(archive: Archive, record: TrainedRecord, spec: ChildSpec) -> None:
    is_needed = isinstance(spec.origin, Grown) and find_record(archive, spec.id) is None
    if is_needed and not archive.holds(record.weights):
        raise NotFound(
            f"the weights of child {record.child} are gone (`nasflow gc --losers`), and the finish trains on "
            "from weights: audit a search before they go, or one whose finish trains from scratch"
        )


def train_apart(archive: Archive, spec: ChildSpec, progress: Progress = unseen) -> AnyRecord:
    """The result of a network that no round proposed; trained now unless the bank has it."""
    child = archive.create(spec_key(spec.id), spec).id
    run_child(archive, child, progress)
    return read_record(archive, child)


def choose(ledger: Ledger, count: int) -> tuple[TrainedRecord, ...]:
    """Children of a search, spread evenly over their ranks from the worst to the best; each network once."""
    first: dict[str, TrainedRecord] = {}
    for record in ledger.config.judge.ranked(ledger.children):
        first.setdefault(str(record.parts.canonical()), record)
    ranked = list(reversed(first.values()))
    if count < FEWEST or len(ranked) < count:
        raise InvalidSpec(
            f"an audit compares {FEWEST} children at least, of {count} that are asked for "
            f"search {ledger.config.name!r} has {len(ranked)} that were trained"
        )
    places = np.linspace(0, len(ranked) - 1, count).round().astype(int)
    return tuple(ranked[place] for place in places)


def ranks_agree(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, Interval | None]:
    """Kendall's tau-b of pairs with its 95 % interval."""
    if len(pairs) < FEWEST or any(len(set(values)) == 1 for values in zip(*pairs, strict=True)):
        return None, None
    searched, full = (np.array(values) for values in zip(*pairs, strict=True))
    return agreement([(searched, full)])
