"""The report of a search: one static page, opened from disk, that loads nothing from anywhere."""

import base64
import hashlib
import json
from collections.abc import Sequence

from markupsafe import Markup

from nasflow import __version__
from nasflow.report.analysis import accuracy_over_rounds, best, chosen, costs, pareto
from nasflow.report.charts import pareto_chart, rounds_chart
from nasflow.report.drawing import describe_cell, draw_part
from nasflow.report.environment import fill, source
from nasflow.report.figures import percent
from nasflow.report.sparkline import spark_range, sparkline
from nasflow.report.table import Row, Status, rows
from nasflow.report.verdict import lift_sentence, verdict
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord

DRAWN = 20
"""So many of the best children are drawn in the table: 500 drawings would be 4 MB of page."""


def render(ledger: Ledger) -> str:
    """The whole page as HTML, at any moment of a search: before its start, while it runs, when all failed."""
    rounds = rows(ledger)
    winner = chosen(ledger)
    every = [row for each in rounds for row in each]
    script = source("page.js")
    return str(
        fill(
            "page.html.j2",
            version=__version__,
            config=ledger.config,
            config_text=json.dumps(ledger.config.model_dump(mode="json"), indent=2, ensure_ascii=False),
            ledger=ledger,
            state=_state(ledger),
            verdict=verdict(ledger),
            lift=lift_sentence(ledger),
            winner=winner,
            winner_row=next((row for row in every if winner and row.child == winner.child), None),
            winner_drawing=draw_part(winner.cell, has_legend=True) if winner else None,
            winner_words=describe_cell(winner.cell) if winner else None,
            counts={status: sum(row.status is status for row in every) for status in Status},
            rounds=rounds,
            means=_means(ledger),
            total=len(every),
            drawings=_drawings(ledger.children, skip=winner.child if winner else None),
            sparklines=_sparklines(every),
            fronts=_fronts(ledger),
            charts=_charts(ledger, rounds, winner),
            costs=costs(ledger),
            style=source("page.css") + source("cell.css"),
            script=script,
            script_hash=_hash(script),
        )
    )


def _state(ledger: Ledger) -> str:
    if ledger.finish:
        return "finished"
    if ledger.stop:
        return f"stopped: {ledger.stop.reason}"
    return "running" if ledger.rounds or ledger.start else "not started"


def _drawings(children: Sequence[ChildRecord], skip: str | None) -> dict[str, Markup]:
    """Drawings of the best children, by id; the winner has its own above."""
    left = {record.child: record for record in children}
    drawings: dict[str, Markup] = {}
    while len(drawings) < DRAWN and (record := best(left.values())):
        del left[record.child]
        if record.child != skip:
            drawings[record.child] = draw_part(record.cell)
    return drawings


def _sparklines(every: Sequence[Row]) -> dict[str, Markup]:
    low, high = spark_range(row.record for row in every if row.record)
    return {row.child: sparkline(row.record, low, high) for row in every}


def _means(ledger: Ledger) -> dict[int, str]:
    """Each round's mean accuracies, for the heads of the table."""
    means: dict[int, list[str]] = {}
    for each in accuracy_over_rounds(ledger):
        if each.mean is not None:
            means.setdefault(each.round, []).append(f"{each.arm} {percent(each.mean)}")
    return {number: f"mean held-out accuracy: {', '.join(texts)}" for number, texts in means.items()}


def _fronts(ledger: Ledger) -> set[str]:
    """The children that nothing beats in accuracy and parameters, or in accuracy and mult-adds."""
    both = (*pareto(ledger.children, "parameters"), *pareto(ledger.children, "mult_adds"))
    return {record.child for record in both}


def _charts(
    ledger: Ledger, rounds: tuple[tuple[Row, ...], ...], winner: ChildRecord | None
) -> dict[str, Markup]:
    """The three charts by name; none before a child is finished."""
    if best(ledger.children) is None:
        return {}
    child = winner.child if winner else None
    start = ledger.start if ledger.start and ledger.start.accuracy is not None else None
    return {
        "rounds": rounds_chart(rounds, start.accuracy if start else None, child),
        "parameters": pareto_chart(rounds, start, "parameters", child),
        "mult_adds": pareto_chart(rounds, start, "mult_adds", child),
    }


def _hash(script: str) -> str:
    """What the page's own security policy lets run: this script, and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
