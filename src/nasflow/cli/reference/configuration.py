"""Every key of a configuration, from its JSON Schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nasflow.cli.reference.markdown import FROM_THE_PROGRAM, page, paragraph, table
from nasflow.search.schemas import schemas

Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}
_TYPES = {"integer": "whole number", "null": "nothing", "string": "text", "boolean": "true or false"}


def configuration_page() -> str:
    """The page: the file itself, then each part that it may have, as they are met."""
    return page(_lines(schemas("SearchFile")))


def _lines(root: Schema) -> Iterator[str]:
    yield "# Configuration"
    yield ""
    yield FROM_THE_PROGRAM
    yield ""
    yield "A search is one YAML file. Whatever has a default may be left out."
    yield "`nasflow schema SearchFile` prints the same as JSON Schema, for editors."
    yield from _section("The file", root)
    for name in _met(root):
        yield from _section(name, root["$defs"][name])


def _section(title: str, part: Schema) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    part = _spelled_out(part)
    yield paragraph(part.get("description"))
    if "enum" in part:
        yield ""
        yield f"One of {_options(part['enum'])}."
    shown = {key: each for key, each in part.get("properties", {}).items() if key != "schema_version"}
    if not shown:
        return
    yield ""
    wanted = part.get("required", ())
    yield from table(
        ("key", "what", "default", ""),
        (_row(key, each, key in wanted) for key, each in shown.items()),
    )


def _spelled_out(part: Schema) -> Schema:
    """Of what may be text too, the form with keys."""
    return next((each for each in part.get("anyOf", ()) if "properties" in each), part)


def _row(key: str, each: Schema, is_wanted: bool) -> tuple[str, ...]:
    return f"`{key}`", _kind(each), _default(each, is_wanted), paragraph(each.get("description"))


def _met(root: Schema) -> list[str]:
    """The names of the parts in the order in which a reader meets them."""
    met: dict[str, None] = {}

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in met:
                met[name] = None
                walk(root["$defs"][name])
            for key, each in part.items():
                if key != "$defs":
                    walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(root)
    return list(met)


def _kind(each: Schema) -> str:
    """What may stand there, in words."""
    if "$ref" in each:
        name = each["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in each or "enum" in each:
        return _options(each.get("enum", [each.get("const")]))
    if several := each.get("anyOf", each.get("oneOf")):
        return " or ".join(dict.fromkeys(_kind(one) for one in several if one.get("type") != "null"))
    return {"array": _list, "object": _mapping}.get(each.get("type", ""), _bounded)(each)


def _list(each: Schema) -> str:
    return f"a list: {_kind(each['items'])}" if "items" in each else "a list"


def _mapping(each: Schema) -> str:
    if "properties" in each:
        return "another kind, that an installed package offers"
    values = each.get("additionalProperties")
    return f"names, each with: {_kind(values)}" if isinstance(values, dict) and values else "names and values"


def _bounded(each: Schema) -> str:
    kind = str(each.get("type", "anything"))
    # A bound that is only what a computer can count to says nothing.
    bounds = [f"{words} {each[name]:g}" for name, words in _BOUNDS.items() if abs(each.get(name, 1e9)) < 1e9]
    return ", ".join([_TYPES.get(kind, kind), *bounds])


def _default(each: Schema, is_wanted: bool) -> str:
    if is_wanted:
        return "**wanted**"
    default = each.get("default")
    if default is None:
        return "none" if "default" in each else ""
    return "its own defaults" if isinstance(default, dict) and default else f"`{json.dumps(default)}`"


def _options(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)
