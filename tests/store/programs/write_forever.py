"""write_forever.py FOLDER: create and replace sealed values until killed; print a line for every two.

A sealed value is a random payload of half a megabyte behind its own sha256.
"""

import hashlib
import os
import sys
from uuid import uuid4

from nasflow.store.directory import DirectoryStore


def sealed() -> bytes:
    """A value of which a part cannot be taken for the whole."""
    payload = os.urandom(500_000)
    return hashlib.sha256(payload).digest() + payload


def main(folder: str) -> None:
    """See above."""
    store = DirectoryStore(folder)
    store.create("values/replaced", sealed())
    _, version = store.read_versioned("values/replaced")
    while True:
        store.create(f"values/{uuid4().hex}", sealed())
        version = store.replace("values/replaced", sealed(), version) or version
        print("written", flush=True)


main(*sys.argv[1:])
