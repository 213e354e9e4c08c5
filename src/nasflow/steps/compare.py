"""A comparison as the store knows it: its searches, and what they have come to so far."""

from collections.abc import Mapping
from uuid import uuid4

from nasflow.base.errors import NotFound
from nasflow.report.compare import compare_tables, draw_rounds
from nasflow.search.contenders import ComparedSearch, Comparison
from nasflow.steps.archive import Archive
from nasflow.steps.keys import comparison_key, start_key
from nasflow.steps.ledger import read_ledger


def write_comparison(
    archive: Archive, name: str, searches: Mapping[tuple[int, str], str], rival: str
) -> Comparison:
    """Write down what is compared: ids of searches by seed and arm.

    It takes the place of an older one, whose tag stays.
    """
    listed = tuple(
        ComparedSearch(seed=seed, arm=arm, search=search) for (seed, arm), search in searches.items()
    )
    while True:
        present, version = archive.find_changing(comparison_key(name), Comparison)
        tag = present.tag if present else uuid4().hex[:6]
        wanted = Comparison(tag=tag, searches=listed, rival=rival)
        if archive.replace(comparison_key(name), wanted, version):
            return wanted


def read_comparison(archive: Archive, name: str) -> Comparison:
    """A comparison as it was last submitted; raise NotFound."""
    found, _ = archive.find_changing(comparison_key(name), Comparison)
    if found is None:
        raise NotFound(
            f"no comparison {name!r} was submitted from {archive.store.url}: `nasflow compare --submit`"
        )
    return found


def is_comparison(archive: Archive, name: str) -> bool:
    """Whether a name means a comparison: there is one, and no search is called so."""
    return archive.store.exists(comparison_key(name)) and not archive.store.exists(start_key(name))


def tell_comparison(archive: Archive, name: str) -> tuple[str, str]:
    """Its tables as Markdown, and its curves as SVG; raise NotFound."""
    comparison = read_comparison(archive, name)
    ledgers = {(each.seed, each.arm): read_ledger(archive, each.search) for each in comparison.searches}
    return compare_tables(ledgers, comparison.rival), draw_rounds(ledgers, comparison.rival)
