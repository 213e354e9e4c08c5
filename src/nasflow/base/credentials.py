"""Text without credentials: what an address, another program's message or the environment can bring along."""

import re
from urllib.parse import urlsplit, urlunsplit

from nasflow.base.settings import environment

_SECRET_VARIABLE = re.compile(r"_(PASSWORD|TOKEN|SECRET|SECRET_ACCESS_KEY)$")
_IN_ADDRESS = re.compile(r"//[^/\s]*@")
_IN_QUERY = re.compile(r"(?i)\b((?:password|passwd|pwd|token|secret|api_key)=)[^&\s]+")


def masked(text: str) -> str:
    """`text` without the credentials that an address, an error or the environment can have put there."""
    for name, value in environment().items():
        if value and _SECRET_VARIABLE.search(name):
            text = text.replace(value, "***")
    return _IN_QUERY.sub(r"\1***", _IN_ADDRESS.sub("//***@", text))


def bare_address(address: str) -> str:
    """`address` without the user and password, the query and the fragment that somebody put into it."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
