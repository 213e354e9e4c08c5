import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nasflow.base.errors import InvalidSpec
from nasflow.base.strict_yaml import MOST_YAML, read_yaml

PLAIN: dict[str, tuple[str, Any]] = {
    "values": (
        "{a: 1, b: 2.5, c: true, d: null, e: text, f: [1, x]}",
        {"a": 1, "b": 2.5, "c": True, "d": None, "e": "text", "f": [1, "x"]},
    ),
    "plain tags": ("{a: !!str 1, b: !!float 1, c: !!int '2'}", {"a": "1", "b": 1.0, "c": 2}),
    "a date is a text": ("2024-13-45", "2024-13-45"),
    "an equals sign is a text": ("=", "="),
    "an alias": ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
    "a merge, over which own keys win": (
        "a: &a {x: 1, y: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: [*b], z: 3}",
        {"a": {"x": 1, "y": 1}, "b": {"x": 2, "y": 1}, "c": {"x": 2, "y": 1, "z": 3}},
    ),
    "lines": ("|\n  add(\n  \t3x3G )\n", "add(\n\t3x3G )\n"),
    "nothing": ("# nothing", None),
}

REFUSED = {
    "a key twice": ("name: a\nseed: 1\nname: b", "line 3, column 1: the key 'name' is in line 1 already"),
    "a key twice within": ("{a: {b: 1, b: 1}}", "line 1, column 12: the key 'b' is in line 1 already"),
    "two merges": ("a: &a {}\nb: {<<: *a, <<: *a}", "line 2, column 13: the key '<<' is in line 2 already"),
    "a number as key": ("1: 2", "line 1, column 1: a key is expected, which is a text: put quotes"),
    "a word that is none as key": ("on: 2", "line 1, column 1: a key is expected"),
    "a list as key": ("? [a]\n: 1", "line 1, column 3: a key is expected"),
    "code": (
        "a: !!python/object/apply:os.system [x]",
        "line 1, column 4: the tag !!python/object/apply:os.system",
    ),
    "a time": ("a: !!timestamp x", "line 1, column 4: the tag !!timestamp: only plain values are read"),
    "bytes": ("!!binary aGk=", "line 1, column 1: the tag !!binary"),
    "a tag of one's own": ("!mine x", "line 1, column 1: the tag !mine"),
    "no truth": ("a: !!bool x", "line 1, column 4: 'x' is no bool"),
    "no number": ("a: !!int ''", "line 1, column 4: '' is no int"),
    "no mapping": ("!!map x", "line 1, column 1: expected a mapping node"),
    "a merge of no mapping": ("{<<: 3}", "expected a mapping or list of mappings"),
    "digits": (f"seed: {5000 * '1'}", "line 1, column 7: a number of 5000 characters (at most 40)"),
    "hexadecimal digits": (f"seed: 0x{5000 * 'f'}", "line 1, column 7: a number of 5002 characters"),
    "digits at base 60": (f"seed: 1{500 * ':59'}", "line 1, column 7: a number of 1501 characters"),
    "digits behind the point": (f"seed: 0.{500 * '1'}", "line 1, column 7: a number of 502 characters"),
    "levels": (100_000 * "[", "line 1, column 51: deeper than 50 levels"),
    "levels of mappings": (1000 * "{a: ", "line 1, column 198: deeper than 50 levels"),
    "levels of blocks": (1000 * "- ", "line 1, column 101: deeper than 50 levels"),
    "values": ("[" + 30_000 * "1," + "]", "more than 20000 values"),
    "aliases of aliases": (
        "a: &a [x, x]\n"
        + "".join(f"{b}: &{b} [{9 * f'*{a},'}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "line 5, column 29: more than 20000 values, each alias counted in full",
    ),
    "an alias in itself": ("a: &a [*a]", "line 1, column 8: the alias *a is inside what it stands for"),
    "an alias of nothing": ("a: *b", "line 1, column 4: found undefined alias 'b'"),
    "an open bracket": ("name: [a,\n  b", "line 2, column 4: expected ',' or ']', but got '<stream end>'"),
    "an open quote": ("name: 'a\nseed: 1", "line 2, column 8: a closing quote is expected before the end"),
    "a second colon": ("name: a: b", "line 1, column 8: a new line is expected before another `key: value`"),
    "no colon": ("a: 1\nb\nc: 2", "line 3, column 1: a ':' is expected after the key"),
    "another indentation": (
        "a:\n  - b\n c: 1",
        "line 3, column 2: the indentation of the lines above is expected",
    ),
    "a tab": ("a:\n\t- b", "line 2, column 1: spaces are expected, and this is a tab"),
    "two documents": ("a: 1\n---\nb: 2", "line 2, column 1: the end is expected, and this begins a second"),
    "a NUL": ("a: 1\nb: \0", "line 2, column 4: the character U+0000 is in no text"),
    "a NUL that is written out": (r'a: "\0"', "line 1, column 4: the character U+0000 is in no text"),
    "half a character": (r'a: "\ud800"', "line 1, column 4: the character U+D800 is in no text"),
    "a character beyond all": (r'a: "\UFFFFFFFF"', "line 1, column 7: there is no such character"),
    "a version without end": (f"%YAML {5000 * '9'}.1\n--- a", "line 1, column 7: there is no such"),
}


@pytest.mark.parametrize(("text", "data"), PLAIN.values(), ids=PLAIN)
def test_plain_data(text: str, data: Any) -> None:
    """Plain values are read as YAML has them."""
    assert read_yaml(text, "here") == data


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, said: str) -> None:
    """Everything else is one short line with its place, at once."""
    start = time.process_time()
    with pytest.raises(InvalidSpec) as refused:
        read_yaml(text, "here")
    message = str(refused.value)
    assert message.startswith("here, line ")
    assert said in message
    assert len(message) < 300
    assert message.isprintable()
    assert time.process_time() - start < 5


def test_much_text() -> None:
    """A text that is too long is not looked at."""
    with pytest.raises(InvalidSpec, match="here: 262145 characters are too many"):
        read_yaml((MOST_YAML + 1) * "[", "here")


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False)
        | st.text("aé \n:#'-", max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner, max_size=3)
        ),
        max_leaves=9,
    )
)
def test_what_yaml_writes(data: Any) -> None:
    """What PyYAML writes of plain data is read as it was."""
    assert read_yaml(yaml.safe_dump(data), "here") == data
