"""Text without credentials: what an address, another program's message or the environment can bring along.

`masked` is the one function for it: whatever is printed, logged or stored and was not made by nasflow goes
through it. Where it cannot tell a secret from a name, it hides both.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from nasflow.base.settings import environment

_HIDDEN = "***"
_SHORTEST_SECRET = 4
"""Characters: a shorter value of the environment is a word of too many messages."""
_LONG_SECRET = 8
"""Characters: from here on a value is hidden inside words too, where it is by no accident."""

_SECRET = r"passw(?:or)?d|passphrase|pwd|secret|token|signature|credential|(?:api|access|private)[-_]?key"
_SECRET_VARIABLE = re.compile(rf"(?i)(?:{_SECRET})s?$")
_FOLDERS = {"PWD", "OLDPWD"}
"""A shell's working directories: no passwords."""
_USER = re.compile(r"//(?:[^/\s:@]{0,200}:[^\s\"'<>]{0,1000}|[^/\s]{0,1000})@")
"""What stands before a host: in a password that was not encoded, slashes too. Bounded, as all of these: a
message may be as long as somebody likes."""
_NAMED = re.compile(
    rf"(?i)((?:(?:{_SECRET})\w{{0,40}}|\bsig|\bpass)(?:\s*=\s*|%3D|[\"']\s*:\s*))(\"[^\"]*\"|'[^']*'|[^&\s\"']+)"
)
"""`X-Amz-Signature=...`, `&sig=...`, `"password": "..."`: the name and the sign, then the value."""
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/-]{8,}=*")


def masked(text: str) -> str:
    """`text` without the credentials that an address, an error or the environment can have put there."""
    # The longest first: one secret may be the beginning of another.
    for secret in sorted(_known_secrets(), key=len, reverse=True):
        anywhere = re.escape(secret)
        text = re.sub(anywhere if len(secret) >= _LONG_SECRET else rf"(?<!\w){anywhere}(?!\w)", _HIDDEN, text)
    text = _USER.sub(f"//{_HIDDEN}@", text)
    text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
    return _NAMED.sub(_without_value, text)


def _without_value(found: re.Match[str]) -> str:
    """The name and the sign, with quotes where they were: JSON stays JSON."""
    name, value = found.groups()
    quote = value[0] if value[0] in "\"'" else ""
    return f"{name}{quote}{_HIDDEN}{quote}"


def bare_address(address: str) -> str:
    """`address` without the user and password, the query and the fragment that somebody put into it."""
    # First the user: a password may hold what begins a path, a query or a fragment elsewhere.
    return re.split("[?#]", _USER.sub("//", address), maxsplit=1)[0]


def _known_secrets() -> set[str]:
    """What this process's environment holds: secrets by the names of variables, and those of addresses."""
    found = set[str]()
    for name, value in environment().items():
        is_secret = _SECRET_VARIABLE.search(name) and name not in _FOLDERS
        found.update([value] if is_secret else _passwords(value))
    return {each for secret in found for each in (secret, unquote(secret)) if len(each) >= _SHORTEST_SECRET}


def _passwords(value: str) -> Iterator[str]:
    """The passwords and signatures in the addresses of a variable."""
    if "://" in value:
        yield from (user[2:-1].partition(":")[2] for user in _USER.findall(value))
        yield from (secret for _, secret in _NAMED.findall(value))
