"""The base of every file that nasflow reads or writes: frozen, versioned, canonical.

A document has one canonical JSON text (sorted keys, no spaces, UTF-8) and so one sha256 digest.
Whatever comes from outside goes through `Document.from_json`, which refuses what is broken or newer
with one line.
"""

import hashlib
import json
from difflib import get_close_matches
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from nasflow.errors import InvalidSpec

MAXIMUM_BYTES = 16 * 1024 * 1024
"""Documents are small; something larger is not one of ours and is refused before it is parsed."""


class Frozen(BaseModel):
    """Immutable data without unknown keys: a part of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Document(Frozen):
    """A part that is stored by itself, with the version of its schema."""

    SCHEMA: ClassVar[int] = 1

    schema_version: int = 1

    @model_validator(mode="before")
    @classmethod
    def _refuse_newer(cls, data: Any) -> Any:
        """Say "newer" before pydantic lists every field that a newer schema has added."""
        version = data.get("schema_version", cls.SCHEMA) if isinstance(data, dict) else cls.SCHEMA
        if not isinstance(version, int) or not 1 <= version <= cls.SCHEMA:
            raise ValueError(
                f"has schema version {version!r}, and this nasflow reads 1 to {cls.SCHEMA}: upgrade nasflow"
            )
        return data

    def canonical_json(self) -> str:
        """The one JSON text of this document."""
        return canonical_json(self.model_dump(mode="json"))

    def digest(self) -> str:
        """sha256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """What the store holds: the canonical JSON, UTF-8."""
        return self.canonical_json().encode()

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Self:
        """Parse `text`, which came from `where`; raise InvalidSpec with one line that says what and where."""
        if len(text) > MAXIMUM_BYTES:
            raise InvalidSpec(f"{where}: {len(text)} bytes are too many for a {cls.__name__}")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidSpec(f"{where}: not JSON ({error}): the file is broken or cut off") from None
        return cls.from_data(data, where)

    @classmethod
    def from_data(cls, data: Any, where: str) -> Self:
        """Check data that some parser has read already (YAML, JSON); raise InvalidSpec with one line."""
        if not isinstance(data, dict):
            raise InvalidSpec(f"{where}: a {cls.__name__} is a mapping, this is {type(data).__name__}")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidSpec(f"{where}: {_first_line(cls, error)}") from None


def canonical_json(data: Any) -> str:
    """JSON with sorted keys and no spaces; NaN and infinities are refused, being no JSON."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _first_line(model: type[BaseModel], error: ValidationError) -> str:
    """The first problem of a validation in one line, with the nearest right key for an unknown one."""
    problems = error.errors(include_url=False)
    # A mistyped key is also a missing one: the unknown key says more.
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    # Pydantic puts the tags of unions between the keys: they are no part of the user's file.
    keys = [str(part) for part in problem["loc"] if part not in _TAGS]
    place = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        known = sorted(_fields(model, tuple(problem["loc"][:-1])))
        near = get_close_matches(keys[-1], known, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key {place!r}: {remedy}"
    message = problem["msg"].removeprefix("Value error, ").replace("\n", " ")
    given = problem.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}: {message}{shown}" if place else f"{message}{shown}"


_TAGS = {"densenet", "path", "random"}


def _fields(model: Any, location: tuple[Any, ...]) -> set[str]:
    """The keys known at `location` inside `model`, looking through unions and annotations."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {name for part in get_args(model) for name in _fields(part, location)}
    if not location:
        return {name for name in model.model_fields if name != "schema_version"}
    if location[0] in model.model_fields:
        return _fields(model.model_fields[str(location[0])].annotation, location[1:])
    return _fields(model, location[1:])
