"""increment.py URL KEY TIMES: add one to the number at KEY, TIMES times, by compare-and-swap."""

import sys

from nasflow.store import Store, open_store


def increment(store: Store, key: str) -> None:
    """Read and try again until nobody came in between."""
    done = None
    while done is None:
        data, version = store.read_versioned(key)
        done = store.replace(key, str(int(data) + 1).encode(), version)


def main(url: str, key: str, times: str) -> None:
    """See above."""
    store = open_store(url)
    for _ in range(int(times)):
        increment(store, key)


main(*sys.argv[1:])
