"""create.py URL NAME TIMES: try to create race/0, race/1, ...; print the keys that were won."""

import sys

from nasflow.store import open_store


def main(url: str, name: str, times: str) -> None:
    """See above."""
    store = open_store(url)
    for number in range(int(times)):
        key = f"race/{number}"
        if store.create(key, name.encode()):
            print(key)


main(*sys.argv[1:])
