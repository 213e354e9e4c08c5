"""What is said of a search at the end, and by `nasflow show`."""

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasflow.search.ledger import Ledger
    from nasflow.steps.archive import Archive


def summary(archive: "Archive", search: str) -> dict[str, Any]:
    """A search as JSON: figures first, then the ledger (the same for the same seed), then its cost."""
    from nasflow.base.document import canonical_json
    from nasflow.report.analysis import arm_lift, chosen, costs
    from nasflow.steps.keys import report_key
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    best, lift = chosen(ledger), arm_lift(ledger)
    # What the bank held is of this store, not of this search: it belongs to the cost.
    facts = ledger.model_dump(
        mode="json", exclude={"attempts": True, "rounds": {"__all__": {"proposal": {"banked"}}}}
    )
    return {
        "search": search,
        "status": standing(ledger),
        "best": best and best.model_dump(mode="json", exclude={"history", "receipt"}),
        "start_accuracy": ledger.start and ledger.start.accuracy,
        "test_accuracy": ledger.finish and ledger.finish.test_accuracy,
        "start_test_accuracy": ledger.finish and ledger.finish.start_test_accuracy,
        "lift": lift and asdict(lift) | {"difference": lift.difference},
        "children": len(ledger.children),
        "failed": sum(record.status == "failed" for record in ledger.children),
        "ledger_digest": hashlib.sha256(canonical_json(facts).encode()).hexdigest(),
        "ledger": facts,
        "cost": asdict(costs(ledger)),
        "attempts": [attempt.model_dump(mode="json") for attempt in ledger.attempts],
        "report": f"{archive.store.url}/{report_key(search)}",
    }


def standing(ledger: "Ledger") -> str:
    """In one word: running (or waiting to be resumed), finished, failed."""
    if ledger.stop and ledger.stop.best is None:
        return "failed"
    return "finished" if ledger.finish else "unfinished"


def print_summary(facts: dict[str, Any]) -> None:
    """The figures for people, on standard output."""
    best, lift = facts["best"], facts["lift"]
    print(f"search     {facts['search']}: {facts['status']}, {_children(facts)}")
    if best:
        print(f"cell       {best['cell']}")
        print(f"child      {best['child']}: {_percent(best['accuracy'])} held-out{_against(facts)}")
    if facts["test_accuracy"] is not None:
        compared = facts["start_test_accuracy"]
        beside = "" if compared is None else f" (the start cell, trained alike: {_percent(compared)})"
        print(f"test       {_percent(facts['test_accuracy'])} at full size{beside}")
    if lift and lift["interval"]:
        low, high = lift["interval"]
        print(
            f"lift       {100 * lift['difference']:+.2f} points over the random arm "
            f"(95 %: {100 * low:+.2f} to {100 * high:+.2f})"
        )
    if stop := facts["ledger"]["stop"]:
        print(f"stopped    {stop['reason']}: {stop['detail']}")
    print(f"report     {facts['report']}")


def _children(facts: dict[str, Any]) -> str:
    failed = f", {facts['failed']} of them failed" if facts["failed"] else ""
    return f"{facts['children']} children{failed}"


def _against(facts: dict[str, Any]) -> str:
    """Nothing where there are no children: in a transfer the start network itself is what there is."""
    return f", start network {_percent(facts['start_accuracy'])}" if facts["children"] else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
