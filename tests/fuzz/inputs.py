"""Hostile inputs: what is right, with something in it that is not."""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from tests.steps.samples import TINY

GOLDEN = Path(__file__).parents[1] / "golden" / "store"

ODD_NUMBERS = (0, -1, 10**18, 2**63, 10**30, 1e308, 0.5, -0.0, float("nan"), float("inf"), True)
ODD_TEXTS = (
    "",
    "\0",
    "\x1b[2J",
    "\n",
    "../../x",
    "/dev/zero",
    "1e999",
    "\u202e",
    "é",
    5000 * "9",
    5000 * "x",
    "models:/a@b",
)
ODD_DATA: tuple[Any, ...] = (
    None,
    [],
    {},
    [[]],
    {"kind": "x"},
    {"": 1},
    [1, "a", None],
    200 * [1],
    *ODD_NUMBERS,
    *ODD_TEXTS,
)

YAML_PIECES: tuple[str, ...] = (
    "a: &a [*a]",
    "*a",
    "&a ",
    "<<: *a\n",
    "!!python/name:os ",
    "!!binary ",
    "!!int ",
    "? ",
    "- ",
    "[",
    "{",
    "]",
    "}",
    ": ",
    ":",
    "'",
    '"',
    '"\\0"',
    '"\\ud800"',
    "|\n",
    ">",
    "%YAML 9.9\n",
    "---\n",
    "...\n",
    "\t",
    "\r",
    "\0",
    "#",
    "\ufeff",
    "0x",
    "1:59:59",
    "9",
    "2024-13-45",
    ".nan",
    "~",
    "name: a\n",
    "seed: 1\n",
    "null: 1\n",
    "\u2028",
    "\x85",
)

CELLS = (
    "( 3x3G )",
    "add( 3x3G -> ( ds3 ), 3x3G )",
    "concat( 3x3G -> add( 1x1 -> cut( ds3, ds3 ), max3 ), 3x3G )",
)
CELL_PIECES: tuple[str, ...] = (
    "add( ",
    "concat( ",
    "cut( ",
    "( ",
    ")",
    ",",
    "->",
    "3x3G -> ( ds3 -> ",
    "identity",
    "ds3, ",
    "x",
    "\n",
    " ",
    "\0",
    "٣",
)

ADDRESSES = (
    "store",
    "./a/../b",
    "~/x",
    "~nobody/x",
    "s3://bucket/a",
    "s3:/bucket",
    "file:///tmp/x",
    "http://u:p@h/x",
    "models:/a@b",
)
ADDRESS_PIECES: tuple[str, ...] = (
    "/",
    "//",
    ":",
    "://",
    "@",
    "?",
    "#",
    "%00",
    "%ff",
    "..",
    ".",
    "~",
    "\0",
    "\udcff",
    "\x1b",
    "[",
    "]",
    " ",
    "é",
    "=",
    "&",
)
ADDRESS_PIECES += ("token=", "X-Amz-Signature=", "password", "secret", "//a:", 'Bearer "')


@st.composite
def slips(draw: st.DrawFn, whole: Sequence[str], pieces: Sequence[str], most: int = 4) -> str:
    """A text in which up to `most` spans are replaced, by a piece, many times perhaps, or by any text."""
    text = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 10, 10**6]))
        piece = draw(st.sampled_from(pieces) | st.text(max_size=4))
        text = text[:start] + piece * draw(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 60, 5000])) + text[end:]
    return text[:400_000]


@st.composite
def swaps(draw: st.DrawFn, whole: Sequence[Any], most: int = 3) -> Any:
    """Data in which up to `most` values are others, or gone, or have a key beside them that is not known."""
    data = json.loads(json.dumps(draw(st.sampled_from(whole))))
    for _ in range(draw(st.integers(1, most))):
        inner = data
        while True:
            keys = [*inner] if isinstance(inner, dict) else [*range(len(inner))]
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(inner[key], dict | list) and inner[key] and draw(st.booleans()):
                inner = inner[key]
                continue
            change = draw(st.sampled_from(["swap", "swap", "drop", "add"]))
            if change == "drop":
                del inner[key]
            elif change == "add" and isinstance(inner, dict):
                inner[draw(st.sampled_from(ODD_TEXTS))] = deepcopy(draw(st.sampled_from(ODD_DATA)))
            else:
                inner[key] = deepcopy(draw(st.sampled_from(ODD_DATA)))
            break
    return data


def configurations() -> st.SearchStrategy[bytes]:
    """Files that are nearly a search's configuration."""
    whole = [yaml.safe_dump(TINY), yaml.safe_dump(TINY, default_flow_style=True), "", "a: &a {b: 1}\nc: *a\n"]
    texts = slips(whole, YAML_PIECES).map(lambda text: text.encode(errors="surrogatepass"))
    return texts | swaps([TINY]).map(lambda data: yaml.safe_dump(data).encode()) | st.binary(max_size=50)


def cells() -> st.SearchStrategy[str]:
    """Texts that are nearly a cell."""
    return slips(CELLS, CELL_PIECES)


def documents() -> st.SearchStrategy[str]:
    """Texts that are nearly a stored document."""
    texts = [file.read_text() for file in sorted(GOLDEN.rglob("*.json"))]
    pieces = (
        "{",
        "[",
        "]",
        "}",
        ",",
        ":",
        '"',
        "NaN",
        "-Infinity",
        "1e999",
        "9",
        r"\ud800",
        r"\u0000",
        "\udcff",
        "null",
        '{"a":',
    )
    data = swaps([json.loads(text) for text in texts]).map(json.dumps)
    return data | slips(texts, pieces)


def weights() -> st.SearchStrategy[bytes]:
    """Bytes that are nearly a safetensors file."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    more = {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}
    headers = [
        {"a": entry},
        {"__metadata__": {"nasflow": "{}"}, "network/a": entry, "kind": more},
        {"memory.rewards": entry},
    ]
    texts = swaps(headers).map(json.dumps) | slips(
        [json.dumps(each) for each in headers], ("{", "[", "-", "9", "null", r"\ud800")
    )
    lengths = st.sampled_from([0, 0, 0, 0, 1, -1, 2**40, 2**62])
    return st.builds(_file, texts, lengths, st.sampled_from([0, 8, 16, 17]))


def _file(header: str, more: int, size: int) -> bytes:
    text = header.encode(errors="surrogatepass")
    return max(len(text) + more, 0).to_bytes(8, "little") + text + bytes(size)


def addresses() -> st.SearchStrategy[str]:
    """Texts that are nearly the address of a store, or of a server."""
    return slips(ADDRESSES, ADDRESS_PIECES)
