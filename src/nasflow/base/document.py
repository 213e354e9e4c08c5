"""The base of every file that nasflow reads or writes: frozen, versioned, canonical.

A document has one canonical JSON text (sorted keys, no spaces, UTF-8) and so one sha256 digest.
Whatever comes from outside goes through `Document.from_json`, which refuses what is broken or newer
with one line.
"""

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from reprlib import Repr
from types import NoneType
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, Tag, ValidationError, model_validator
from pydantic_core import PydanticSerializationError

from nasflow.base.errors import InvalidSpec
from nasflow.base.files import decoded
from nasflow.base.lines import one_line, written_out
from nasflow.base.plugins import PLUGGED, OpenUnion

MAXIMUM_BYTES = 16 * 1024 * 1024
"""Documents are small; something larger is not one of ours and is refused before it is parsed."""


def is_off(value: object) -> bool:
    """For `exclude_if`: a field that came later is left out of the JSON where it is off (None, False, 0).

    So the digests of older documents stay what they were.
    """
    return not value


Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""What torch takes for one."""


class Frozen(BaseModel):
    """Immutable data without unknown keys: a part of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """As pydantic's, which makes an error of Ctrl-C in the middle of a serialiser that is ours."""
        try:
            return super().model_dump(**options)
        except PydanticSerializationError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error.__cause__ from None
            raise

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """As pydantic's, by way of `model_dump`: pydantic's own would not tell Ctrl-C from an error."""
        return json.dumps(self.model_dump(mode="json", **options), indent=indent, ensure_ascii=False)


class Document(Frozen):
    """A part that is stored by itself, with the version of its schema."""

    SCHEMA: ClassVar[int] = 1

    schema_version: int = 1

    @model_validator(mode="before")
    @classmethod
    def _of_this_schema(cls, data: Any) -> Any:
        """Say "newer" before pydantic lists every field that a newer schema has added; upgrade older data."""
        if not isinstance(data, dict):
            return data
        for name in data.keys() & {name for name, field in cls.model_fields.items() if field.exclude}:
            raise ValueError(f"unknown key {name!r}: only nasflow itself gives it, to what is older")
        version = data.get("schema_version", cls.SCHEMA)
        if not isinstance(version, int) or not 1 <= version <= cls.SCHEMA:
            raise ValueError(
                f"has schema version {_SHORT.repr(version)}, and this nasflow reads 1 to {cls.SCHEMA}: "
                "upgrade nasflow"
            )
        try:
            present = data if version == cls.SCHEMA else cls.upgrade(data)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"is no {cls.__name__} of schema version {version} ({error!r})") from None
        return {**present, "schema_version": cls.SCHEMA}

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The same document in the present schema; `data` has an older `schema_version`, and is not checked.

        It may take for granted what a document of that version has: a LookupError, a TypeError or an
        AttributeError becomes the message that this is none.
        """
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
            data = read_json(text if isinstance(text, str) else decoded(text, where))
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
            raise InvalidSpec(f"{where}: {_first_line(cls, error, data)}") from None


def read_json(text: str) -> Any:
    """The data in `text`; ValueError or RecursionError if it is no JSON: NaN and infinities are none.

    Nor is half a character, which JSON can name (`\\ud800`) and no file can hold: pydantic would pass it on.
    """
    data = json.loads(text, parse_constant=_refuse_constant)
    if "\\u" in text or not text.isascii():
        canonical_json(data).encode()
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def canonical_json(data: Any) -> str:
    """JSON with sorted keys and no spaces; NaN and infinities are refused, being no JSON."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _first_line(model: type[BaseModel], error: ValidationError, data: Any) -> str:
    """The first problem of a validation in one line, with the nearest right key for an unknown one."""
    problems = error.errors(include_url=False)
    # A mistyped key is also a missing one: the unknown key says more.
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    keys, inner = _walk(model, problem["loc"], data)
    place = written_out(".".join(keys))
    if problem["type"] == "extra_forbidden":
        known = sorted(_known_keys(inner))
        near = get_close_matches(keys[-1], known, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key '{place}': {remedy}"
    said = "a mapping is wanted" if problem["type"] == "model_type" else problem["msg"]
    message = one_line(said.removeprefix("Value error, "))
    given = problem.get("input")
    shown = f" (given: {_SHORT.repr(given)})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}: {message}{shown}" if place else f"{message}{shown}"


_SHORT = Repr()
"""What stands in a message may come from a broken file: any length, any depth."""
_SHORT.maxstring = _SHORT.maxother = 80


def _walk(model: Any, location: tuple[int | str, ...], data: Any) -> tuple[list[str], Any]:
    """The keys of the user's `data` that lead to `location`, and what type of value the last one is in.

    Pydantic puts the tag of a union's member between the keys, and says so where it means a key and not what
    stands there: neither is part of the file.
    """
    keys: list[str] = []
    inner = model
    for part in location:
        model = _bare(model)
        members = _members(model, data)
        if part in members:
            model = members[part]
        elif part != "[key]":
            keys.append(str(part))
            inner, model = model, _below(model, part)
            data = _inside(data, part)
    return keys, inner


def _below(model: Any, part: int | str) -> Any:
    """The type of what stands under a key of a value of type `model`."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        field = model.model_fields.get(str(part))
        unions = [each for each in (field.metadata if field else ()) if isinstance(each, OpenUnion)]
        return unions[0] if unions else field and field.annotation
    inner, outer = get_args(model), get_origin(model)
    if isinstance(outer, type) and issubclass(outer, Mapping):
        return inner[-1]
    if outer is tuple and Ellipsis not in inner:
        return _inside(inner, part)
    return inner[0] if inner else None


def _inside(data: Any, part: int | str) -> Any:
    try:
        return data[part]
    except (LookupError, TypeError):
        return None


def _bare(annotation: Any) -> Any:
    """A type without `Annotated` and `| None` round it; an open union for the base class that it opens."""
    inner = [each for each in get_args(annotation) if each is not NoneType]
    if get_origin(annotation) is Annotated:
        return next((each for each in inner if isinstance(each, OpenUnion)), None) or _bare(inner[0])
    is_optional = len(inner) < len(get_args(annotation)) and len(inner) == 1
    return _bare(inner[0]) if is_optional else annotation


def _members(annotation: Any, data: Any) -> dict[Any, Any]:
    """The models of a union by their tags; nothing for another type."""
    if isinstance(annotation, OpenUnion):
        return {**annotation.kinds, PLUGGED: _plugged(annotation, data)}
    members: dict[Any, Any] = {}
    for each in get_args(annotation):
        tags = [part.tag for part in getattr(each, "__metadata__", ()) if isinstance(part, Tag)]
        model = _bare(each)
        if isinstance(model, type) and issubclass(model, Frozen):
            kind = [model.model_fields["kind"].default] if "kind" in model.model_fields else []
            members |= dict.fromkeys(tags or kind, model)
    return members


def _plugged(union: OpenUnion, data: Any) -> Any | None:
    try:
        return union.member(data)
    except InvalidSpec:
        return None


def _known_keys(model: Any) -> set[str]:
    fields: dict[str, Any] = getattr(model, "model_fields", {})
    return {name for name in fields if name != "schema_version"}
