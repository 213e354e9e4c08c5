from pathlib import Path

import pytest
from tests.cli.calling import GUESS, call, write_config
from tests.steps.samples import (
    DIVERGING,
    config,
    copy_of_finished,
    documents,
    finished_once,
    ledger_of,
    open_archive,
    run_search,
    trained,
)


@pytest.mark.long
def test_another_seed_is_another_search(tmp_path: Path) -> None:
    """Another seed trains a start network, proposes children and ends with a network, all of its own."""
    run_search(tmp_path / "other", config(seed=2))
    one, other = ledger_of(finished_once()), ledger_of(tmp_path / "other")
    assert trained(one.start).weights != trained(other.start).weights
    assert {record.child for record in one.children}.isdisjoint(record.child for record in other.children)
    assert one.finish != other.finish


def test_extend_a_finished_search(tmp_path: Path) -> None:
    """`nasflow resume --children` adds rounds and another finish, and rewrites none of what was there: it is
    the search that would have been begun with the larger budget.
    """
    store = copy_of_finished(tmp_path)
    before = documents(open_archive(store))
    said = call("resume", "tiny", "--children", "6", "--store", store, "--no-track", "--json")
    assert said.code == 0, said.err
    assert said.json["children"] == 6
    assert said.json["status"] == "finished"
    after = documents(open_archive(store))
    changed = {key for key, value in before.items() if after.get(key) != value}
    assert changed <= {"searches/tiny/budget.json", "searches/tiny/report.html"}
    assert "searches/tiny/finishes/0003/finish.json" in after
    run_search(tmp_path / "long", config(budget={"children": 6}))
    extended, long = ledger_of(store), ledger_of(tmp_path / "long")
    assert extended.rounds == long.rounds
    assert extended.final == long.final


def test_the_failure_budget(tmp_path: Path) -> None:
    """A search whose children all fail stops with exit code 7 and one line, and has a report all the same."""
    file, store = write_config(tmp_path, **DIVERGING), tmp_path / "store"
    said = call("search", file, "--store", store, "--no-track")
    assert said.code == 7
    assert said.out == ""
    outlook, *children, last = said.err.splitlines()
    assert outlook.startswith("nasflow: tiny: 4 children in 2 rounds")
    assert last == (
        "nasflow: error: search 'tiny' stopped without a network: 2 of 2 children failed, the last one: "
        + children[-1].split("  ")[1].removeprefix("child 1.2: ")
        + "; nothing goes on with it: mend the cause, and give the search another name"
    )
    assert len([each for each in children if not each.startswith(GUESS)]) == 3
    assert "stopped: failures" in (store / "searches" / "tiny" / "report.html").read_text()
    again = call("resume", "tiny", "--store", store, "--no-track")
    assert again.code == 7
    assert again.error == last.removeprefix("nasflow: error: ")


def test_without_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An MLflow that does not answer is worth one warning: the search ends well without it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    store = copy_of_finished(tmp_path)
    said = call("resume", "tiny", "--rounds", "3", "--children", "5", "--store", store)
    assert said.code == 0, said.err
    warnings = [line for line in said.err.splitlines() if line.startswith("nasflow: warning: ")]
    (told,) = (each for each in warnings if not each.startswith(GUESS))
    assert "http://127.0.0.1:9" in told
    assert "`nasflow sync tiny`" in told
    assert "finished" in said.out
