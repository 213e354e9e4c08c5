"""What is said of a search's length: before it begins what it trains; how long that takes, once known."""

from typing import TYPE_CHECKING

from nasflow.base.terminal import say

if TYPE_CHECKING:
    from nasflow.steps.archive import Archive


def tell_outlook(archive: "Archive", search: str) -> None:
    """Say what is going to be trained, or that a search is finished.

    Nothing is timed for it: `nasflow plan` does that.
    """
    from nasflow.report.plan import outlook_line
    from nasflow.search.schedule import next_tasks
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    if next_tasks(ledger):
        say(f"{search}: {outlook_line(ledger.config)}")
    elif ledger.finish:
        say(f"{search}: is finished, for the budget that it has")


def tell_new_budget(archive: "Archive", search: str) -> None:
    """Say so where a changed budget leaves a search at its end, or is less than what has been begun."""
    from nasflow.search.schedule import decide, next_tasks
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    begun = sum(len(each.proposal.children) for each in ledger.rounds)
    stop = None if next_tasks(ledger) else decide(ledger)
    if stop:
        say(f"nothing to go on with: {stop.reason}: {stop.detail}")
    elif begun > (ledger.config.budget.children or begun):
        say(f"{search}: {begun} children are begun already: their round is finished, and no other begins")


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
