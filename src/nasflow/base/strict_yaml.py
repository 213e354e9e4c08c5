"""YAML as nasflow reads it: plain data, out of a text that anybody may have written.

PyYAML's safe loader runs no code. It still lets a key that is given twice pass in silence, makes minutes of
work of a page of aliases, and ends in a traceback for a date that is none. Here are mappings with names as
keys, lists, text, numbers, true, false and null, within bounds that no configuration comes near; all else is
refused in one line with its place.
"""

import re
from typing import Any, NoReturn

import yaml

from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line

MOST_YAML = 256 * 1024
"""Characters, or bytes, of a text."""

_DEEPEST = 50
_MOST_VALUES = 20_000
"""Aliases count as what they stand for: whoever reads the data walks through it each time."""
_LONGEST_NUMBER = 40
"""Characters: more digits than any number needs, and few enough to be counted with."""

_TAG = "tag:yaml.org,2002:"
_NUMBERS = {f"{_TAG}{name}" for name in ("int", "float")}
_PLAIN = {f"{_TAG}{name}" for name in ("str", "bool", "null", "seq", "map")} | _NUMBERS
_MERGE = f"{_TAG}merge"

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no name, path or text of a configuration holds: an escape (`"\\0"`) can bring it in."""

_PLAINER = {
    "mapping values are not allowed here": "a new line is expected before another `key: value`, and quotes "
    "round a text with a colon",
    "could not find expected ':'": "a ':' is expected after the key",
    "found character '\\t' that cannot start any token": "spaces are expected, and this is a tab",
    "found unexpected end of stream": "a closing quote is expected before the end",
    "expected <block end>, but found": "the indentation of the lines above is expected, or a ',' before this",
    "expected '<document start>', but found": "a key or a value is expected",
    "but found another document": "the end is expected, and this begins a second document",
}
"""What PyYAML says by how it works inside, in words for who writes a file."""


def read_yaml(text: str, where: str) -> Any:
    """The data in `text`, which came from `where`; raise InvalidSpec with line, column and what is wrong."""
    if len(text) > MOST_YAML:
        raise InvalidSpec(f"{where}: {len(text)} characters are too many (at most {MOST_YAML})")
    loader = None
    try:
        loader = _StrictLoader(text)
        return loader.get_single_data()
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        raise _refused(where, line, column, f"the character U+{error.character:04X} is in no text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        assert mark
        raise _refused(where, mark.line, mark.column, _reason(error)) from None
    except (ValueError, OverflowError):
        # Where PyYAML reads numbers of its own: the code of a character, the version of YAML.
        assert loader
        raise _refused(where, loader.line, loader.column, "there is no such character, or version") from None


def _refused(where: str, line: int, column: int, reason: str) -> InvalidSpec:
    return InvalidSpec(f"{where}, line {line + 1}, column {column + 1}: {one_line(reason)}")


def _reason(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, and in what; the place of the former is said already."""
    problem = str(error.problem)
    said = next((plain for words, plain in _PLAINER.items() if problem.startswith(words)), problem)
    if said != problem or not error.context or error.context_mark is None:
        return said
    return f"{said} ({error.context} from line {error.context_mark.line + 1} on)"


def _refuse(reason: str, mark: Any) -> NoReturn:
    raise yaml.constructor.ConstructorError(None, None, reason, mark)


class _StrictLoader(yaml.SafeLoader):
    """See the module. A text becomes nodes first (compose), which are checked, and then data (construct)."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own way)
        first: [(tag, pattern) for tag, pattern in known if tag in _PLAIN | {_MERGE}]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._values = 0
        self._sizes: dict[yaml.Node, int] = {}
        """Values in a node that is read to its end, itself included."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Check depth, tag and size of a node on the way."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        before = self._values
        if self._depth >= _DEEPEST:
            _refuse(f"deeper than {_DEEPEST} levels", event.start_mark)
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _PLAIN:
            _refuse(f"the tag {tag.replace(_TAG, '!!')}: only plain values are read", event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None:
            return None
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:
                _refuse(f"the alias *{event.anchor} is inside what it stands for", event.start_mark)
            self._values += self._sizes[node]
        else:
            self._values += 1
            self._sizes[node] = self._values - before
        if self._values > _MOST_VALUES:
            _refuse(f"more than {_MOST_VALUES} values, each alias counted in full", event.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Refuse a key that is no name, and one that is there already."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in {f"{_TAG}str", _MERGE}:
                _refuse("a key is expected, which is a text: put quotes round it", key.start_mark)
            if key.value in lines:
                said = f"the key {one_line(key.value, 80)!r} is in line {lines[key.value]} already"
                _refuse(f"{said}: leave one of them out", key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return node

    def construct_scalar(self, node: Any) -> Any:
        """Refuse a number without end, and text that cannot be written."""
        text = super().construct_scalar(node)
        if node.tag in _NUMBERS and len(text) > _LONGEST_NUMBER:
            _refuse(f"a number of {len(text)} characters (at most {_LONGEST_NUMBER})", node.start_mark)
        if found := _UNWRITABLE.search(str(text)):
            _refuse(f"the character U+{ord(found.group()):04X} is in no text", node.start_mark)
        return text

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Say which value is not what its tag says."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError):
            _refuse(f"{one_line(str(node.value), 80)!r} is no {node.tag.removeprefix(_TAG)}", node.start_mark)
