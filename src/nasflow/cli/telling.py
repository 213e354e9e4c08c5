"""What is said of a search's length: before it begins what it trains; how long that takes, once known."""

from typing import TYPE_CHECKING

from nasflow.base.terminal import say

if TYPE_CHECKING:
    from nasflow.steps.archive import Archive


def tell_outlook(archive: "Archive", search: str) -> None:
    """Say what is going to be trained: nothing is timed for it, `nasflow plan` does that. Nothing of a search
    that is over.
    """
    from nasflow.report.plan import outlook_line
    from nasflow.search.schedule import next_tasks
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    if next_tasks(ledger):
        say(f"{search}: {outlook_line(ledger.config)}")


class Teller:
    """Says how long a search takes, as soon as its first child tells."""

    def __init__(self, archive: "Archive", search: str, lanes: int) -> None:
        self._archive, self._search, self._lanes = archive, search, lanes
        self._has_told = False

    def __call__(self) -> None:
        """Say it, once; the store keeps it, for `nasflow show` to hold against what came."""
        if self._has_told:
            return
        from nasflow.report.plan import foretold_line
        from nasflow.steps.foretell import foretell

        told = foretell(self._archive, self._search, self._lanes)
        if told:
            self._has_told = True
            say(f"{self._search}: {foretold_line(told)}")
