"""A search that is looked at again and again: what its store says, and what its cluster does."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nasflow.cli.cluster import connect_for
from nasflow.cli.status import status_lines
from nasflow.cli.told import silence_text, standing_text

if TYPE_CHECKING:
    from nasflow.backends.cluster import ClusterStatus
    from nasflow.steps.archive import Archive
    from nasflow.steps.follow import SearchView

_CLUSTER_SECONDS = 15
"""Between two questions to a cluster."""


@dataclass(frozen=True)
class ClusterLook:
    """What a search's cluster says; of one that was never submitted, nothing."""

    lines: tuple[str, ...] = ()
    """As `nasflow status` has them."""
    is_submitted: bool = False
    is_going_on: bool = False
    """Whether the newest run is not over, as far as can be seen."""
    has_pods: bool = False
    """Whether pods are there that run, wait, or bring up the next ones."""


@dataclass(frozen=True)
class Look:
    """What is seen at one moment."""

    view: "SearchView"
    lanes: int
    """Networks that were in training at the same time, at most so far."""
    cluster: ClusterLook
    is_new: bool
    """Whether anything but the time has changed since the look before."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done, in pods too: the last ones register and report."""
        return self.view.is_over and not self.cluster.is_going_on

    @property
    def standing(self) -> str:
        """Where the search stands, in a few words."""
        return standing_text(self.view, self.lanes, self.cluster.is_submitted)

    @property
    def silence(self) -> str:
        """What to do where nobody seems to be at work; empty: somebody is, a pod that begins too."""
        return "" if self.cluster.has_pods else silence_text(self.view)


def looks(archive: "Archive", search: str, every: float) -> Iterator[Look]:
    """One look after the other, `every` so many seconds, the last one at a search that is over."""
    from nasflow.steps.follow import Follower

    follower, cluster = Follower(archive, search), _Cluster(archive, search)
    lanes, before = 1, None
    while True:
        view = follower.look()
        lanes = max(lanes, view.at_work)
        documents = view.ledger.model_copy(update={"attempts": ()})
        look = Look(view, lanes, cluster.look(), documents != before)
        yield look
        if look.is_over:
            return
        before = documents
        time.sleep(every)


class _Cluster:
    """Asks a search's cluster now and then, and remembers the answer."""

    def __init__(self, archive: "Archive", search: str) -> None:
        self._archive, self._search = archive, search
        self._known = ClusterLook()
        self._next = 0.0

    def look(self) -> ClusterLook:
        """What Kubeflow says; where it does not answer, what the store knows."""
        if time.monotonic() >= self._next:
            self._known = self._ask()
            self._next = time.monotonic() + _CLUSTER_SECONDS
        return self._known

    def _ask(self) -> ClusterLook:
        from nasflow.steps.keys import submission_key

        if not self._archive.store.exists(submission_key(self._search)):
            return ClusterLook()
        from nasflow.backends.cluster import status, status_in_store
        from nasflow.base.errors import KubeflowUnavailable

        try:
            found = status(self._archive, self._search, connect_for(self._archive, self._search))
        except KubeflowUnavailable as error:
            found = status_in_store(self._archive, self._search, str(error))
        return _seen(found, self._archive.command("resume", self._search))


def _seen(found: "ClusterStatus", resume: str) -> ClusterLook:
    from nasflow.base.credentials import masked

    is_going_on = found.state is not None and not found.state.is_over
    at_work = [each for each in found.pods if each.phase not in {"Succeeded", "Failed"}]
    return ClusterLook(
        lines=tuple(masked(line) for line in status_lines(found, resume)),
        is_submitted=True,
        is_going_on=is_going_on,
        has_pods=is_going_on and bool(at_work or found.helpers),
    )
