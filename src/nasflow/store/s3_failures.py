"""What S3 refused, in one line with the address and the remedy, and never a secret.

Only an error's code is repeated, not its message: servers put parts of requests in there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from nasflow.base.credentials import bare_address
from nasflow.base.errors import StoreError
from nasflow.base.settings import S3_ACCESS_KEY, S3_ENDPOINT, S3_REGION, S3_SECRET_KEY, S3_SESSION_TOKEN

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEYS = f"check {S3_ACCESS_KEY}, {S3_SECRET_KEY} and {S3_SESSION_TOKEN}"
_RIGHTS = "give these credentials the rights to list the bucket and to get, put and delete objects in it"
_REGION = f"set {S3_REGION} to the bucket's region"
_REMEDIES = {
    "NoSuchBucket": "create the bucket, or correct its name",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "ExpiredToken": _KEYS,
    "InvalidToken": _KEYS,
    "AccessDenied": _RIGHTS,
    "403": f"{_KEYS}, and {_RIGHTS}",
    "RequestTimeTooSkewed": "set this machine's clock",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "NotImplemented": "use an S3 server with conditional writes (AWS S3, SeaweedFS, MinIO of 2025)",
}


@contextmanager
def refusals_explained(url: str, client: "S3Client") -> Iterator[None]:
    """Raise StoreError for whatever botocore gave up on."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreError(
            f"store {url} at {bare_address(client.meta.endpoint_url)}: {code(error)}: {_remedy(error)}"
        ) from error


def code(error: BotoCoreError | ClientError) -> str:
    """S3's own word for an answer ("NoSuchBucket"), or botocore's for no answer."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "unknown error")
    return type(error).__name__


def _remedy(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"set {S3_ACCESS_KEY} and {S3_SECRET_KEY}"
    if isinstance(error, ConnectionError | HTTPClientError):
        return f"check {S3_ENDPOINT}, the network, and that the server runs"
    return _REMEDIES.get(code(error), "try again; if it stays, look at the server's log")
