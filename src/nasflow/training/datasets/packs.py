"""The files of a data set, packed for another machine and unpacked there: bytes in, bytes out."""

import io
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from nasflow.base.errors import InvalidSpec

PACK_BYTES = 256 * 1024 * 1024
"""Size of a pack, about: as much as is held in memory at a time."""


def pack_files(root: Path, names: Iterable[str], size: int = PACK_BYTES) -> Iterator[bytes]:
    """Tar archives of about `size` bytes each; the same files give the same bytes on every machine."""
    for group in _groups(root, names, size):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in group:
                data = (root / name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                archive.addfile(entry, io.BytesIO(data))
        yield buffer.getvalue()


def unpack_files(packs: Iterable[bytes], target: Path) -> None:
    """Unpack into `target`, which appears whole or not at all; nothing happens where it is there.

    Raise InvalidSpec for a pack that is no archive or holds a name outside its folder.
    """
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as beside:
        inside = Path(beside) / "data"
        inside.mkdir()
        for data in packs:
            try:
                with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                    for entry in archive:
                        _unpack(archive, entry, inside)
            except (tarfile.TarError, ValueError) as error:
                raise InvalidSpec(
                    f"a data set's pack cannot be unpacked ({error}): upload it again"
                ) from None
        _rename(inside, target)


def _unpack(archive: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    """One file; raise ValueError for anything else, or for a name that leads elsewhere.

    By hand, because `extractall` has its filters only since Python 3.11.4, and Debian 12 has 3.11.2.
    """
    name = PurePosixPath(entry.name)
    content = archive.extractfile(entry) if entry.isreg() else None
    if content is None or not name.parts or name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{entry.name!r} is no file inside the data set")
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    (target / name).write_bytes(content.read())


def _rename(source: Path, target: Path) -> None:
    """Give the unpacked folder its name, unless another process was first."""
    try:
        os.rename(source, target)
    except OSError:
        if not target.is_dir():
            raise


def _groups(root: Path, names: Iterable[str], size: int) -> Iterator[list[str]]:
    group: list[str] = []
    held = 0
    for name in names:
        length = (root / name).stat().st_size
        if group and held + length > size:
            yield group
            group, held = [], 0
        group.append(name)
        held += length
    if group:
        yield group
