"""What is said of a search, of ledgers made up for the report's tests."""

import io
import json
import re
from contextlib import redirect_stdout

import pytest
from tests.report.synthetic import running, synthetic_ledger

from nasflow.cli.summary import print_summary
from nasflow.report.verdict import verdict
from nasflow.search.ledger import Ledger
from nasflow.search.measures import Measured
from nasflow.steps.summary import summary_of


def printed(ledger: Ledger, **changes: object) -> str:
    """What a person reads."""
    said = io.StringIO()
    with redirect_stdout(said):
        print_summary(summary_of(ledger) | {"store": "here", "report": None} | changes)
    return said.getvalue()


@pytest.mark.parametrize(("high", "is_offered"), [(-0.01, True), (0.01, False)])
def test_a_control_that_did_better_is_offered(high: float, is_offered: bool) -> None:
    """Whoever reads that a simpler network won wants that network: the best of those of which it is shown."""
    known = [("start", 0.01, 0.03), ("longer", -0.3, high), ("parameters", -0.1, -0.02)]
    controls = [
        {"control": name, "test_accuracy": 0.9, "difference": low, "interval": (low, end)}
        for name, low, end in known[: 2 if high > 0 else 3]
    ]
    told = printed(synthetic_ledger(finished=True), controls=controls)
    command = "instead    nasflow export synthetic --store here --control longer --output FOLDER\n"
    assert (command in told) == is_offered
    assert ("instead" in told) == is_offered


@pytest.mark.parametrize("objective", ["held_out_accuracy", "held_out_loss"])
def test_the_lift_is_above_0_where_the_policy_is_better(objective: str) -> None:
    """Whether much or little is wanted; the page says the same in words."""
    ledger = synthetic_ledger(rounds=5, per_round=6, seed=3, objective=objective)
    facts = summary_of(ledger)
    better = facts["lift"]["difference"] * (1 if objective == "held_out_accuracy" else -1)
    (line,) = (each for each in printed(ledger).splitlines() if each.startswith("lift"))
    found = re.fullmatch(
        r"lift +(\S+) \w+ over the random arm, above 0 is better "
        r"\(95 %: (\S+) to (\S+); \d+ children against \d+\)",
        line,
    )
    assert found
    shown, low, high = map(float, found.groups())
    assert low < shown < high
    assert (shown > 0) == (better > 0)


def test_every_child_has_its_line() -> None:
    """The family as JSON: who grew from whom, and what it rests on; for people, of the best child."""
    ledger = synthetic_ledger(rounds=5, per_round=6, parents="found", seed=3)
    facts = json.loads(json.dumps(summary_of(ledger)))
    lines = {each["child"]: each for each in facts["family"]}
    assert set(lines) == {ledger.start_spec.id, *(each.child for each in ledger.children)}
    best = lines[facts["best"]["child"]]
    assert best == {
        "child": facts["best"]["child"],
        "parent": best["parent"],
        "generation": 5,
        "own_epochs": 20,
        "ancestors_epochs": 100,
    }
    assert "epochs     20 of its own, 100 of its ancestors (generation 5)\n" in printed(ledger)
    assert re.search(r"^child +5\.\d \([0-9a-f]{16}\): ", printed(ledger), re.MULTILINE)


def test_a_limit_that_is_broken_at_full_size() -> None:
    """What only a measurement tells is known when the network at full size is trained: then it is said."""
    ledger = synthetic_ledger(rounds=4, limits={"parameters": "80k"}, finished=True)
    found, *controls = ledger.finals
    assert "at full size parameters" not in printed(ledger.model_copy(update={"finals": ()}))
    assert ledger.chosen
    large = {"parameters": Measured(value=90_000, unit="parameters")}
    final = ledger.chosen.model_copy(update={"measures": {**ledger.chosen.measures, **large}})
    large_found = found.model_copy(update={"record": final})
    text = printed(ledger.model_copy(update={"finals": (large_found, *controls)}))
    assert "over       at full size parameters 90000 is over the limit of 80000\n" in text


def test_objective_and_limits_are_told() -> None:
    """By name and value, so that another program need not know how a configuration is written."""
    ledger = synthetic_ledger(rounds=4, objective="held_out_loss", limits={"parameters": "80k"})
    facts = summary_of(ledger)
    assert ledger.chosen
    assert facts["limits"] == {"parameters": 80_000}
    assert facts["objective"]["minimise"] == facts["objective"]["measure"] == "held_out_loss"
    assert facts["objective"]["best"] == ledger.chosen.measures["held_out_loss"].value
    assert facts["best"]["accuracy"] == ledger.chosen.accuracy
    text = printed(ledger)
    reached, known = facts["objective"]["best"], 100 * ledger.chosen.accuracy
    assert f": {reached:.4f} nats held-out loss ({known:.2f} % held-out), start network 0.3564 nats\n" in text
    assert "limits     parameters at most 80000\n" in text
    assert " nats over the random arm, above 0 is better (95 %: " in text


def test_a_start_of_another_training_is_no_rival() -> None:
    """The sum of its losses is that of other epochs, from other weights: nothing is held against it."""
    ledger = synthetic_ledger(rounds=4, objective="training_loss_sum")
    assert ledger.start
    assert "training_loss_sum" in ledger.start.measures
    assert summary_of(ledger)["objective"]["start"] is None
    assert "start network" not in printed(ledger)
    assert "start network" not in verdict(ledger)


@pytest.mark.parametrize("failed", [0.1, 1.0])
def test_a_search_that_goes_on(failed: float) -> None:
    """Before anything is found, and after, there is a line of each that is known, and no None."""
    ledger = running(synthetic_ledger(rounds=1, failed=failed))
    text = printed(ledger)
    assert "None" not in text
    assert ("cell " in text) == (ledger.chosen is not None)
