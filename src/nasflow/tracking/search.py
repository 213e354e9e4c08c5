"""A whole search as the content of its parent run: what one looks at while it goes on."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Literal

from nasflow.base.document import canonical_json
from nasflow.search.controls import Control
from nasflow.search.judge import Judge
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import FailedRecord, RoundRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm
from nasflow.tracking.content import (
    CELL,
    DIGEST,
    IDENTITY,
    NOTE,
    ROLE,
    SEARCH_ID,
    MetricValue,
    Role,
    RunContent,
    Story,
    host_params,
    metric_name,
    metric_values,
    present,
)


def identity(config: ResolvedConfig) -> str:
    """sha256 of what makes two searches of one name the same: a store or user of its own changes nothing.

    A search that an older nasflow began stays the one that MLflow shows already.
    """
    return hashlib.sha256((config.first_identity or config.identity()).encode()).hexdigest()


def search_content(ledger: Ledger, story: Story | None = None) -> RunContent:
    """The parent run; its digest is over all that it shows."""
    page = {"report.html": story.report} if story and story.report else {}
    lift = metric_values({"lift": story.lift if story and ledger.finish else None}, step=len(ledger.rounds))
    content = RunContent(
        name=ledger.config.name,
        tags=_tags(ledger, story),
        params=_params(ledger.config),
        values=(*_rounds(ledger), *lift, *_finish(ledger)),
        files={"config.json": ledger.config.model_dump_json(indent=1), **page},
        status=_status(ledger),
        seconds=sum(attempt.seconds for attempt in ledger.attempts),
    )
    digest = hashlib.sha256(canonical_json(asdict(content)).encode()).hexdigest()
    return replace(content, tags={**content.tags, DIGEST: digest})


_STATUSES: Mapping[str, Literal["RUNNING", "FINISHED", "FAILED"]] = {
    "unfinished": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
}


def _status(ledger: Ledger) -> Literal["RUNNING", "FINISHED", "FAILED"]:
    """A search whose budget was raised runs again: neither end is for ever."""
    return _STATUSES[ledger.standing]


def _tags(ledger: Ledger, story: Story | None) -> dict[str, str]:
    stop, finish, config = ledger.stop, ledger.finish, ledger.config
    return present(
        {
            SEARCH_ID: config.name,
            IDENTITY: identity(config),
            ROLE: Role.SEARCH.value,
            "nasflow.stop": stop and f"{stop.reason}: {stop.detail}",
            "nasflow.best": stop and stop.best,
            "nasflow.final": finish and finish.final,
            CELL: ledger.chosen and ledger.chosen.parts,
            NOTE: story and story.description,
        }
    )


def _params(config: ResolvedConfig) -> dict[str, str]:
    """Nothing of the budget: it may be raised, and MLflow never changes a param."""
    return present(
        {
            "seed": config.seed,
            "data": config.data.name,
            **host_params(config.host),
            "space": config.space.kind,
            "controller": config.controller.kind,
            "parents": config.parents,
            "objective": config.objective.measure,
            **{f"limit_{name}": limit for name, limit in config.limits.items()},
            "children_per_round": config.children_per_round,
            "random_share": config.random_share,
            "epochs": config.child.epochs,
            "learning_rate": config.child.learning_rate,
        }
    )


def _rounds(ledger: Ledger) -> Iterator[MetricValue]:
    """The rounds in which every child has its record: figures that stay as they are."""
    seen: list[RoundRecord] = []
    for each in ledger.rounds:
        if None in each.records:
            return
        seen += [record for record in each.records if record]
        yield from _round(ledger.config.judge, each, seen)


def _round(judge: Judge, each: LedgerRound, seen: Sequence[RoundRecord]) -> tuple[MetricValue, ...]:
    """One round's figures; `seen` holds the records up to it."""
    best, name = judge.best(seen), metric_name(judge.objective.measure)
    figures: dict[str, float | None] = {
        f"best_{name}": best.measures[judge.objective.measure].value if best else None,
        "children": len(seen),
        "failures": sum(isinstance(record, FailedRecord) for record in seen),
    }
    figures |= {f"mean_{name}_{arm.value}": _mean(judge, each, arm) for arm in Arm}
    if each.update:
        figures |= {f"controller_{name}": value for name, value in each.update.metrics.items()}
    return metric_values(figures, step=each.proposal.round)


def _mean(judge: Judge, each: LedgerRound, arm: Arm) -> float | None:
    """The round's mean, by the objective's measure, over the children of `arm` that may win."""
    pairs = zip(each.proposal.episodes, each.lessons, strict=True)
    drawn = [record for episode, record in pairs if episode.arm is arm]
    values = [
        record.measures[judge.objective.measure].value
        for record in drawn
        if record and judge.is_able(record, at_rung=True)
    ]
    return fmean(values) if values else None


def _finish(ledger: Ledger) -> tuple[MetricValue, ...]:
    """The finish, at the round where the search stopped: an extended search has another one later."""
    if not ledger.finish:
        return ()
    figures = {
        "held_out_accuracy": ledger.finish.held_out_accuracy,
        "test_accuracy": ledger.finish.accuracy(None),
    }
    figures |= {
        f"{control}_test_accuracy": accuracy
        for control in Control
        if (accuracy := ledger.finish.accuracy(control)) is not None
    }
    return metric_values(figures, step=len(ledger.rounds))
