"""A store in an S3 bucket: any server that takes If-None-Match and If-Match on PutObject.

A lost reply. A request is done again when its reply is lost, by us or by a proxy on the way, and the second
try of a put that had worked is answered 412: this call's own write looks like somebody else's. So each put
carries an id in the object's metadata, and after a 412 the id tells whose it was: callers need not know.
Only a put whose reply was lost *and* that was replaced by another writer before the second try is reported
as lost although it was there for a moment. `create` followed by reading is safe even so; who builds on
`replace` reads the key again and looks whether its own entry is in the state before adding it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nasflow.base.errors import NotFound, StoreError
from nasflow.base.settings import S3_ENDPOINT, S3_PROFILE
from nasflow.store.keys import check_key, check_place, check_prefix, is_key
from nasflow.store.protocol import Keys
from nasflow.store.s3_contact import Contact, Patience, patience_of
from nasflow.store.s3_failures import CutShort, code_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_WRITER = "nasflow-writer"
_FRAMES = {"content-length", "transfer-encoding"}
"""Headers that say where a body ends; without one it ends where the connection breaks."""
_CONFIG = Config(
    connect_timeout=10,
    # One try: `Contact` knows which requests can be done again, their bodies included, and for how long.
    retries={"mode": "standard", "total_max_attempts": 1},
    # Servers of other makes refuse the headers of checksums. Nothing is lost: each put's signature holds the
    # sha256 of its body, and a blob is checked against its name when it is read.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@dataclass(frozen=True)
class _Object:
    data: bytes
    version: str
    writer: str | None


class _Condition(TypedDict, total=False):
    IfNoneMatch: str
    IfMatch: str


class _Following(TypedDict, total=False):
    ContinuationToken: str


def open_bucket(bucket: str, prefix: str, proven: bool = False) -> "S3Store":
    """The store at `s3://bucket/prefix`, with a client from the AWS environment; nothing is sent yet.

    `proven`: see `open_store`. Raises StoreError if the environment is broken (a profile that is not there,
    an endpoint that is no URL).
    """
    try:
        # A session of its own: boto3's default one keeps the first credentials it ever saw.
        client = boto3.session.Session().client("s3", config=_CONFIG)
    except (BotoCoreError, ValueError) as error:
        raise StoreError(
            f"store s3://{bucket}/{prefix}: the AWS environment is broken ({type(error).__name__}): "
            f"check {S3_PROFILE} and {S3_ENDPOINT} (a URL with http:// or https://)"
        ) from None
    return S3Store(bucket, prefix, client, patience_of(proven))


class S3Store:
    """`protocol.Store` under `prefix` in `bucket`, through `client`; values up to 5 GB."""

    def __init__(self, bucket: str, prefix: str, client: "S3Client", patience: Patience) -> None:
        self._bucket = bucket
        self._prefix = check_place(prefix.strip("/"))
        self._client = client
        self._ask = Contact(self.url, client, patience).ask

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
        found = self._ask(lambda: self._get(name))
        if found is None:
            raise NotFound(f"store {self.url} has no {key}: check the store and the name")
        return found.data, found.version

    def replace(self, key: str, data: bytes, version: str | None) -> str | None:
        """See `protocol.Store`."""
        return self._put(key, data, {"IfNoneMatch": "*"} if version is None else {"IfMatch": version})

    def exists(self, key: str) -> bool:
        """See `protocol.Store`; False too if the whole bucket is missing, which HEAD does not tell apart."""
        name = self._name(key)
        return self._ask(lambda: self._is_there(name))

    def list(self, prefix: str) -> Keys:
        """See `protocol.Store`; a request for every thousand keys."""
        start = self._prefix + "/" if self._prefix else ""
        names = self._names(start + check_prefix(prefix))
        return sorted(key for name in names if is_key(key := name.removeprefix(start)))

    def delete(self, key: str) -> None:
        """See `protocol.Store`."""
        name = self._name(key)
        self._ask(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))

    def _name(self, key: str) -> str:
        check_key(key)
        return f"{self._prefix}/{key}" if self._prefix else key

    def _get(self, name: str) -> _Object | None:
        """The object, to its last byte; None if it is not there."""
        try:
            reply = self._client.get_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return None
        if not _FRAMES & reply["ResponseMetadata"]["HTTPHeaders"].keys():
            raise CutShort
        return _Object(reply["Body"].read(), _version(reply), reply["Metadata"].get(_WRITER))

    def _is_there(self, name: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if status_of(error) != 404:
                raise
            return False
        return True

    def _names(self, start: str) -> Keys:
        """Names of all objects that start so. Page by page: what breaks costs one page, not all."""
        names, token, seen = list[str](), "", set[str]()
        while token not in seen:
            seen.add(token)
            page = self._page(start, token)
            names += [item["Key"] for item in page.get("Contents", [])]
            token = page.get("NextContinuationToken", "")
            if not token:
                return names
        raise StoreError(f"store {self.url}: the server gives the same page of names again: look at its log")

    def _page(self, start: str, token: str) -> "ListObjectsV2OutputTypeDef":
        return self._ask(lambda: self._page_once(start, {"ContinuationToken": token} if token else {}))

    def _page_once(self, start: str, token: _Following) -> "ListObjectsV2OutputTypeDef":
        page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=start, **token)
        if "IsTruncated" not in page:
            raise CutShort
        return page

    def _put(self, key: str, data: bytes, condition: _Condition) -> str | None:
        """The new ETag, or None if the condition did not hold."""
        name, writer = self._name(key), uuid4().hex
        version = self._ask(lambda: self._put_once(name, data, writer, condition))
        return version or self._version_if_mine(name, writer)

    def _put_once(self, name: str, data: bytes, writer: str, condition: _Condition) -> str | None:
        """The new ETag, or None for what may be this writer's own success: see the top of the file."""
        try:
            reply = self._client.put_object(
                Bucket=self._bucket, Key=name, Body=data, Metadata={_WRITER: writer}, **condition
            )
        except ClientError as error:
            # If-Match on a missing key is 404 on AWS and 412 elsewhere.
            if status_of(error) != 412 and code_of(error) != "NoSuchKey":
                raise
            return None
        return _version(reply)

    def _version_if_mine(self, name: str, writer: str) -> str | None:
        # Not by HEAD, whose answer has no last byte: if the id were missing, nobody could tell why.
        found = self._ask(lambda: self._get(name))
        return found.version if found and found.writer == writer else None


def _version(reply: Any) -> str:
    """The ETag, with both of its quotes or, of some servers, none."""
    tag = str(reply.get("ETag", '"'))
    if tag.count('"') == 1:
        raise CutShort
    return tag
