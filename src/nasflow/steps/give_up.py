"""Give up a child that nobody can bring to an end."""

from nasflow.search.cluster import Trouble
from nasflow.search.record import AnyRecord
from nasflow.steps.archive import Archive
from nasflow.steps.keys import troubles_prefix
from nasflow.steps.records import write_failure


def give_up(archive: Archive, search: str, child: str, kills: int) -> AnyRecord:
    """The failed record of a child whose last `kills` attempts all ended before another epoch was kept.

    A pod that is killed (out of memory, most often) can write down nothing: without this, one child
    could hold up a search for ever.
    """
    said = _last_trouble(archive, search, child)
    return write_failure(
        archive, child, f"{kills} attempts ended before another epoch was kept, the last one: {said}"
    )


def _last_trouble(archive: Archive, search: str, child: str) -> str:
    """What a step of the child wrote down before it failed."""
    troubles = (archive.read(key, Trouble) for key in archive.store.list(troubles_prefix(search)))
    said = [each.reason for each in troubles if each.child == child]
    return said[-1] if said else "killed, for want of memory most likely"
