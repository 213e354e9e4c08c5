"""What is said of a search's length: before it begins what it trains; how long that takes, once known."""

from typing import TYPE_CHECKING

from nasflow.base.terminal import say

if TYPE_CHECKING:
    from nasflow.steps.archive import Archive


def tell_outlook(archive: "Archive", search: str) -> None:
    """Say what is going to be trained, and whether some of it is there; or that a search is finished.

    Nothing is timed for it: `nasflow plan` does that.
    """
    from nasflow.report.figures import plural
    from nasflow.report.plan import outlook_line
    from nasflow.search.schedule import next_tasks
    from nasflow.steps.ledger import read_ledger

    ledger = read_ledger(archive, search)
    if next_tasks(ledger):
        done = f"goes on after {plural(len(ledger.children), 'child', 'children')}; in all "
        say(f"{search}: {done if ledger.attempts else ''}{outlook_line(ledger.config)}")
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
    else:
        tell_outlook(archive, search)


class Teller:
    """Says what the start network is good for, and how long the search takes, each as soon as it is known."""

    def __init__(self, archive: "Archive", search: str, lanes: int) -> None:
        self._archive, self._search, self._lanes = archive, search, lanes
        self._has_told = self._has_looked = False

    def __call__(self) -> None:
        """Say each, once; the store keeps a forecast, for `nasflow show` to hold against what came."""
        if not self._has_looked:
            self._look()
        if not self._has_told:
            self._foretell()

    def _look(self) -> None:
        from nasflow.report.headroom import headroom_sentence
        from nasflow.steps.ledger import read_ledger

        ledger = read_ledger(self._archive, self._search)
        self._has_looked = ledger.start is not None
        # A search that has stopped has its report.
        if ledger.stop is None and (remark := headroom_sentence(ledger)):
            say(f"warning: {remark}")

    def _foretell(self) -> None:
        from nasflow.report.plan import foretold_line
        from nasflow.steps.foretell import foretell

        told = foretell(self._archive, self._search, self._lanes)
        if told:
            self._has_told = True
            say(f"{self._search}: {foretold_line(told)}")
