"""Finished searches as files: a comparison that takes days goes on on another machine, without the store."""

from collections.abc import Mapping
from pathlib import Path

from nasflow.base.document import Document, canonical_json
from nasflow.base.errors import InvalidSpec
from nasflow.base.packed import packed, unpacked
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger


class KeptSearch(Document):
    """One search, with all its figures; its weights are where they were trained."""

    ledger: Ledger


def kept_file(folder: Path, search: str) -> Path:
    """Where the search is kept."""
    return folder / "searches" / f"{search}.json.gz"


def kept_bytes(ledger: Ledger) -> bytes:
    """The file of a search."""
    return packed(KeptSearch(ledger=ledger))


def read_kept(folder: Path, wanted: Mapping[tuple[int, str], SearchConfig]) -> dict[tuple[int, str], Ledger]:
    """Of the searches that are wanted, by seed and arm, those that are kept in a folder.

    Raise InvalidSpec for a file that is no search, or another than the one that is wanted.
    """
    found = {}
    for key, config in wanted.items():
        file = kept_file(folder, config.name)
        if file.exists():
            ledger = unpacked(KeptSearch, file, "a search that `nasflow compare` has kept").ledger
            if _question(ledger.config.asked()) != _question(config):
                raise InvalidSpec(f"{file}: is of another configuration: give --output another folder")
            found[key] = ledger
    return found


def _question(config: SearchConfig) -> str:
    """All that decides how a search ends: not where its images lie."""
    return canonical_json(config.model_dump(mode="json", exclude={"data": {"path"}}))
