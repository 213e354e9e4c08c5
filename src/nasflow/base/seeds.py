"""Seeds for one purpose each, so that nothing has to remember the state of a random generator."""

import hashlib

from nasflow.base.document import canonical_json


def derive(*parts: int | str) -> int:
    """A seed of 63 bits that depends on each part and on their order; the same on every machine."""
    digest = hashlib.sha256(canonical_json(list(parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
