"""A search that tries its best children at full size before it chooses: every step runs for real."""

from pathlib import Path
from typing import Any

from tests.steps.samples import (
    HOST,
    copy_of_finished,
    documents,
    finished_once,
    ledger_of,
    open_archive,
    trained,
)

from nasflow.report.page import render
from nasflow.search.budget import Budget
from nasflow.search.schedule import Conclude, Shortlist, Task, Train
from nasflow.search.shortlist import best_of
from nasflow.steps.begin import set_budget
from nasflow.steps.execute import execute, tasks_of
from nasflow.steps.summary import summary_of
from nasflow.steps.turn import children_to_train
from nasflow.tracking.children import children
from nasflow.tracking.content import Role

FINISH: dict[str, Any] = {
    "host": HOST,
    "recipe": {"epochs": 2, "learning_rate": 0.1},
    "controls": ["start"],
    "shortlist": 3,
}


CHANGES: dict[str, Any] = {"finish": FINISH, "budget": {"children": 6}}


def test_a_whole_search(tmp_path: Path) -> None:
    """The best at full size is the found network, trained anew; taken back, all is made again to the byte."""
    tmp_path = copy_of_finished(tmp_path, **CHANGES)
    ledger = ledger_of(tmp_path)
    losses = [trained(each.record).measures["held_out_loss"].value for each in ledger.shortlist]
    best = best_of(ledger.shortlist)
    assert best
    assert ledger.finish
    assert ledger.stop
    assert ledger.chosen
    assert trained(best.record).measures["held_out_loss"].value == min(losses)
    assert len(set(losses)) == 3
    assert ledger.stop.best == ledger.finish.child == ledger.chosen.child == best.child
    assert ledger.finals[0].spec.network == best.spec.network
    assert ledger.finals[0].spec.id != best.spec.id
    made = documents(open_archive(tmp_path), ["attempts"])
    first, second, _ = (each.spec.id for each in ledger.shortlist)
    bare = ledger.stop.model_copy(update={"finalists": ()})
    end = f"searches/tiny/finishes/{len(ledger.rounds):04}"
    gone: list[tuple[str, tuple[Task, ...]]] = [
        (f"{end}/finish.json", ()),
        (f"{end}/stop.json", (Conclude(bare),)),
        (f"children/{second}/record.json", (Train(second, "finish"),)),
        (f"children/{first}/record.json", (Train(first, "finish"), Train(second, "finish"))),
        (f"{end}/shortlist.json", (Shortlist(rounds=len(ledger.rounds)),)),
    ]
    for key, expected in gone:
        open_archive(tmp_path).store.delete(key)
        assert not expected or tasks_of(open_archive(tmp_path), "tiny") == expected, key
    while tasks := tasks_of(open_archive(tmp_path), "tiny"):
        execute(open_archive(tmp_path), "tiny", tasks[-1])
    assert documents(open_archive(tmp_path), ["attempts"]) == made


def test_who_comes_late_writes_the_same(tmp_path: Path) -> None:
    """A list and a stop are those of their rounds, even where somebody has gone on with a larger budget."""
    archive = open_archive(copy_of_finished(tmp_path, **CHANGES))
    ledger = ledger_of(archive.store.url)
    rounds, stop = len(ledger.rounds), ledger.stop
    assert stop
    set_budget(archive, "tiny", Budget(children=8))
    children_to_train(archive, "tiny")
    assert len(ledger_of(archive.store.url).rounds) == rounds + 1
    made = documents(archive)
    for name in ("shortlist", "stop"):
        archive.store.delete(f"searches/tiny/finishes/{rounds:04}/{name}.json")
    late = open_archive(archive.store.url)
    execute(late, "tiny", Shortlist(rounds))
    execute(late, "tiny", Conclude(stop.model_copy(update={"finalists": ()})))
    assert documents(late) == made


def test_what_is_shown() -> None:
    """The page, MLflow and the terminal know the list, and its trainings are in the cost."""
    ledger = ledger_of(finished_once(**CHANGES))
    page = render(ledger)
    assert "The best at full size" in page
    # In the list, and among the children.
    assert page.count('<span class="badge">chosen</span>') == 2
    assert "The child chosen from the best 3" in page
    runs = [each.name for each in children(ledger) if each.role is Role.SHORTLIST]
    assert runs == ["shortlist-01", "shortlist-02", "shortlist-03"]
    assert {each.spec.id for each in ledger.shortlist} <= {each.child for each in ledger.attempts}
    facts = summary_of(ledger)
    assert len(facts["ledger"]["shortlist"]) == 3
    assert all("latency" not in each["record"]["measures"] for each in facts["ledger"]["shortlist"])
