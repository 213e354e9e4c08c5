from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.steps.samples import documents, open_archive

from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.search.rounds import ControllerUpdate
from nasflow.steps.archive import Archive
from nasflow.steps.keys import report_key
from nasflow.steps.publish import write_report


def update(number: int) -> ControllerUpdate:
    """A document that tells its writers apart."""
    return ControllerUpdate(round=number, controller=None, metrics={})


def test_the_first_writer_wins(tmp_path: Path) -> None:
    """Of writers at the same moment one wins, and every one of them gets the winner's document."""
    writers = 8
    barrier = Barrier(writers)

    def write(number: int) -> ControllerUpdate:
        archive = open_archive(tmp_path)
        barrier.wait()
        return archive.create("document", update(number))

    with ThreadPoolExecutor(writers) as pool:
        won = set(map(ControllerUpdate.canonical_json, pool.map(write, range(1, writers + 1))))
    assert won == {open_archive(tmp_path).read("document", ControllerUpdate).canonical_json()}


def test_what_is_written_once_is_remembered(tmp_path: Path) -> None:
    """A document that was read stays what it was, and a second writer gets the first one's."""
    archive = open_archive(tmp_path)
    assert archive.create("document", update(1)) == update(1)
    assert archive.create("document", update(2)) == update(1)
    archive.store.delete("document")
    assert archive.read("document", ControllerUpdate) == update(1)
    with pytest.raises(NotFound):
        open_archive(tmp_path).read("document", ControllerUpdate)


def test_a_document_that_changes(tmp_path: Path) -> None:
    """Compare and swap: the version of a read lets one writer replace it, once."""
    archive = open_archive(tmp_path)
    assert archive.find_changing("document", ControllerUpdate) == (None, None)
    first = archive.replace("document", update(1), None)
    assert archive.find_changing("document", ControllerUpdate) == (update(1), first)
    assert archive.replace("document", update(2), first)
    assert archive.replace("document", update(3), first) is None
    assert archive.find_changing("document", ControllerUpdate)[0] == update(2)


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"schema_version": 99}', b'{"round": 0}'])
def test_a_document_that_is_broken(broken: bytes, tmp_path: Path) -> None:
    """Whatever lies where a document should be is refused in one line that names it."""
    archive: Archive = open_archive(tmp_path)
    archive.store.create("document", broken)
    with pytest.raises(InvalidSpec, match=f"{tmp_path}/document: ") as caught:
        archive.read("document", ControllerUpdate)
    assert "\n" not in str(caught.value)


def test_the_report_twice(finished: Path) -> None:
    """Writing the report again gives the same page in the same place, and touches nothing else."""
    page = write_report(open_archive(finished), "tiny")
    before = documents(open_archive(finished))
    assert write_report(open_archive(finished), "tiny") == page
    assert documents(open_archive(finished)) == before
    assert before[report_key("tiny")] == page.encode()
