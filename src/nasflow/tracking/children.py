"""The networks of a search that have a record, each as the content of its run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nasflow.search.family import family
from nasflow.search.ledger import Candidate, Ledger, LedgerFinal
from nasflow.search.record import Epoch, FailedRecord, RoundRecord
from nasflow.spec.hosts import Host
from nasflow.spec.network import is_one_cell
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.tracking.content import (
    ARM,
    CELL,
    CHILD_ID,
    DIGEST,
    NOTE,
    PARENT,
    ROLE,
    ROUND,
    SEARCH_ID,
    MetricValue,
    Role,
    RunContent,
    host_params,
    metric_name,
    metric_values,
    present,
)


@dataclass(frozen=True)
class Shown:
    """One finished network and its place in the search."""

    role: Role
    name: str
    record: RoundRecord
    host: Host
    recipe: Recipe
    parent: str | None
    """Id of the record that its weights come from."""
    generation: int | None = None
    """None for a network at full size."""
    round: int | None = None
    arm: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is unique in a search: with equal recipes, start and final can be one child."""
        return self.role.value, self.record.child

    @property
    def is_one_cell(self) -> bool:
        """Whether one cell, which stands everywhere, tells the network."""
        return is_one_cell(self.record.parts, self.host)


def children(ledger: Ledger) -> tuple[Shown, ...]:
    """Start, children in the order of their proposals, final; a child proposed twice is shown once."""
    by_key: dict[tuple[str, str], Shown] = {}
    for shown in _all(ledger):
        by_key.setdefault(shown.key, shown)
    return tuple(by_key.values())


def _all(ledger: Ledger) -> Iterator[Shown]:
    recipe = ledger.start_spec.recipe
    if ledger.start:
        yield Shown(
            Role.START,
            "start",
            ledger.start,
            ledger.config.host,
            recipe,
            ledger.start_spec.parent,
            generation=0,
        )
    yield from _children(ledger)
    for place, candidate in enumerate(ledger.shortlist, start=1):
        if candidate.record:
            yield _shortlisted(place, candidate, candidate.record)
    for each in ledger.finals:
        if each.record:
            yield _final(ledger, each, each.record)


def _shortlisted(place: int, each: Candidate, record: RoundRecord) -> Shown:
    return Shown(
        role=Role.SHORTLIST,
        name=f"shortlist-{place:02}",
        record=record,
        host=each.spec.network.host,
        recipe=each.spec.recipe,
        parent=each.spec.parent,
    )


def _final(ledger: Ledger, each: LedgerFinal, record: RoundRecord) -> Shown:
    control, seed = each.finalist.control, each.finalist.seed
    name = f"control-{control}" if control else "final"
    return Shown(
        role=Role.CONTROL if control else Role.FINAL,
        # The first training has the plain name.
        name=name if seed == ledger.config.seed else f"{name}-{seed}",
        record=record,
        host=each.spec.network.host,
        recipe=each.spec.recipe,
        parent=each.spec.parent,
    )


def _children(ledger: Ledger) -> Iterator[Shown]:
    config, lines = ledger.config, family(ledger)
    for each in ledger.rounds:
        number = each.proposal.round
        pairs = zip(each.proposal.episodes, each.records, strict=True)
        for place, (episode, record) in enumerate(pairs, start=1):
            if record:
                line = lines[each.proposal.children[place - 1]]
                yield Shown(
                    role=Role.CHILD,
                    name=f"round-{number:03}-child-{place:02}",
                    record=record,
                    host=config.host,
                    recipe=config.child,
                    parent=line.parent,
                    generation=line.generation,
                    round=number,
                    arm=episode.arm.value,
                )


def child_content(shown: Shown, ledger: Ledger, drawing: str | None) -> RunContent:
    """The run of one network; `drawing` is its picture as SVG."""
    record = shown.record
    return RunContent(
        name=shown.name,
        tags=_tags(shown, ledger.config.name),
        params=_params(shown, ledger),
        values=_results(record) + tuple(value for epoch in record.history for value in _epoch(epoch)),
        files=_files(shown, drawing),
        status="FAILED" if isinstance(record, FailedRecord) else "FINISHED",
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
            PARENT: shown.parent,
            ARM: shown.arm,
            ROUND: shown.round,
            "nasflow.status": record.status,
            "nasflow.failure": record.failure if isinstance(record, FailedRecord) else None,
            CELL: record.parts,
            NOTE: f"`{record.parts}`",
        }
    )


def _params(shown: Shown, ledger: Ledger) -> dict[str, str]:
    """What sets the search's networks apart; what all of them share stands in its configuration alone."""
    own = _cell_params(shown.record.parts) if shown.is_one_cell else {"places": len(shown.record.parts.own)}
    settings = _settings(shown.host, shown.recipe)
    others = _all_settings(ledger, shown.generation is None)
    varied = {
        name: each for name, each in settings.items() if any(each != other.get(name) for other in others)
    }
    return present({**own, "generation": shown.generation, **varied})


def _settings(host: Host, recipe: Recipe) -> dict[str, object]:
    return {
        **host_params(host),
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "learning_rate": recipe.learning_rate,
    }


def _all_settings(ledger: Ledger, at_full_size: bool) -> list[dict[str, object]]:
    """Those of the start network, of the children, and of networks at full size; of all that are compared
    there only where it is asked for: how wide controls are is not known before.
    """
    finals = [each.spec for each in ledger.finals] if at_full_size else []
    config = ledger.config
    pairs = (
        (config.host, ledger.start_spec.recipe),
        (config.host, config.child),
        (config.finish.host, config.finish.recipe),
        *((each.network.host, each.recipe) for each in finals),
    )
    return [_settings(host, recipe) for host, recipe in pairs]


def _cell_params(parts: Parts) -> dict[str, object]:
    tree = parts.cell
    return {
        "depth": tree.root.depth,
        "edges": sum(1 for _ in tree.edges()),
        "root_merge": tree.root.merge.value,
    }


def _results(record: RoundRecord) -> tuple[MetricValue, ...]:
    """Every measure; one of an epoch's name is what the curve of that name ends with, if there is a curve."""
    receipt = record.receipt
    curves = {metric_name(name) for name in record.history[-1].model_dump()} if record.history else set[str]()
    named = {metric_name(name): each.value for name, each in record.measures.items()}
    measures = {name: value for name, value in named.items() if name not in curves}
    return metric_values(
        {
            **measures,
            "preservation_difference": receipt.difference if receipt else None,
            "birth_accuracy": receipt.birth_accuracy if receipt else None,
        }
    )


def _epoch(epoch: Epoch) -> tuple[MetricValue, ...]:
    figures = epoch.model_dump(exclude={"epoch"})
    return metric_values({metric_name(name): each for name, each in figures.items()}, step=epoch.epoch)


def _files(shown: Shown, drawing: str | None) -> Mapping[str, str]:
    parts, receipt = shown.record.parts, shown.record.receipt
    name = "cell" if shown.is_one_cell else "parts"
    files = {
        f"{name}.json": parts.cell.canonical_json() if shown.is_one_cell else parts.model_dump_json(),
        f"{name}.txt": f"{parts}\n",
        f"{name}.svg": drawing,
        "receipt.json": receipt.model_dump_json(indent=1) if receipt else None,
    }
    return {name: text for name, text in files.items() if text is not None}
