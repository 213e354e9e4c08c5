"""What S3 refused or failed at: what can pass by itself, and what to say in one line, never with a secret.

Only an error's code is repeated, not its message: servers put parts of requests in there.
"""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from nasflow.base.settings import S3_ACCESS_KEY, S3_ENDPOINT, S3_REGION, S3_SECRET_KEY, S3_SESSION_TOKEN

_Found = TypeVar("_Found")


class CutShort(HTTPError):
    """An answer lacks what each one has: http.client takes a head that breaks off for a whole one."""


FAILURES = (BotoCoreError, ClientError, ResponseParserError, HTTPError, RecursionError)
"""All that a request can end with. botocore lets the last three through: it reads the body of an error, and
parses every body, without a look at what may go wrong there; and it asks whoever sends it elsewhere for the
bucket's region, is sent elsewhere again, and so on."""

_BROKEN_OFF = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError, HTTPError)
"""No answer, or not all of it."""

_BUSY = frozenset({408, 409, 429})
"""409: another conditional write of the key is under way: neither won nor lost, but soon one or the other."""
_NOT_IMPLEMENTED = 501
_TORN = frozenset({"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch"})
"""What a server says with status 400 when our own body did not arrive whole."""

_KEYS = f"check {S3_ACCESS_KEY}, {S3_SECRET_KEY} and {S3_SESSION_TOKEN}"
_RIGHTS = "give these credentials the rights to list the bucket and to get, put and delete objects in it"
_REGION = f"set {S3_REGION} to the bucket's region"
_SERVER = "use an S3 server with conditional writes (AWS S3, SeaweedFS, MinIO of 2025)"
_SENT_ELSEWHERE = "sent elsewhere again and again"
_REMEDIES = {
    "NoSuchBucket": "create the bucket, or correct its name",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": f"{_KEYS}, and that no proxy changes requests on their way",
    "ExpiredToken": _KEYS,
    "InvalidToken": _KEYS,
    "AccessDenied": _RIGHTS,
    "403": f"{_KEYS}, and {_RIGHTS}",
    "RequestTimeTooSkewed": "set this machine's clock",
    "PermanentRedirect": _REGION,
    _SENT_ELSEWHERE: f"check {S3_ENDPOINT}: a login page may be in between, or https be wanted",
    "AuthorizationHeaderMalformed": _REGION,
    "NotImplemented": _SERVER,
    "InvalidArgument": _SERVER,
    "InvalidRequest": "use a bucket without object lock, and look at the server's log",
}


def whole(request: Callable[[], _Found]) -> _Found:
    """What `request` returns. Raises CutShort where botocore stumbles over half a date or number."""
    try:
        return request()
    except ValueError as error:
        raise CutShort from error


def can_pass(error: Exception) -> bool:
    """Whether the same request may succeed later: no answer, half of one, or a server that is busy or ill."""
    if isinstance(error, ClientError):
        status = status_of(error)
        is_ill = status in _BUSY or (status >= 500 and status != _NOT_IMPLEMENTED)
        return is_ill or code_of(error) in _TORN or _is_wordless(error)
    return isinstance(error, _BROKEN_OFF)


def _is_wordless(error: ClientError) -> bool:
    """Whether S3's XML is missing, broken off or not S3's: then botocore makes a code of the status."""
    return error.operation_name != "HeadObject" and code_of(error) == str(status_of(error))


def status_of(error: ClientError) -> int:
    """The answer's HTTP status."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def code_of(error: Exception) -> str:
    """S3's own word for an answer ("NoSuchBucket"), or the libraries' for no answer."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") or f"status {status_of(error)}"
    return _SENT_ELSEWHERE if isinstance(error, RecursionError) else type(error).__name__


def remedy_for(error: Exception) -> str:
    """What a person can do about it."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"set {S3_ACCESS_KEY} and {S3_SECRET_KEY}"
    if isinstance(error, _BROKEN_OFF):
        return f"check {S3_ENDPOINT}, the network, and that the server runs"
    return _REMEDIES.get(code_of(error), "try again; if it stays, look at the server's log")
