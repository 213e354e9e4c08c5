"""The end of a search: what is trained at full size, and the one look at the test set."""

from collections.abc import Iterator

from torch import Tensor

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.search.controls import Finalist, OnTest
from nasflow.search.finalists import finals
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.rounds import FinishRecord, SearchStop, Shortlisted, ShortlistRecord
from nasflow.search.shortlist import shortlist
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.images import device, load_test_images
from nasflow.steps.keys import finish_key, shortlist_key, spec_key, stop_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.network import arrange, load_network
from nasflow.steps.records import find_record, read_record
from nasflow.steps.widen import widened
from nasflow.training.datasets.images import Images
from nasflow.training.evaluate import are_right


def draw_up_shortlist(archive: Archive, search: str, rounds: int) -> ShortlistRecord:
    """Write down the best children of so many rounds, and the specs of their networks at full size; what was
    first stays.
    """
    ledger = read_ledger(archive, search, until=rounds)
    wanted = shortlist(ledger)
    for spec in wanted.values():
        archive.create(spec_key(spec.id), spec)
    entries = tuple(Shortlisted(child=child, final=spec.id) for child, spec in wanted.items())
    record = ShortlistRecord(rounds=rounds, entries=entries)
    return archive.create(shortlist_key(search, rounds), record)


def conclude(archive: Archive, search: str, stop: SearchStop) -> SearchStop:
    """Write down the stop, and the specs of the networks at full size; the stop that was first stays.

    Once for the number of rounds it came after: a budget that is changed later does not rewrite it.
    """
    key = stop_key(search, stop.rounds)
    if known := archive.find(key, SearchStop):
        return known
    ended = read_ledger(archive, search, until=stop.rounds).model_copy(update={"stop": stop})
    wanted = finals(ended, widened)
    for spec in wanted.specs.values():
        archive.create(spec_key(spec.id), spec)
    known_end = {"finalists": tuple(wanted.specs), "missing": wanted.missing}
    return archive.create(key, stop.model_copy(update=known_end))


def run_test(archive: Archive, search: str, stop: SearchStop) -> FinishRecord:
    """The one look at the test images, after the finalists are trained.

    Raise ChildFailed if the found network could not be trained at full size.
    """
    key = finish_key(search, stop.rounds)
    if known := archive.find(key, FinishRecord):
        return known
    ledger = read_ledger(archive, search, until=stop.rounds)
    ended = ledger.stop
    if ended is None or ended.best is None:
        raise NotFound(
            f"search {search!r} has chosen no network: {archive.command('resume', search)} goes on with it"
        )
    first = read_record(archive, ended.finalists[0].child)
    if isinstance(first, FailedRecord):
        raise ChildFailed(
            f"the winner could not be trained at full size: {first.failure}; "
            "give the search another name and another finish"
        )
    images = load_test_images(archive, ledger.start_spec.data)
    return archive.create(
        key,
        FinishRecord(
            child=ended.best,
            held_out_accuracy=first.accuracy,
            test_images=len(images),
            tested=tuple(_test(archive, ended.finalists, images)),
        ),
    )


def _test(archive: Archive, finalists: tuple[Finalist, ...], images: Images) -> Iterator[OnTest]:
    """Each finalist that could be trained; the controls beside the found network of their seed."""
    found: dict[int, Tensor] = {}
    for each in finalists:
        right = _right(archive, each.child, images)
        if right is None:
            continue
        if each.control is None:
            found[each.seed] = right
        tested = OnTest(finalist=each, right=int(right.sum()))
        if each.control and (beside := found.get(each.seed)) is not None:
            only = {"only_found": int((beside & ~right).sum()), "only_control": int((right & ~beside).sum())}
            tested = tested.model_copy(update=only)
        yield tested


def _right(archive: Archive, child: str, images: Images) -> Tensor | None:
    """The test images that a network tells right: bool [images]; None if it could not be trained."""
    record = find_record(archive, child)
    if not isinstance(record, TrainedRecord):
        return None
    spec = archive.read(spec_key(child), ChildSpec)
    network = arrange(load_network(archive, spec, record.weights), spec.recipe)
    return are_right(network, images, spec.data, device=device(spec.recipe))
