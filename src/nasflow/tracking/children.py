"""The networks of a search that have a record, each as the content of its run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord, Epoch
from nasflow.spec.hosts import AnyHost
from nasflow.spec.recipe import Recipe
from nasflow.tracking.content import (
    CHILD_ID,
    DIGEST,
    NOTE,
    ROLE,
    SEARCH_ID,
    MetricValue,
    Role,
    RunContent,
    host_params,
    metric_values,
    present,
)


@dataclass(frozen=True)
class Shown:
    """One finished network and its place in the search."""

    role: Role
    name: str
    record: ChildRecord
    host: AnyHost
    recipe: Recipe
    round: int | None = None
    arm: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is unique in a search: with equal recipes, start and final can be one child."""
        return self.role.value, self.record.child


def children(ledger: Ledger) -> tuple[Shown, ...]:
    """Start, children in the order of their proposals, final; a child proposed twice is shown once."""
    by_key: dict[tuple[str, str], Shown] = {}
    for shown in _all(ledger):
        by_key.setdefault(shown.key, shown)
    return tuple(by_key.values())


def _all(ledger: Ledger) -> Iterator[Shown]:
    config = ledger.config
    if ledger.start and ledger.start_spec:
        yield Shown(Role.START, "start", ledger.start, config.hosts[0], ledger.start_spec.recipe)
    yield from _children(ledger)
    if ledger.final:
        yield Shown(Role.FINAL, "final", ledger.final, config.hosts[1], config.finish.recipe)


def _children(ledger: Ledger) -> Iterator[Shown]:
    for each in ledger.rounds:
        number = each.proposal.round
        pairs = zip(each.proposal.episodes, each.records, strict=True)
        for place, (episode, record) in enumerate(pairs, start=1):
            if record:
                name = f"round-{number:03}-child-{place:02}"
                config = ledger.config
                arm = episode.arm.value
                yield Shown(Role.CHILD, name, record, config.hosts[0], config.child, number, arm)


def child_content(shown: Shown, ledger: Ledger, drawing: str | None) -> RunContent:
    """The run of one network; `drawing` is its cell as SVG."""
    record = shown.record
    return RunContent(
        name=shown.name,
        tags=_tags(shown, ledger.config.name),
        params=_params(shown),
        points=_results(record) + tuple(value for epoch in record.history for value in _epoch(epoch)),
        files=_files(record, drawing),
        status="FINISHED" if record.status == "trained" else "FAILED",
        seconds=sum(attempt.seconds for attempt in ledger.attempts if attempt.child == record.child),
    )


def _tags(shown: Shown, search_id: str) -> dict[str, str]:
    record = shown.record
    return present(
        {
            SEARCH_ID: search_id,
            CHILD_ID: record.child,
            DIGEST: record.digest(),
            ROLE: shown.role.value,
            "nasflow.arm": shown.arm,
            "nasflow.round": shown.round,
            "nasflow.status": record.status,
            "nasflow.failure": record.failure,
            NOTE: f"`{record.cell}`",
        }
    )


def _params(shown: Shown) -> dict[str, str]:
    tree, host, recipe = shown.record.cell, shown.host, shown.recipe
    return present(
        {
            "depth": tree.root.depth,
            "edges": sum(1 for _ in tree.edges()),
            "root_merge": tree.root.merge.value,
            "parameters": shown.record.parameters,
            **host_params(host),
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "learning_rate": recipe.learning_rate,
        }
    )


def _results(record: ChildRecord) -> tuple[MetricValue, ...]:
    receipt = record.receipt
    return metric_values(
        {
            "accuracy": record.accuracy,
            "parameters": record.parameters,
            "mult_adds": record.mult_adds,
            "preservation_difference": receipt.difference if receipt else None,
            "birth_accuracy": receipt.birth_accuracy if receipt else None,
        }
    )


def _epoch(epoch: Epoch) -> tuple[MetricValue, ...]:
    return metric_values(epoch.model_dump(exclude={"epoch"}), step=epoch.epoch)


def _files(record: ChildRecord, drawing: str | None) -> Mapping[str, str]:
    files = {
        "cell.json": record.cell.canonical_json(),
        "cell.txt": f"{record.cell}\n",
        "cell.svg": drawing,
        "receipt.json": record.receipt.model_dump_json(indent=1) if record.receipt else None,
    }
    return {name: text for name, text in files.items() if text is not None}
