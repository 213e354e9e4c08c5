"""The paper's networks, counted: what is built here beside what was published."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nasflow.studies.published import PUBLISHED_NETWORKS

MILLION = 10**6


class CountedNetwork(NamedTuple):
    """One network: parameters, and multiply-adds for one image; None where nothing was published."""

    network: str
    parameters: int
    mult_adds: int
    published_parameters: int | None
    published_mult_adds: int | None


def counted_networks() -> Iterator[CountedNetwork]:
    """Each published network, counted from its built modules."""
    for each in PUBLISHED_NETWORKS:
        yield CountedNetwork(each.name, *each.cost(), _plain(each.parameters), _plain(each.mult_adds))


def markdown(networks: Iterable[CountedNetwork]) -> str:
    """The networks as a table, in millions."""
    lines = ["| network | parameters | published | mult-adds | published |", "|---|---|---|---|---|"]
    for row in networks:
        sizes = f"{row.parameters / MILLION:.2f} M | {_millions(row.published_parameters, 1)}"
        work = f"{row.mult_adds / MILLION:,.1f} M | {_millions(row.published_mult_adds, 0)}"
        lines.append(f"| {row.network} | {sizes} | {work} |")
    return "\n".join(lines)


def _plain(millions: str | None) -> int | None:
    return None if millions is None else round(float(millions) * MILLION)


def _millions(number: int | None, digits: int) -> str:
    return "" if number is None else f"{number / MILLION:.{digits}f} M"
