"""The report of a search: one static page, opened from disk, that loads nothing from anywhere."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from nasflow.base.version import VERSION
from nasflow.report.again import config_text
from nasflow.report.analysis import cost_names, pareto, values_over_rounds
from nasflow.report.charts import pareto_chart, rounds_chart, spread_words
from nasflow.report.controls import (
    control_rows,
    controls_sentence,
    interval_text,
    lead_sentence,
    margin_text,
)
from nasflow.report.environment import fill, source
from nasflow.report.family import draw_family, is_tree, members
from nasflow.report.glossary import glossary
from nasflow.report.headline import headline
from nasflow.report.headroom import headroom_sentence
from nasflow.report.network import describe_parts, network_text, parts_in_page
from nasflow.report.setting import setting_sentence
from nasflow.report.shortlist import candidate_rows
from nasflow.report.sparkline import Curves
from nasflow.report.spending import cost_devices, cost_rows
from nasflow.report.table import Row, RowRounds, Status, rows
from nasflow.report.ties import ties_sentence
from nasflow.report.trained import trained
from nasflow.report.verdict import family_sentence, judged, lift_sentence, noun
from nasflow.report.winner import facts, line_of
from nasflow.report.yardstick import Yardstick
from nasflow.search.costs import costs
from nasflow.search.ledger import Ledger
from nasflow.search.record import AnyRecord, TrainedRecord

DRAWN = 20
"""So many of the best children are drawn in the table: 500 drawings would be 4 MB of page."""


def render(ledger: Ledger, renewed: int | None = None) -> str:
    """The whole page as HTML, at any moment of a search: before its start, while it runs, when all failed.

    With `renewed` a browser reads it again after so many seconds.
    """
    rounds = rows(ledger)
    every = [row for each in rounds for row in each]
    yardstick, controls = Yardstick.of(ledger.config), control_rows(ledger)
    return str(
        fill(
            "page.html.j2",
            config=ledger.config,
            config_text=config_text(ledger.config.asked()),
            ledger=ledger,
            state=_state(ledger),
            candidates=candidate_rows(ledger, rounds),
            controls=controls,
            trained=trained(ledger, controls),
            margin_text=margin_text,
            interval_text=interval_text,
            yardstick=yardstick,
            start_value=yardstick.value(ledger.rival),
            start_accuracy=_accuracy(ledger.start),
            text=lambda parts: network_text(parts, ledger.config.host),
            counts={status: sum(row.status is status for row in every) for status in Status},
            able=sum(row.value is not None and row.breach is None for row in every),
            rounds=rounds,
            arms={row.arm.value for row in every},
            total=len(every),
            costs=costs(ledger),
            cost_devices=cost_devices(costs(ledger)),
            cost_rows=cost_rows(costs(ledger)),
            renewed=renewed,
            **_of_page(),
            **_told(ledger),
            **_of_winner(ledger, yardstick, every),
            **_of_children(ledger, yardstick, every),
            **_pictures(ledger, yardstick, rounds),
        )
    )


def _of_page() -> dict[str, str]:
    """What every page has."""
    script = source("page.js")
    return {
        "version": VERSION,
        "style": source("page.css") + source("cell.css"),
        "script": script,
        "script_hash": _hash(script),
    }


def _told(ledger: Ledger) -> dict[str, Any]:
    """What the page says in sentences."""
    said = (
        headroom_sentence(ledger),
        judged(ledger),
        ties_sentence(ledger),
        controls_sentence(ledger),
        lift_sentence(ledger),
    )
    return {
        "noun": noun(ledger),
        "star": "chosen child" if ledger.stop else "best child so far",
        "verdict": headline(ledger),
        "lead": lead_sentence(ledger),
        "said": [each for each in said if each],
        "setting": setting_sentence(ledger),
        "glossary": glossary(noun(ledger)),
    }


def _state(ledger: Ledger) -> str:
    match ledger.standing:
        case "finished":
            return "finished"
        case "failed":
            return f"stopped: {ledger.stop.reason if ledger.stop else ''}"
    return "running" if ledger.rounds or ledger.start else "not started"


def _of_winner(ledger: Ledger, yardstick: Yardstick, every: Iterable[Row]) -> dict[str, Any]:
    """What the page says of the network that is chosen."""
    winner = ledger.chosen
    row = next((row for row in every if winner and row.child == winner.child), None)
    return {
        "winner": winner,
        "winner_value": yardstick.value(winner),
        "winner_row": row,
        "winner_drawing": parts_in_page(winner.parts, has_legend=True) if winner else None,
        "winner_words": describe_parts(winner.parts) if winner else None,
        "winner_facts": facts(ledger, winner) if winner else (),
        "winner_line": line_of(row, every) if row else (),
    }


def _of_children(ledger: Ledger, yardstick: Yardstick, every: Sequence[Row]) -> dict[str, Any]:
    """What stands in the table besides its rows, by child."""
    curves = Curves(yardstick, (row.record for row in every if row.record))
    fronts = [pareto(yardstick, ledger.children, cost) for cost in cost_names(ledger.config)]
    return {
        "means": _means(ledger, yardstick),
        "drawings": _drawings(ledger),
        "sparklines": {row.child: curves.draw(row.record) for row in every},
        "fronts": {record.child for front in fronts for record in front},
    }


def _accuracy(record: AnyRecord | None) -> float | None:
    """On the held-out images; None: it is not trained."""
    return record.accuracy if isinstance(record, TrainedRecord) else None


def _drawings(ledger: Ledger) -> dict[str, Markup]:
    """Drawings of the best children, by id; the winner has its own above."""
    skip = ledger.chosen.child if ledger.chosen else None
    ranked = {
        record.child: record for record in ledger.config.judge.ranked(ledger.children) if record.child != skip
    }
    return {record.child: parts_in_page(record.parts) for record in list(ranked.values())[:DRAWN]}


def _means(ledger: Ledger, yardstick: Yardstick) -> dict[int, str]:
    """Each round's means, for the heads of the table."""
    means: dict[int, list[str]] = {}
    for each in values_over_rounds(ledger):
        if each.mean is not None:
            means.setdefault(each.round, []).append(f"{each.arm} {yardstick.show(each.mean)}")
    return {number: f"mean {yardstick.title}: {', '.join(texts)}" for number, texts in means.items()}


def _pictures(ledger: Ledger, yardstick: Yardstick, rounds: RowRounds) -> dict[str, Any]:
    """The charts, none before a child is finished; and the family, where there is one."""
    child = ledger.chosen.child if ledger.chosen else None
    start = ledger.rival if isinstance(ledger.rival, TrainedRecord) else None
    charts = []
    if any(row.value is not None for each in rounds for row in each):
        charts.append(rounds_chart(yardstick, rounds, yardstick.value(start), child))
        charts += [pareto_chart(yardstick, rounds, start, cost, child) for cost in cost_names(ledger.config)]
    family = members(ledger, rounds)
    has_picture = ledger.config.parents == "found" and len(family) > 1
    return {
        "charts": charts,
        "family": draw_family(yardstick, family, child) if has_picture else None,
        "family_is_tree": is_tree(family),
        "family_sentence": family_sentence(ledger),
        "spread": spread_words(
            yardstick, [each.value for each in family if each.row and each.value is not None]
        ),
    }


def _hash(script: str) -> str:
    """What the page's own security policy lets run: this script, and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
