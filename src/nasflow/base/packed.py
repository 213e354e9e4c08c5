"""Documents as compact files: compressed, read with a bound."""

import gzip
import io
import zlib
from pathlib import Path
from typing import TypeVar

from nasflow.base.document import MAXIMUM_BYTES, Document
from nasflow.base.errors import InvalidSpec
from nasflow.base.files import read_at_most

Packed = TypeVar("Packed", bound=Document)


def packed(document: Document) -> bytes:
    """Its canonical JSON, compressed; the same document gives the same bytes."""
    return gzip.compress(document.to_bytes(), mtime=0)


def unpacked(kind: type[Packed], file: Path, what: str) -> Packed:
    """The document in a file, which is to be `what`; raise InvalidSpec with one line if it is none."""
    data = io.BytesIO(read_at_most(file, MAXIMUM_BYTES, what))
    try:
        # One byte more than a document may have tells; a few kilobytes can unpack to terabytes.
        text = gzip.GzipFile(fileobj=data).read(MAXIMUM_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidSpec(f"{file}: no {what.removeprefix('a ')} ({error})") from None
    return kind.from_json(text, str(file))
