"""What holds for every store."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest

from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.store import Store, check_writable, open_store

Start = Callable[..., subprocess.Popen[str]]

crowded = pytest.mark.parametrize("url", ["directory", "s3"], indirect=True)
"""Not on moto, which is slow, and looks and writes in two steps: two requests at one moment may both win."""

ON_S3_LATER = pytest.mark.parametrize(
    "url", ["directory", pytest.param("s3", marks=pytest.mark.long)], indirect=True
)
"""What takes many requests: of S3 they are left to the long tests."""


def finish(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What each process printed; all must have ended well."""
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return outputs


@pytest.mark.parametrize("data", [b"", b"\x00\xff\r\n\x00", b"{}"], ids=["empty", "binary", "json"])
def test_a_created_value_is_read_back(store: Store, data: bytes) -> None:
    """What was created is read byte for byte."""
    assert store.create("a/b/c.json", data)
    assert store.read("a/b/c.json") == data
    assert store.exists("a/b/c.json")


def test_the_first_creator_wins(store: Store) -> None:
    """A second create returns False and changes nothing, whether or not its bytes are the same."""
    assert store.create("key", b"first")
    assert not store.create("key", b"second")
    assert not store.create("key", b"first")
    assert store.read("key") == b"first"


def test_a_missing_key_is_not_found(store: Store) -> None:
    """Reading what is not there raises NotFound with the store and the key in one line."""
    with pytest.raises(NotFound) as caught:
        store.read("searches/none")
    assert store.url in str(caught.value)
    assert "searches/none" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(NotFound):
        store.read_versioned("searches/none")
    assert not store.exists("searches/none")


def test_a_folder_of_keys_is_not_a_key(store: Store) -> None:
    """With only `a/b` stored, `a` is neither there nor readable."""
    store.create("a/b", b"1")
    assert not store.exists("a")
    with pytest.raises(NotFound):
        store.read("a")


def test_replace_takes_the_current_version_only(store: Store) -> None:
    """The version read is good for one replacement, and its result for the next."""
    store.create("key", b"0")
    _, first = store.read_versioned("key")
    second = store.replace("key", b"1", first)
    assert second is not None
    assert store.replace("key", b"2", first) is None
    assert store.read_versioned("key") == (b"1", second)
    assert store.replace("key", b"2", second) is not None


def test_replace_without_a_version_creates(store: Store) -> None:
    """Version None writes an absent key and refuses a present one."""
    version = store.replace("key", b"1", None)
    assert store.read_versioned("key") == (b"1", version)
    assert store.replace("key", b"2", None) is None
    assert store.read("key") == b"1"


def test_replace_does_not_bring_back_a_deleted_key(store: Store) -> None:
    """A version of something that is gone is no longer current."""
    store.create("key", b"1")
    _, version = store.read_versioned("key")
    store.delete("key")
    assert store.replace("key", b"2", version) is None
    assert not store.exists("key")


def test_delete_can_be_repeated(store: Store) -> None:
    """Deleting makes room for a new value, and deleting nothing is no error."""
    store.delete("key")
    store.create("key", b"1")
    store.delete("key")
    store.delete("key")
    assert store.create("key", b"2")


def test_list_is_sorted_and_goes_all_the_way_down(store: Store) -> None:
    """A prefix selects by characters, not by folders, and keys come sorted as text."""
    keys = ["a/10", "a/9", "a/b/c/d", "ab/x", "b", "blobs/ab/ab12"]
    for key in reversed(keys):
        store.create(key, b"")
    assert store.list("") == keys
    assert store.list("a") == ["a/10", "a/9", "a/b/c/d", "ab/x"]
    assert store.list("a/") == ["a/10", "a/9", "a/b/c/d"]
    assert store.list("a/b/c/") == ["a/b/c/d"]
    assert store.list("a/9") == ["a/9"]
    assert store.list("b/") == store.list("c") == store.list("a/9/") == []


def test_list_of_an_empty_store_is_empty(store: Store) -> None:
    """Nothing written yet is no error."""
    assert store.list("") == []


@ON_S3_LATER
def test_list_has_no_largest_size(store: Store) -> None:
    """More keys than S3 puts into one answer are all listed."""
    keys = [f"many/{number:04}" for number in range(1010)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda key: store.create(key, b"x"), keys))
    assert store.list("many/") == keys


def test_a_broken_key_is_refused(store: Store) -> None:
    """No method takes a key that could leave the store or differ between file systems."""
    methods: list[Callable[[str], object]] = [
        lambda key: store.create(key, b""),
        store.read,
        store.read_versioned,
        lambda key: store.replace(key, b"", None),
        lambda key: store.replace(key, b"", "version"),
        store.exists,
        store.delete,
    ]
    outside = ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden"]
    unsafe = ["a b", "a\n", "ä", "x" * 201, "x/" * 256 + "x"]
    for method, key in product(methods, outside + unsafe):
        with pytest.raises(InvalidSpec, match="relative path"):
            method(key)


def test_a_broken_prefix_is_refused(store: Store) -> None:
    """Listing cannot leave the store either."""
    for prefix in ("/", "../", "a/../", "a//"):
        with pytest.raises(InvalidSpec, match="relative path"):
            store.list(prefix)


def test_the_url_finds_the_store_again(store: Store) -> None:
    """What one opens, another finds under the same URL."""
    store.create("key", b"1")
    assert open_store(store.url).read("key") == b"1"


def test_a_good_store_is_found_writable(store: Store) -> None:
    """The probe passes and leaves nothing behind."""
    check_writable(store)
    assert store.list("") == []


@crowded
def test_threads_racing_to_create(store: Store) -> None:
    """Of eight threads one wins, and its bytes are there."""
    barrier = Barrier(8)

    def create(number: int) -> bool:
        barrier.wait()
        return store.create("key", str(number).encode())

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(create, range(8)))
    assert won.count(True) == 1
    assert store.read("key") == str(won.index(True)).encode()


@crowded
def test_threads_racing_to_replace(store: Store) -> None:
    """Of eight threads with the same version one wins, and its bytes are there."""
    store.create("key", b"start")
    _, version = store.read_versioned("key")
    barrier = Barrier(8)

    def replace(number: int) -> bool:
        barrier.wait()
        return store.replace("key", str(number).encode(), version) is not None

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(replace, range(8)))
    assert won.count(True) == 1
    assert store.read("key") == str(won.index(True)).encode()


@crowded
def test_processes_racing_to_create(url: str, start: Start) -> None:
    """Every key is won by one process, the one whose bytes are there."""
    outputs = finish([start("create.py", url, str(name), "40") for name in range(3)])
    winners = {key: name for name, output in enumerate(outputs) for key in output.split()}
    store = open_store(url)
    assert sum(len(output.split()) for output in outputs) == 40
    assert {key: int(store.read(key)) for key in store.list("race/")} == winners


@ON_S3_LATER
def test_processes_counting_together(store: Store, start: Start) -> None:
    """No increment by compare-and-swap is lost between processes."""
    store.create("count", b"0")
    finish([start("increment.py", store.url, "count", "12") for _ in range(3)])
    assert store.read("count") == b"36"
