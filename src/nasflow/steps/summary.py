"""A search as plain data: what `nasflow show --json` prints, and `nasflow.api` gives."""

import hashlib
from dataclasses import asdict
from typing import Any

from nasflow.base.document import canonical_json
from nasflow.report.analysis import arm_lift
from nasflow.report.controls import controls_sentence, margins
from nasflow.report.headroom import guess_sentence, headroom_sentence
from nasflow.report.plan import against_lines
from nasflow.report.roles import roles
from nasflow.report.verdict import noun
from nasflow.search.costs import costs
from nasflow.search.family import family
from nasflow.search.forecast import Forecast
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord
from nasflow.search.spent import spent_by_stage
from nasflow.steps.archive import Archive
from nasflow.steps.keys import forecast_key, report_key
from nasflow.steps.ledger import read_ledger


def summary(archive: Archive, search: str) -> dict[str, Any]:
    """A search of a store as JSON, with the address of its report, if it has one by now."""
    ledger, report = read_ledger(archive, search), report_key(search)
    return summary_of(ledger) | {
        "foretold": _foretold(archive, ledger),
        "store": archive.store.url,
        "report": f"{archive.store.url}/{report}" if archive.store.exists(report) else None,
    }


def _foretold(archive: Archive, ledger: Ledger) -> dict[str, Any] | None:
    """What the search was foretold to take, and what each stage has taken by now; None: nobody told it."""
    told = archive.find(forecast_key(ledger.config.name), Forecast)
    if told is None:
        return None
    spent = spent_by_stage(ledger)
    return told.model_dump(mode="json") | {
        "spent": [each.model_dump(mode="json") for each in spent],
        "said": list(against_lines(told, spent, len(ledger.children))),
    }


def summary_of(ledger: Ledger) -> dict[str, Any]:
    """A search as JSON: figures first, then the ledger (the same for the same seed), then its cost."""
    lift, facts = arm_lift(ledger), _facts(ledger)
    return {
        "search": ledger.config.name,
        "status": ledger.standing,
        "noun": noun(ledger),
        "best": _best(ledger),
        "headroom": " ".join(filter(None, (guess_sentence(ledger), headroom_sentence(ledger)))),
        "start_accuracy": _measured(ledger.start, "held_out_accuracy"),
        "test_accuracy": ledger.finish and ledger.finish.accuracy(None),
        "controls": _controls(ledger),
        "controls_said": controls_sentence(ledger),
        "objective": _objective(ledger),
        "limits": dict(ledger.config.limits),
        "full_size_breach": ledger.config.judge.breach(ledger.final.measures) if ledger.final else None,
        "lift": lift and asdict(lift) | {"difference": lift.difference},
        "children": len(ledger.children),
        "failed": sum(record.status == "failed" for record in ledger.children),
        "family": [asdict(line) for line in family(ledger).values()],
        "ledger_digest": hashlib.sha256(canonical_json(facts).encode()).hexdigest(),
        "ledger": facts,
        "durations": _durations(ledger),
        "cost": asdict(costs(ledger)),
        "attempts": [attempt.model_dump(mode="json") for attempt in ledger.attempts],
    }


def _facts(ledger: Ledger) -> dict[str, Any]:
    """The ledger without what differs from store to store or from run to run.

    What the bank held and what was lost is of the store, not of the search; a measured duration is of the
    machine and the moment.
    """
    facts = ledger.model_dump(
        mode="json",
        exclude={"attempts": True, "lost": True, "rounds": {"__all__": {"proposal": {"banked"}}}},
    )
    at_full_size = (*facts.get("shortlist", ()), *facts["finals"])
    records = [facts["start"], *(each["record"] for each in at_full_size)]
    records += [record for each in facts["rounds"] for record in each["records"]]
    for record in filter(None, records):
        measures: dict[str, Any] = record["measures"]
        record["measures"] = {name: each for name, each in measures.items() if each["unit"] != "seconds"}
    return facts


def _durations(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """By child and name, the measures that the ledger above does without."""
    found = {
        record.child: {
            name: each.model_dump(mode="json")
            for name, each in record.measures.items()
            if each.unit == "seconds"
        }
        for record in ledger.networks
    }
    return {child: measures for child, measures in found.items() if measures}


def _best(ledger: Ledger) -> dict[str, Any] | None:
    """The chosen network; its cell is the text of its parts."""
    best = ledger.chosen
    if best is None:
        return None
    return best.model_dump(mode="json", exclude={"history", "receipt"}) | {
        "cell": str(best.parts),
        "role": roles(ledger)[best.child],
        "accuracy": best.accuracy,
        "parameters": best.parameters,
        "mult_adds": best.mult_adds,
    }


def _objective(ledger: Ledger) -> dict[str, Any]:
    """What the search is judged by, with the value of the chosen network and of the start network."""
    objective = ledger.config.objective
    return objective.model_dump(mode="json") | {
        "measure": objective.measure,
        "is_maximised": objective.is_maximised,
        "best": _measured(ledger.chosen, objective.measure),
        "start": _measured(ledger.rival, objective.measure),
    }


def _controls(ledger: Ledger) -> list[dict[str, Any]]:
    """What stands beside the found network on the test images, with its margin over each."""
    finish = ledger.finish
    if finish is None:
        return []
    return [
        asdict(each) | {"test_accuracy": finish.accuracy(each.control), "test_images": finish.test_images}
        for each in margins(finish)
    ]


def _measured(record: ChildRecord | None, name: str) -> float | None:
    """One measure of a network, if it was trained and has it."""
    found = record.measures.get(name) if record and record.status == "trained" else None
    return found.value if found else None
