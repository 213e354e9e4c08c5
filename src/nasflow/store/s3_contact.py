"""Asking an S3 server patiently: for minutes once it was seen to be there, for seconds before.

A server that was there will come back, and a search can wait for it. One that never answered has most likely
another address, which a person wants to hear soon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from nasflow.base.credentials import bare_address
from nasflow.base.errors import StoreError, StoreUnavailable
from nasflow.base.patience import patiently
from nasflow.base.settings import STORE_PATIENCE
from nasflow.base.terminal import say
from nasflow.store.s3_failures import FAILURES, can_pass, code_of, remedy_for, whole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_Found = TypeVar("_Found")

_ORDINARY = 300
_UNSEEN = 15
_SEEN = set[str]()
"""Places that have answered this process: a command may open one store more than once."""


@dataclass(frozen=True)
class Patience:
    """Seconds for which a server that does not answer is asked again."""

    unseen: float
    """Before its first answer to this process."""
    seen: float


def patience_of(proven: bool) -> Patience:
    """As the environment says, and no shorter at first where the store is `proven`: see `open_store`."""
    asked = STORE_PATIENCE.get()
    seen = _ORDINARY if asked is None else asked
    return Patience(seen if proven else min(seen, _UNSEEN), seen)


class Contact:
    """One store's way to its server."""

    def __init__(self, url: str, client: "S3Client", patience: Patience) -> None:
        self._place = f"store {url} at {bare_address(client.meta.endpoint_url)}"
        self._patience = patience
        self._is_told = False

    def ask(self, request: Callable[[], _Found]) -> _Found:
        """What `request` returns; all of it is done again while that can help.

        Raises StoreUnavailable if it did not help for as long as there was patience; StoreError if refused.
        """
        try:
            found = patiently(lambda: whole(request), can_pass, self._seconds, self._tell)
        except FAILURES as error:
            raise self._explained(error) from error
        _SEEN.add(self._place)
        self._is_told = False
        return found

    @property
    def _seconds(self) -> float:
        return self._patience.seen if self._place in _SEEN else self._patience.unseen

    def _tell(self, error: Exception) -> None:
        """Once an absence, however many threads wait for its end."""
        if not self._is_told:
            self._is_told = True
            line = f"{self._place}: {code_of(error)}: it is waited for, {self._seconds:g} seconds at most"
            say(f"warning: {line}")

    def _explained(self, error: Exception) -> StoreError:
        said = f"{self._place}: {code_of(error)}"
        if not can_pass(error):
            return StoreError(f"{said}: {remedy_for(error)}")
        if self._place not in _SEEN:
            return StoreUnavailable(f"{said}, for {self._seconds:g} seconds: {remedy_for(error)}")
        return StoreUnavailable(
            f"{said}, for {self._seconds:g} seconds ({STORE_PATIENCE}): {remedy_for(error)}; "
            "what is stored is kept, the same command goes on"
        )
