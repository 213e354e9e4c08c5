"""A whole search as the content of its parent run: what one looks at while it goes on."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Literal

from nasflow.base.document import canonical_json
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import ChildRecord
from nasflow.search.rounds import Arm
from nasflow.tracking.content import (
    DIGEST,
    IDENTITY,
    ROLE,
    SEARCH_ID,
    MetricValue,
    Role,
    RunContent,
    host_params,
    metric_values,
    present,
)


def identity(config: SearchConfig) -> str:
    """sha256 of what makes two searches of one name the same: a store or user of its own changes nothing."""
    return hashlib.sha256(config.identity().encode()).hexdigest()


def search_content(ledger: Ledger) -> RunContent:
    """The parent run; its digest is over all that it shows."""
    content = RunContent(
        name=ledger.config.name,
        tags=_tags(ledger),
        params=_params(ledger.config),
        points=tuple(_rounds(ledger)) + _finish(ledger),
        files={"config.json": ledger.config.model_dump_json(indent=1)},
        status=_status(ledger),
        seconds=sum(attempt.seconds for attempt in ledger.attempts),
    )
    digest = hashlib.sha256(canonical_json(asdict(content)).encode()).hexdigest()
    return replace(content, tags={**content.tags, DIGEST: digest})


def _status(ledger: Ledger) -> Literal["RUNNING", "FINISHED", "FAILED"]:
    """A search whose budget was raised runs again: neither end is for ever."""
    if ledger.finish:
        return "FINISHED"
    return "FAILED" if ledger.stop and ledger.stop.reason == "failures" else "RUNNING"


def _tags(ledger: Ledger) -> dict[str, str]:
    stop, finish, config = ledger.stop, ledger.finish, ledger.config
    return present(
        {
            SEARCH_ID: config.name,
            IDENTITY: identity(config),
            ROLE: Role.SEARCH.value,
            "nasflow.stop": stop and f"{stop.reason}: {stop.detail}",
            "nasflow.best": stop and stop.best,
            "nasflow.final": finish and finish.final,
        }
    )


def _params(config: SearchConfig) -> dict[str, str]:
    """Nothing of the budget: it may be raised, and MLflow never changes a param."""
    return present(
        {
            "seed": config.seed,
            "data": config.data.name,
            **host_params(config.hosts[0]),
            "controller": config.controller.kind,
            "children_per_round": config.children_per_round,
            "random_share": config.random_share,
            "epochs": config.child.epochs,
            "learning_rate": config.child.learning_rate,
        }
    )


def _rounds(ledger: Ledger) -> Iterator[MetricValue]:
    """The rounds in which every child has its record: figures that stay as they are."""
    seen: list[ChildRecord] = []
    for each in ledger.rounds:
        if None in each.records:
            return
        seen += [record for record in each.records if record]
        yield from _round(each, seen)


def _round(each: LedgerRound, seen: Sequence[ChildRecord]) -> tuple[MetricValue, ...]:
    """One round's figures; `seen` holds the records up to it."""
    accuracies = [record.accuracy for record in seen if record.accuracy is not None]
    figures: dict[str, float | None] = {
        "best_accuracy": max(accuracies, default=None),
        "children": len(seen),
        "failures": sum(record.status == "failed" for record in seen),
    }
    figures |= {f"mean_accuracy_{arm.value}": _mean(each, arm) for arm in Arm}
    if each.update:
        figures |= {f"controller_{name}": value for name, value in each.update.metrics.items()}
    return metric_values(figures, step=each.proposal.round)


def _mean(each: LedgerRound, arm: Arm) -> float | None:
    """The round's mean accuracy over the trained children that `arm` drew."""
    pairs = zip(each.proposal.episodes, each.records, strict=True)
    drawn = [record for episode, record in pairs if episode.arm is arm]
    accuracies = [record.accuracy for record in drawn if record and record.accuracy is not None]
    return fmean(accuracies) if accuracies else None


def _finish(ledger: Ledger) -> tuple[MetricValue, ...]:
    """The finish, at the round where the search stopped: an extended search has another one later."""
    if not ledger.finish:
        return ()
    figures = {
        "held_out_accuracy": ledger.finish.held_out_accuracy,
        "test_accuracy": ledger.finish.test_accuracy,
    }
    return metric_values(figures, step=len(ledger.rounds))
