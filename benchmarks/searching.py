"""A search to its end, with nobody who looks on."""

from nasflow.backends.inline import run
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger
from nasflow.search.record import RoundRecord
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store


class Nobody:
    """Looks on and says nothing."""

    def stage(self, title: str, children: int) -> None:
        pass

    def training(self, child: str, share: float) -> None:
        pass

    def child(self, record: RoundRecord) -> None:
        pass


NOBODY = Nobody()


def search(url: str, config: SearchConfig) -> Ledger:
    """What a search in the store at `url` came to."""
    archive = Archive(open_store(url))
    run(archive, begin(archive, config), NOBODY, lambda: None)
    return read_ledger(archive, config.name)
