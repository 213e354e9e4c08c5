"""What is said of a search at the end, and by `nasflow show`."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasflow.search.ledger import Ledger
    from nasflow.search.record import ChildRecord
    from nasflow.steps.archive import Archive


def summary(archive: "Archive", search: str) -> dict[str, Any]:
    """A search of a store as JSON, with the address of its report."""
    from nasflow.steps.keys import report_key
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    return summary_of(ledger) | {
        "foretold": _foretold(archive, ledger),
        "report": f"{archive.store.url}/{report_key(search)}",
    }


def _foretold(archive: "Archive", ledger: "Ledger") -> dict[str, Any] | None:
    """What the search was foretold to take, and what each stage has taken by now; None: nobody told it."""
    from nasflow.report.plan import against_lines
    from nasflow.search.forecast import Forecast
    from nasflow.search.spent import spent_by_stage
    from nasflow.steps.keys import forecast_key

    told = archive.find(forecast_key(ledger.config.name), Forecast)
    if told is None:
        return None
    spent = spent_by_stage(ledger)
    return told.model_dump(mode="json") | {
        "spent": [each.model_dump(mode="json") for each in spent],
        "said": list(against_lines(told, spent)),
    }


def summary_of(ledger: "Ledger") -> dict[str, Any]:
    """A search as JSON: figures first, then the ledger (the same for the same seed), then its cost."""
    from nasflow.base.document import canonical_json
    from nasflow.report.analysis import arm_lift
    from nasflow.report.controls import controls_sentence
    from nasflow.search.costs import costs
    from nasflow.search.family import family

    lift, facts = arm_lift(ledger), _facts(ledger)
    return {
        "search": ledger.config.name,
        "status": standing(ledger),
        "best": _best(ledger),
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


def standing(ledger: "Ledger") -> str:
    """In one word: running (or waiting to be resumed), finished, failed."""
    if ledger.stop and ledger.stop.best is None:
        return "failed"
    return "finished" if ledger.finish else "unfinished"


def _facts(ledger: "Ledger") -> dict[str, Any]:
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


def _durations(ledger: "Ledger") -> dict[str, dict[str, Any]]:
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


def _best(ledger: "Ledger") -> dict[str, Any] | None:
    """The chosen network; its cell is the text of its parts."""
    best = ledger.chosen
    if best is None:
        return None
    return best.model_dump(mode="json", exclude={"history", "receipt"}) | {
        "cell": str(best.parts),
        "accuracy": best.accuracy,
        "parameters": best.parameters,
        "mult_adds": best.mult_adds,
    }


def _objective(ledger: "Ledger") -> dict[str, Any]:
    """What the search is judged by, with the value of the chosen network and of the start network."""
    objective = ledger.config.objective
    return objective.model_dump(mode="json") | {
        "measure": objective.measure,
        "best": _measured(ledger.chosen, objective.measure),
        "start": _measured(ledger.rival, objective.measure),
    }


def _controls(ledger: "Ledger") -> list[dict[str, Any]]:
    """What stands beside the found network on the test images, with its margin over each."""
    from nasflow.report.controls import margins

    finish = ledger.finish
    if finish is None:
        return []
    return [
        asdict(each) | {"test_accuracy": finish.accuracy(each.control), "test_images": finish.test_images}
        for each in margins(finish)
    ]


def _measured(record: "ChildRecord | None", name: str) -> float | None:
    """One measure of a network, if it was trained and has it."""
    found = record.measures.get(name) if record and record.status == "trained" else None
    return found.value if found else None


def print_summary(facts: Mapping[str, Any]) -> None:
    """The figures for people, on standard output."""
    best, objective = facts["best"], facts["objective"]
    noun = "cell" if best and isinstance(best["parts"], str) else "network"
    print(f"search     {facts['search']}: {facts['status']}, {_children(facts)}")
    if facts["limits"]:
        limits = ", ".join(f"{name} at most {limit:.6g}" for name, limit in facts["limits"].items())
        print(f"limits     {limits}")
    if facts["full_size_breach"]:
        print(f"over       at full size {facts['full_size_breach']}")
    if best:
        from nasflow.search.words import figure_text

        reached = figure_text(objective["measure"], objective["best"])
        if objective["measure"] != "held_out_accuracy":
            reached += f" ({figure_text('held_out_accuracy', best['accuracy'])})"
        print(f"{noun:<10} {best['cell']}")
        print(f"child      {best['child']}: {reached}{_against(facts)}")
        _print_epochs(facts)
        _print_shortlist(facts)
    if facts["test_accuracy"] is not None:
        print(f"test       {_percent(facts['test_accuracy'])} at full size")
        _print_controls(facts, noun)
    if facts["lift"] and facts["lift"]["interval"]:
        _print_lift(objective["measure"], facts["lift"])
    if stop := facts["ledger"]["stop"]:
        print(f"stopped    {stop['reason']}: {stop['detail']}{_further(facts, stop)}")
    for line in (facts.get("foretold") or {}).get("said", ()):
        print(f"took       {line}")
    print(f"report     {facts['report']}")


def _further(facts: Mapping[str, Any], stop: Mapping[str, Any]) -> str:
    """What goes on with a search whose budget is spent; nothing of any other, or one without children."""
    name = stop["detail"].partition(":")[0]
    limit = facts["ledger"]["config"]["budget"].get(name)
    if stop["reason"] != "budget" or not limit:
        return ""
    from nasflow.cli.options import resume_command
    from nasflow.steps.keys import report_key

    url = facts["report"].removesuffix(f"/{report_key(facts['search'])}")
    larger = f" --{name.replace('_', '-')} {2 * limit:g}"
    return f"; {resume_command(url, facts['search'], larger)} goes on"


def _print_epochs(facts: Mapping[str, Any]) -> None:
    """Of the best child: its own, and what they rest on."""
    line = next((each for each in facts["family"] if each["child"] == facts["best"]["child"]), None)
    if line and line["parent"]:
        own, above = line["own_epochs"], line["ancestors_epochs"]
        print(f"epochs     {own} of its own, {above} of its ancestors (generation {line['generation']})")


def _print_shortlist(facts: Mapping[str, Any]) -> None:
    """How the network was chosen, where children were tried at full size first."""
    if listed := facts["ledger"].get("shortlist"):
        trained = sum(each["record"] is not None for each in listed)
        how = "by the held-out loss there" if trained == len(listed) else f"{trained} of them so far"
        print(f"chosen     of the best {len(listed)} children, trained at full size: {how}")


def _print_controls(facts: Mapping[str, Any], noun: str) -> None:
    """What else was trained at full size, and by how much the found network is better."""
    from nasflow.report.controls import control_title
    from nasflow.search.controls import Control

    for each in facts["controls"]:
        apart = f"{100 * each['difference']:+.2f} points"
        if each["interval"]:
            low, high = (100 * end for end in each["interval"])
            apart += f", 95 % {low:+.2f} to {high:+.2f}"
        accuracy = _percent(each["test_accuracy"])
        print(f"  against  {control_title(each['control'], noun)}: {accuracy} (found minus this: {apart})")
    missing = (facts["ledger"]["stop"] or {}).get("missing", {})
    for control in Control:
        if control in missing:
            print(f"  without  {control_title(control, noun)}: {missing[control]}")
    if facts["controls_said"]:
        print(f"so         {facts['controls_said']}")


def _print_lift(measure: str, lift: Mapping[str, Any]) -> None:
    from nasflow.search.measures import find_measure

    unit = find_measure(measure).unit
    factor, digits, name = {"share": (100, 2, "points"), "seconds": (1000, 3, "ms")}.get(unit, (1, 4, unit))
    low, high = lift["interval"]
    print(
        f"lift       {factor * lift['difference']:+.{digits}f} {name} over the random arm "
        f"(95 %: {factor * low:+.{digits}f} to {factor * high:+.{digits}f})"
    )


def _children(facts: Mapping[str, Any]) -> str:
    failed = f", {facts['failed']} of them failed" if facts["failed"] else ""
    return f"{facts['children']} children{failed}"


def _against(facts: Mapping[str, Any]) -> str:
    """Nothing where there are no children: in a transfer the start network itself is what there is."""
    start, measure = facts["objective"]["start"], facts["objective"]["measure"]
    if not facts["children"] or start is None:
        return ""
    from nasflow.search.measures import find_measure
    from nasflow.search.words import with_unit

    return f", start network {with_unit(start, find_measure(measure).unit)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
