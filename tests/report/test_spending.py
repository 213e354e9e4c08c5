"""The cost table has what there is."""

from nasflow.report.spending import cost_devices, cost_rows
from nasflow.search.costs import Costs, Spent


def titles(costs: Costs) -> list[str]:
    """Of its rows."""
    return [row.title for row in cost_rows(costs)]


def test_where_all_was_useful() -> None:
    """One row says it all, of one device."""
    costs = Costs(cpu=Spent(useful=60))
    assert list(cost_devices(costs)) == ["CPU"]
    assert titles(costs) == ["useful"]


def test_what_was_lost_is_told() -> None:
    """What was spent in vain is added up with the rest; what was not spent stands below the sum."""
    costs = Costs(cpu=Spent(useful=60, preempted=30, lost=5), gpu=Spent(useful=7, reused=1))
    assert list(cost_devices(costs)) == ["CPU", "GPU"]
    assert titles(costs) == ["useful", "preempted", "spent", "done twice", "reused"]
    spent = next(row for row in cost_rows(costs) if row.title == "spent")
    assert spent.seconds == (90, 7)


def test_before_anything_was_done() -> None:
    """There is a device, and nothing to tell of it."""
    assert list(cost_devices(Costs())) == ["CPU"]
    assert cost_rows(Costs()) == []


def test_work_that_was_only_reused() -> None:
    """Nothing was spent."""
    assert titles(Costs(cpu=Spent(reused=40))) == ["reused"]
