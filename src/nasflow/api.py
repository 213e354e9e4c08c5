"""nasflow from Python: begin or go on with a search, and look at what searches have found.

`from nasflow import api`: `nasflow.search` itself is the package of what a search is. Heavy packages are
imported when they are needed, so that this import is quick.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from nasflow.search.config import SearchConfig
    from nasflow.search.ledger import Ledger
    from nasflow.search.record import RoundRecord
    from nasflow.spec.tree import Tree
    from nasflow.steps.archive import Archive

    AskedSearch = str | Path | Mapping[str, Any] | SearchConfig

ToldRecord = Callable[["RoundRecord"], object]
"""Takes the record of each network as soon as it is trained."""


def search(
    config: "AskedSearch", store: str | Path = "nasflow-store", lanes: int = 1, told: ToldRecord | None = None
) -> "StoredSearch":
    """Run a search on this machine to its end, as `nasflow search` does: again, it goes on, or extends.

    `config` is a YAML file, what such a file says, or a SearchConfig. `lanes` networks are trained at a time,
    each in a process of its own: a script that asks for more has `if __name__ == "__main__":` round it.
    MLflow is left out: `nasflow sync` brings it up. Raise what nasflow.base.errors has.
    """
    from nasflow.backends.inline import run
    from nasflow.base.errors import InvalidSpec
    from nasflow.steps.begin import begin
    from nasflow.steps.publish import write_report
    from nasflow.store import open_store

    if not isinstance(lanes, int) or lanes < 1:
        raise InvalidSpec(f"lanes is {lanes!r}: a whole number of networks is wanted, 1 at least")
    archive = _archive(open_store(str(store)))
    name = begin(archive, _configuration(config))
    try:
        run(archive, name, _Onlooker(told), lambda: None, lanes)
    finally:
        write_report(archive, name)
    return StoredSearch(archive, name)


def open(store: str | Path = "nasflow-store") -> "StoredSearches":
    """The searches of a store by name; raise NotFound if there is no store."""
    from nasflow.store import open_existing_store

    return StoredSearches(_archive(open_existing_store(str(store))))


class StoredSearches(Mapping[str, "StoredSearch"]):
    """The searches of a store: `list` names them, `[name]` is one."""

    def __init__(self, archive: "Archive") -> None:
        self._archive = archive

    def __getitem__(self, name: str) -> "StoredSearch":
        from nasflow.base.errors import UnknownSearch

        if name not in self._names():
            raise UnknownSearch(
                f"no search {name!r} in {self._archive.store.url}: there are {', '.join(self) or 'none'}"
            )
        return StoredSearch(self._archive, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        return f"<searches of {self._archive.store.url}: {', '.join(self) or 'none'}>"

    def _names(self) -> list[str]:
        from nasflow.steps.ledger import search_ids

        return search_ids(self._archive)


class StoredSearch:
    """A search of a store, as it is whenever it is asked: it may be going on elsewhere."""

    def __init__(self, archive: "Archive", name: str) -> None:
        self._archive, self.name = archive, name

    @property
    def ledger(self) -> "Ledger":
        """All that is known of it: configuration, rounds, children, finish. It draws itself in a notebook."""
        from nasflow.steps.ledger import read_ledger

        return read_ledger(self._archive, self.name)

    @property
    def summary(self) -> dict[str, Any]:
        """Figures, ledger and costs, as `nasflow show --json` prints them: plain data."""
        from nasflow.steps.summary import summary

        plain: dict[str, Any] = json.loads(json.dumps(summary(self._archive, self.name)))
        return plain

    @property
    def cell(self) -> "Tree":
        """The cell of the best child so far, in the end of the found network. It draws itself in a notebook.

        Raise NotFound where none is found yet, or where the networks of its space have none.
        """
        from nasflow.base.errors import NotFound
        from nasflow.spec.network import is_one_cell
        from nasflow.steps.ledger import found_parts

        parts = found_parts(self._archive, self.name)
        if not is_one_cell(parts, self.ledger.config.host):
            raise NotFound(f"search {self.name!r} finds no cell: `ledger.chosen.parts` is what it has found")
        return parts.cell

    def network(self, control: str | None = None) -> "nn.Module":
        """The found network at full size with its trained weights, in evaluation mode, on the CPU; or one of
        its controls, such as `longer`.

        It reads images [batch, channels, size, size], (pixel / 255 - mean) / std by `ledger.start_spec.data`.
        Raise NotFound before the search has finished, and for a control that was not trained.
        """
        from nasflow.steps.export import final_network

        return final_network(self._archive, self.name, control)

    def report(self) -> str:
        """The page of `nasflow report`, as HTML."""
        from nasflow.report.page import render

        return render(self.ledger)

    def __repr__(self) -> str:
        return f"<search {self.name} in {self._archive.store.url}>"

    def _repr_html_(self) -> str:
        return self.ledger._repr_html_()


class _Onlooker:
    """A Watcher that hands finished networks on."""

    def __init__(self, told: ToldRecord | None) -> None:
        self._told = told

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""

    def training(self, child: str, share: float) -> None:
        """See Watcher."""

    def child(self, record: "RoundRecord") -> None:
        """See Watcher."""
        if self._told:
            self._told(record)


def _archive(store: Any) -> "Archive":
    from nasflow.steps.archive import Archive

    return Archive(store)


def _configuration(asked: "AskedSearch") -> "SearchConfig":
    from nasflow.base.errors import InvalidSpec
    from nasflow.search.config import SearchConfig
    from nasflow.search.file import SearchFile, read_search_file

    if isinstance(asked, SearchFile):
        return asked.config()
    if isinstance(asked, SearchConfig):
        return asked
    if isinstance(asked, Mapping):
        return SearchFile.from_data(dict(asked), "config").config()
    if isinstance(asked, str | Path):
        return read_search_file(Path(asked)).config()
    given = type(asked).__name__
    raise InvalidSpec(f"config is a {given}: a file's path, a mapping or a SearchConfig is wanted")
