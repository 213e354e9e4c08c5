"""How long a search still takes: a guess, by what its trainings took so far."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

from nasflow.search.costs import costs
from nasflow.search.ledger import Ledger
from nasflow.search.outlook import counted_children, outlook
from nasflow.search.record import RoundRecord, TrainedRecord
from nasflow.search.words import time_words

_MOSTLY_EPOCHS = 60.0
"""Seconds, beside which little else of a child counts: its birth, a process that starts."""


@dataclass(frozen=True)
class Remaining:
    """What is left to be trained, in seconds, as if one network were trained after the other."""

    rounds: float | None
    """Of the children; None: nothing tells yet what one takes."""
    finish: float | None
    """Of the networks at full size; None: the host is another one there, and none is trained yet."""
    networks: int
    """So many are left to be trained at full size, as far as that is known: controls may be one network."""

    def text(self, lanes: int, left: str = "left") -> str:
        """In a few words, where so many are trained at the same time; empty: nobody can tell, or no time."""
        if self.rounds is None or self.rounds + self.networks == 0:
            return ""
        if self.finish is None:
            rounds = f"about {time_words(self.rounds / lanes)} of rounds left, then " if self.rounds else ""
            return f"{rounds}{self.networks} to be trained at full size"
        return f"about {time_words((self.rounds + self.finish) / lanes)} {left}"


def remaining(ledger: Ledger) -> Remaining:
    """What is left of a search, for its present budget."""
    took = dict[str, float]()
    for each in ledger.attempts:
        if each.outcome != "lost":
            took[each.child] = took.get(each.child, 0.0) + each.seconds
    networks = dict(_at_full_size(ledger))
    return Remaining(_rounds(ledger, took), _finish(ledger, took, networks), len(networks))


def _rounds(ledger: Ledger, took: Mapping[str, float]) -> float | None:
    if ledger.stop:
        return 0.0
    expected = counted_children(ledger.config)
    begun = [child for each in ledger.rounds for child in each.unfinished]
    coming = inf
    if expected is not None:
        coming = max(0, expected - sum(len(each.records) for each in ledger.rounds))
    one = _seconds_a_child(ledger, took)
    if one is None:
        # Then a budget of time alone can tell.
        one = inf
    # A round that is open is trained to its end, whatever time that takes.
    open_round = sum(max(0.0, one - took.get(child, 0.0)) for child in begun)
    found = max(open_round, min(open_round + (one * coming if coming else 0.0), *_by_time(ledger)))
    return None if found == inf else found


def _by_time(ledger: Ledger) -> Iterator[float]:
    budget, cost = ledger.config.budget, costs(ledger)
    yield inf if budget.seconds is None else max(0.0, budget.seconds - cost.cpu.total - cost.gpu.total)
    yield inf if budget.gpu_hours is None else max(0.0, 3600 * budget.gpu_hours - cost.gpu.total)


def _seconds_a_child(ledger: Ledger, took: Mapping[str, float]) -> float | None:
    """Of those that are done, on average; before the first one, by an epoch of the start network, where that
    is most of what a child takes.
    """
    done = [took[each.child] for each in ledger.children if each.child in took]
    if done:
        return sum(done) / len(done)
    epochs = (_seconds_an_epoch([ledger.start], took) or 0.0) * ledger.config.child.epochs
    return epochs if epochs >= _MOSTLY_EPOCHS else None


def _seconds_an_epoch(records: Iterable[RoundRecord | None], took: Mapping[str, float]) -> float | None:
    known = [each for each in records if isinstance(each, TrainedRecord) and each.child in took]
    epochs = sum(len(each.history) for each in known)
    return sum(took[each.child] for each in known) / epochs if epochs else None


def _finish(ledger: Ledger, took: Mapping[str, float], networks: Mapping[str, int]) -> float | None:
    if not networks:
        return 0.0
    one = _seconds_an_epoch((each.record for each in ledger.at_full_size), took)
    if one is None and ledger.config.finish.host == ledger.config.host:
        one = _seconds_an_epoch(ledger.children, took) or _seconds_an_epoch([ledger.start], took)
    if one is None:
        return None
    return sum(max(0.0, one * epochs - took.get(child, 0.0)) for child, epochs in networks.items())


def _at_full_size(ledger: Ledger) -> Iterator[tuple[str, int]]:
    """The networks that are left to be trained at full size, each with its epochs."""
    if ledger.stop is None:
        yield from _expected_networks(ledger)
    for each in (*ledger.shortlist, *(ledger.finals if ledger.stop and ledger.stop.best else ())):
        if each.record is None:
            yield each.spec.id, each.spec.recipe.epochs


def _expected_networks(ledger: Ledger) -> Iterator[tuple[str, int]]:
    """Those that are not chosen yet."""
    children = counted_children(ledger.config) or max(1, len(ledger.children))
    wanted = {"finish"} if ledger.shortlist else {"shortlist", "finish"}
    for batch in outlook(ledger.config, children):
        if batch.stage in wanted:
            for number, each in enumerate(batch.stretches):
                yield f"{batch.stage} {number}", each.epochs
