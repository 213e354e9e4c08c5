"""Data sets in the store: a pod without a volume gets its images from there, checked by digest."""

import tempfile
from pathlib import Path

from nasflow.base.errors import DataSetMissing
from nasflow.base.files import at_home
from nasflow.spec.data import DataFacts, DataSetRecord, DataSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import data_set_key
from nasflow.store import digest_of, get_blob, put_blob
from nasflow.training.datasets.packs import pack_files, unpack_files
from nasflow.training.datasets.registry import data_set


def upload(archive: Archive, facts: DataFacts) -> DataSetRecord:
    """Put the files of a data set into the store, once for all searches.

    Raise DataSetMissing if the test part is not among them, which the finish, days later, would miss; or if
    they change meanwhile.
    """
    if known := find_copy(archive, facts):
        return known
    spec, images = facts.spec, data_set(facts.spec)
    root, names = images.root(spec), images.files(spec)
    if not images.has_test_part(spec):
        raise DataSetMissing(f"{spec.name} in {root} has no test part: the finish needs it; put it there")
    packs = tuple(digest_of(data) for data in pack_files(root, names))
    # First what names them, though all files are read twice then: `nasflow gc` takes what nothing names.
    record = DataSetRecord(name=spec.name, files=len(names), packs=packs)
    archive.create(data_set_key(facts.files), record)
    for data in pack_files(root, names):
        put_blob(archive.store, data)
    found = find_copy(archive, facts)
    if found is None:
        raise DataSetMissing(
            f"{spec.name}: its files in {root} have changed since they were first read: bring them back, or "
            "search them under another name"
        )
    return found


def find_copy(archive: Archive, facts: DataFacts) -> DataSetRecord | None:
    """The store's copy of a data set; None: there is none, or an upload was cut off."""
    record = archive.find(data_set_key(facts.files), DataSetRecord)
    return record if record and all(map(archive.holds, record.packs)) else None


def located(archive: Archive, facts: DataFacts) -> DataSpec:
    """The data with a path that is on this machine: the one that was given, or the store's copy, unpacked.

    Raise DataSetMissing, with both remedies, where there is neither.
    """
    spec = facts.spec
    if data_set(spec).is_here(spec):
        return spec
    record = find_copy(archive, facts)
    if record is None:
        raise DataSetMissing(
            f"{spec.name}: its files are neither in {_place(spec)} nor in "
            f"{archive.store.url}: bring them back, or make it a link to where they are now; of a search in "
            "pods, run `nasflow submit` where they are"
        )
    folder = Path(tempfile.gettempdir()) / "nasflow-data" / facts.files
    unpack_files((get_blob(archive.store, digest) for digest in record.packs), folder)
    return spec.model_copy(update={"path": str(folder)})


def _place(spec: DataSpec) -> str:
    """Where the files should be, whichever folder one is in."""
    return str(at_home(spec.path).absolute()) if spec.path else "their usual place"
