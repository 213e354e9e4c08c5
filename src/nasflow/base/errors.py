"""Everything that nasflow raises on purpose.

Each message is one line that names the thing, its value and the remedy; the door (`nasflow.cli`)
prints it and exits with the class's `exit_code`. A traceback is a bug of ours. What comes from elsewhere,
an address or another program's message, goes through `credentials.masked` first.
"""


class NasflowError(Exception):
    """Base of all expected failures."""

    exit_code = 1


class InvalidSpec(NasflowError, ValueError):
    """A tree, configuration or record that cannot be what it says: broken, newer, or not fitting.

    A ValueError too, so that pydantic takes its message where a validator raises it.
    """

    exit_code = 2


class DataSetMissing(NasflowError):
    """The images are not where the configuration says; the message tells how to get them."""

    exit_code = 3


class StoreError(NasflowError):
    """The store cannot be reached, read or written."""

    exit_code = 4


class StoreUnavailable(StoreError):
    """The store was waited for, and did not come back: later the same command may go on."""


class BlobDamaged(StoreError):
    """Stored bytes that do not match the digest they are named by."""


class NotFound(StoreError):
    """A key, a search or a child that the store does not hold."""


class UnknownSearch(NotFound, KeyError):
    """A search that a store does not hold, asked for as from a dictionary."""

    def __str__(self) -> str:
        # A KeyError would put it in quotes.
        return str(self.args[0])


class Conflict(NasflowError):
    """A search id that already belongs to another configuration."""

    exit_code = 5


class ChildFailed(NasflowError):
    """A child that cannot be trained (NaN, out of memory, not preserved): a result, recorded as such."""

    exit_code = 6


class SearchFailed(NasflowError):
    """A search that ended without a network: too many children failed, or none keeps its limits."""

    exit_code = 7


class VerificationFailed(NasflowError):
    """An edit changed the function of a network by more than the tolerance."""

    exit_code = 8


class TrackingUnavailable(NasflowError):
    """MLflow cannot be reached, read or written: worth one warning, never the end of a search."""

    exit_code = 9


class KubeflowUnavailable(NasflowError):
    """Kubeflow Pipelines or Kubernetes cannot be reached, or refuses."""

    exit_code = 10


class NotReady(NasflowError):
    """A cluster on which a search could not run as it is asked for."""

    exit_code = 11


class Stuck(NasflowError):
    """A search whose last run added nothing: going on by itself would go on for ever."""

    exit_code = 12


class Stopped(NasflowError):
    """Ctrl-C in the middle of a search: no failure, and nothing is lost; the message says how to go on.

    Without a message there is nothing to go on with, and nothing is said.
    """

    exit_code = 130


class Terminated(Stopped):
    """The same by SIGTERM, a cluster's way to say it."""

    exit_code = 143
    """As shells have it, and `base.ending`."""


class LaneLost(NasflowError):
    """A process that trained a child was killed from outside, for want of memory most likely."""

    exit_code = 13
