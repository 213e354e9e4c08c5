"""A store in an S3 bucket: any server that takes If-None-Match and If-Match on PutObject.

A lost reply. botocore sends a request again when its reply is lost, and the second try of a put that had
worked is answered 412: this call's own write looks like somebody else's. So each put carries an id in the
object's metadata, and after a 412 that followed a retry the id tells whose it was: callers need not know.
Only a put whose reply was lost *and* that was replaced by another writer before the second try is reported
as lost although it was there for a moment. `create` followed by reading is safe even so; who builds on
`replace` reads the key again and looks whether its own entry is in the state before adding it.
"""

from typing import TYPE_CHECKING, Any, TypedDict
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nasflow.base.errors import NotFound, StoreError
from nasflow.base.settings import S3_ATTEMPTS, S3_ENDPOINT, S3_PROFILE
from nasflow.store.keys import check_key, check_prefix, is_key
from nasflow.store.protocol import Keys
from nasflow.store.s3_failures import code, refusals_explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WRITER = "nasflow-writer"
_CONFLICT_TRIES = 7


class _Condition(TypedDict, total=False):
    IfNoneMatch: str
    IfMatch: str


def open_bucket(bucket: str, prefix: str) -> "S3Store":
    """The store at `s3://bucket/prefix`, with a client from the AWS environment; nothing is sent yet.

    Raises StoreError if the environment is broken (a profile that is not there, an endpoint that is no URL).
    """
    try:
        # A session of its own: boto3's default one keeps the first credentials it ever saw.
        client = boto3.session.Session().client("s3", config=_config())
    except (BotoCoreError, ValueError) as error:
        raise StoreError(
            f"store s3://{bucket}/{prefix}: the AWS environment is broken ({type(error).__name__}): "
            f"check {S3_PROFILE} and {S3_ENDPOINT} (a URL with http:// or https://)"
        ) from None
    return S3Store(bucket, prefix, client)


def _config() -> Config:
    """Up to six tries, about 15 s: a server's restart is survived, unless S3_ATTEMPTS says otherwise."""
    if S3_ATTEMPTS.is_set:
        return Config(connect_timeout=10, retries={"mode": "standard"})
    return Config(connect_timeout=10, retries={"mode": "standard", "total_max_attempts": 6})


class S3Store:
    """`protocol.Store` under `prefix` in `bucket`, through `client`; values up to 5 GB."""

    def __init__(self, bucket: str, prefix: str, client: "S3Client") -> None:
        self._bucket = bucket
        self._prefix = check_prefix(prefix.strip("/"))
        self._client = client
        client.meta.events.register(
            "needs-retry.s3.PutObject",
            _wait_for_conflict,  # type: ignore[arg-type]  # the stubs forget that this event takes an answer
            unique_id="nasflow-conflict",
        )

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`; the endpoint is the environment's."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def create(self, key: str, data: bytes) -> bool:
        """See `protocol.Store`."""
        return self._put(key, data, {"IfNoneMatch": "*"}) is not None

    def read(self, key: str) -> bytes:
        """See `protocol.Store`."""
        return self.read_versioned(key)[0]

    def read_versioned(self, key: str) -> tuple[bytes, str]:
        """See `protocol.Store`; the version is the ETag."""
        name = self._name(key)
        with refusals_explained(self.url, self._client):
            try:
                reply = self._client.get_object(Bucket=self._bucket, Key=name)
            except self._client.exceptions.NoSuchKey:
                raise NotFound(f"store {self.url} has no {key}: check the store and the name") from None
            return reply["Body"].read(), reply["ETag"]

    def replace(self, key: str, data: bytes, version: str | None) -> str | None:
        """See `protocol.Store`."""
        return self._put(key, data, {"IfNoneMatch": "*"} if version is None else {"IfMatch": version})

    def exists(self, key: str) -> bool:
        """See `protocol.Store`; False too if the whole bucket is missing, which HEAD does not tell apart."""
        name = self._name(key)
        with refusals_explained(self.url, self._client):
            return self._writer_and_version(name) is not None

    def list(self, prefix: str) -> Keys:
        """See `protocol.Store`; a request for every thousand keys."""
        start = self._prefix + "/" if self._prefix else ""
        wanted = start + check_prefix(prefix)
        with refusals_explained(self.url, self._client):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=wanted)
            names = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key for name in names if is_key(key := name.removeprefix(start)))

    def delete(self, key: str) -> None:
        """See `protocol.Store`."""
        name = self._name(key)
        with refusals_explained(self.url, self._client):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def _name(self, key: str) -> str:
        check_key(key)
        return f"{self._prefix}/{key}" if self._prefix else key

    def _put(self, key: str, data: bytes, condition: _Condition) -> str | None:
        """The new ETag, or None if the condition did not hold."""
        name, writer = self._name(key), uuid4().hex
        with refusals_explained(self.url, self._client):
            try:
                reply = self._client.put_object(
                    Bucket=self._bucket, Key=name, Body=data, Metadata={_WRITER: writer}, **condition
                )
            except ClientError as error:
                # If-Match on a missing key is 404 on AWS and 412 elsewhere.
                if code(error) not in ("PreconditionFailed", "NoSuchKey"):
                    raise
                return self._version_if_mine(name, writer) if _was_retried(error) else None
            return reply["ETag"]

    def _version_if_mine(self, name: str, writer: str) -> str | None:
        found = self._writer_and_version(name)
        return found[1] if found and found[0] == writer else None

    def _writer_and_version(self, name: str) -> tuple[str | None, str] | None:
        """Who wrote the object, and its ETag; None if it is not there."""
        try:
            reply = self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if code(error) != "404":
                raise
            return None
        return reply["Metadata"].get(_WRITER), reply["ETag"]


def _was_retried(error: ClientError) -> bool:
    return error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0


def _wait_for_conflict(response: Any, attempts: int, **_: Any) -> float | None:
    """Seconds after which botocore tries again, or None: not a conflict, or too many.

    409 means that another conditional write of the key is under way: neither won nor lost. A few seconds
    later it is one or the other. botocore does not know this code, so its own retry loop is told.
    """
    conflict = response is not None and response[0].status_code == 409
    return 0.05 * 2**attempts if conflict and attempts < _CONFLICT_TRIES else None
