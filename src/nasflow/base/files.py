"""Files that a user names: read with a bound, refused in words."""

from pathlib import Path

from nasflow.base.errors import InvalidSpec


def read_at_most(file: Path, most: int, what: str) -> bytes:
    """The bytes of `file`, which is to be `what`; raise InvalidSpec if it cannot be read, or has too many.

    Never more than `most` are read, whatever the file is: a device has no end.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        raise InvalidSpec(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise InvalidSpec(f"{file}: this is a folder, and {what} is wanted") from None
    except (OSError, ValueError) as error:
        # A ValueError: a name that no file can have.
        reason = getattr(error, "strerror", None) or error
        raise InvalidSpec(f"{file}: cannot be read ({reason})") from None
    if len(data) > most:
        raise InvalidSpec(f"{file}: more than {most} bytes are too many for {what}")
    return data


def decoded(data: bytes, where: str) -> str:
    """The text that `data`, from `where`, is; raise InvalidSpec if it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{where}: this is no text: its byte {error.start + 1} is not UTF-8") from None


def at_home(path: str) -> Path:
    """A path with `~` and `~user` written out; raise InvalidSpec for a user that nobody knows."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidSpec(f"{path}: {path.partition('/')[0]} is no user with a home") from None
