"""A search that is about to begin: who watches from another terminal is often quicker than the search itself,
which loads its libraries and its images before it writes anything.
"""

import time
from typing import TYPE_CHECKING

from nasflow.cli.options import open_existing

if TYPE_CHECKING:
    from nasflow.steps.archive import Archive

_PATIENCE, _AGAIN = 60.0, 1.0
"""Seconds: for how long a search is waited for, and between two looks."""


def begun(store: str, search: str) -> "Archive":
    """The store, once the search has begun in it; raise NotFound, as who looks once does, after a minute.

    Where other searches are, it is waited for too: the second of a store begins as late as the first. Who has
    misspelled a name sees the others at once.
    """
    from nasflow.base.terminal import say
    from nasflow.steps.ledger import read_ledger

    deadline = time.monotonic() + _PATIENCE
    is_told = False
    while not _has_begun(store, search) and time.monotonic() < deadline:
        if not is_told:
            say(f"{search} has not begun{_others(store)}: waiting for it, a minute at most")
        is_told = True
        time.sleep(_AGAIN)
    archive = open_existing(store)
    if not _has_begun(store, search):
        read_ledger(archive, search)
    return archive


def _has_begun(store: str, search: str) -> bool:
    """Whether there is something to look at; a comparison, which is none, is not waited for."""
    from nasflow.base.errors import NotFound
    from nasflow.steps.keys import comparison_key, start_key

    try:
        held = open_existing(store).store
    except NotFound:
        return False
    return held.exists(start_key(search)) or held.exists(comparison_key(search))


def _others(store: str) -> str:
    from nasflow.base.errors import NotFound
    from nasflow.steps.ledger import search_ids

    try:
        known = search_ids(open_existing(store))
    except NotFound:
        known = []
    return f" (there: {', '.join(known[:8])})" if known else ""
