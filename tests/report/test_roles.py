from tests.steps.samples import finished_once, ledger_of

from nasflow.report.roles import roles


def test_every_network_has_its_role() -> None:
    """The start network, the children by round and place, and those at full size, by what they are for."""
    changes = {
        "finish": {
            "host": {"kind": "densenet", "growth": 4, "blocks": 1, "stages": 2},
            "recipe": {"epochs": 1, "learning_rate": 0.05},
            "controls": ["start"],
            "seeds": 2,
            "shortlist": 2,
        }
    }
    ledger = ledger_of(finished_once(**changes))
    named = roles(ledger)
    assert set(named) == {each.child for each in ledger.networks}
    assert named[ledger.start_spec.id] == "start network"
    assert [named[each] for each in ledger.rounds[1].proposal.children] == ["child 2.1", "child 2.2"]
    first, _ = (named[each.spec.id] for each in ledger.shortlist)
    assert first == f"candidate 1 of 2, {named[ledger.shortlist[0].child]} at full size"
    assert [named[each.spec.id] for each in ledger.finals] == [
        f"{who} cell at full size, seed {seed}" for who in ("found", "start") for seed in (1, 1001)
    ]
