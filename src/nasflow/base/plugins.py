"""What is found by name: the torch side of a piece of data, and what installed packages add.

A piece of data (an edit, a host, a data set, a controller's settings) names the code that works with it by an
address, `package.module:attribute`, which is imported when it is used: so data stays without torch. Another
package adds pieces of its own by entry points, `[project.entry-points."nasflow.spaces"]`, a kind a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Annotated, Any, Union

from pydantic import (
    BaseModel,
    BeforeValidator,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializeAsAny,
    Tag,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nasflow.base.errors import InvalidSpec

PLUGGED = "(plugged in)"
"""Stands, as the tag of a union's member, in the place of an error for whatever is plugged in."""


def load(address: str) -> Any:
    """What stands at `package.module:attribute`; raise InvalidSpec, in one line, if it cannot be had."""
    try:
        return resolve_name(address)
    except (Exception, SystemExit) as error:
        # It may be somebody else's code, which may raise anything.
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InvalidSpec(f"{address} cannot be loaded ({reason})") from error


@cache
def plugged(group: str, name: str) -> Any | None:
    """What an installed package offers in `group` under this name; None if none does.

    Raise InvalidSpec if it cannot be loaded.
    """
    for entry in entry_points(group=group, name=name):
        try:
            return load(f"{entry.module}:{entry.attr}")
        except InvalidSpec as error:
            raise InvalidSpec(f"{group} {name!r}: {error}") from error
    return None


def known(group: str, own: Iterable[str]) -> str:
    """The names of what is built in and of what installed packages add, for people."""
    return ", ".join([*own, *sorted({entry.name for entry in entry_points(group=group)} - {*own})])


@dataclass(frozen=True)
class OpenUnion:
    """Annotates a field of a base class: any of `members`, told by their `kind`, or one that is plugged in.

    What gives no kind is of the kind `default`, if there is one.
    """

    group: str
    """Of the entry points, e.g. `nasflow.spaces`."""
    members: tuple[type[BaseModel], ...]
    default: str | None = None

    @property
    def kinds(self) -> dict[str, type[BaseModel]]:
        """The built-in members by kind."""
        return {str(member.model_fields["kind"].default): member for member in self.members}

    def member(self, given: Any) -> Any | None:
        """What data names by its kind, built in or plugged in; None if there is nothing of that kind.

        Raise InvalidSpec if the package that offers it cannot be loaded.
        """
        kind = self._kind(given)
        return None if kind is None else self.kinds.get(kind) or plugged(self.group, kind)

    def annotation(self, base: Any) -> Any:
        """The union that pydantic checks."""
        own: Sequence[Any] = [Annotated[member, Tag(kind)] for kind, member in self.kinds.items()]
        read = BeforeValidator(partial(self._plugged, base))
        other = Annotated[SerializeAsAny[base], read, Tag(PLUGGED)]
        return Annotated[Union[(*own, other)], Discriminator(self._tag)]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.annotation(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Any of the built-in members, or an object of another kind, whose keys only its package knows."""
        found = handler(schema)
        *own, _ = found.pop("oneOf")
        other = {"type": "string", "not": {"enum": list(self.kinds)}}
        plugged_in = {"type": "object", "properties": {"kind": other}, "required": ["kind"]}
        return found | {"anyOf": [*own, plugged_in]}

    def _kind(self, given: Any) -> str | None:
        kind = given.get("kind", self.default) if isinstance(given, dict) else getattr(given, "kind", None)
        return kind if isinstance(kind, str) else None

    def _tag(self, given: Any) -> str:
        kind = self._kind(given)
        return kind if kind in self.kinds else PLUGGED

    def _plugged(self, base: type[BaseModel], given: Any) -> Any:
        """An object of the plugged-in class that data names; ValueError, for pydantic, if there is none."""
        if isinstance(given, base):
            return given
        kind = self._kind(given)
        if kind is None:
            raise ValueError(f"a mapping with a `kind` is wanted: {self._known()}")
        found = self.member(given)
        if found is None:
            raise ValueError(f"no kind is called {kind!r}: take {self._known()}")
        member = found if isinstance(found, type) and issubclass(found, base) else None
        if member is None:
            raise ValueError(f"{self.group} {kind!r}: a {base.__name__} is wanted, not {found!r}")
        missing = sorted(name for name in base.__class_vars__ if not hasattr(member, name))
        if missing:
            raise ValueError(f"{self.group} {kind!r}: its class has no {', '.join(missing)}")
        return member.model_validate(given)

    def _known(self) -> str:
        """The kinds that there are, in words."""
        return f"{known(self.group, self.kinds)}, or one that an installed package adds ({self.group})"
