"""The cost table: what the time went to, a row each, and only what there is."""

from collections.abc import Callable
from dataclasses import dataclass

from nasflow.search.costs import Costs, Spent


@dataclass(frozen=True)
class CostRow:
    """What some of the time was good for."""

    title: str
    about: str
    seconds: tuple[float, ...]
    """On each of the devices."""


_ROWS: tuple[tuple[str, str, Callable[[Spent], float]], ...] = (
    ("useful", "finished work, and of killed attempts what a checkpoint kept", lambda each: each.useful),
    ("failed", "of children that failed", lambda each: each.failed),
    ("preempted", "of killed attempts what no checkpoint kept", lambda each: each.preempted),
    ("still running", "of attempts without an end", lambda each: each.running),
    ("spent", "all of these", lambda each: each.total),
    ("done twice", "by a process that was taken for dead: not counted as spent", lambda each: each.lost),
    ("reused", "what an earlier search paid for children: not spent here", lambda each: each.reused),
)


def cost_devices(costs: Costs) -> dict[str, Spent]:
    """Those that anything was done on; before anything is, the CPU."""
    known = {"CPU": costs.cpu, "GPU": costs.gpu}
    return {name: spent for name, spent in known.items() if spent != Spent()} or {"CPU": costs.cpu}


def cost_rows(costs: Costs) -> list[CostRow]:
    """What any time went to; where it all was useful, that alone."""
    devices = cost_devices(costs).values()
    rows = [CostRow(title, about, tuple(map(of, devices))) for title, about, of in _ROWS]
    found = [row for row in rows if any(row.seconds)]
    return [row for row in found if row.title != "spent"] if len(found) == 2 else found
