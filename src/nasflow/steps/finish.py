"""The end of a search: what is trained at full size, and the one look at the test set."""

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.search.finalists import finalists
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.rounds import FinishRecord, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.images import device, load_test_images
from nasflow.steps.keys import finish_key, spec_key, stop_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.network import arrange, load_network
from nasflow.steps.records import find_record, read_record
from nasflow.training.datasets.images import Images
from nasflow.training.evaluate import Evaluation, evaluate_network


def conclude(archive: Archive, search: str, stop: SearchStop) -> SearchStop:
    """Write down the stop, and the specs of the networks at full size; the stop that was first stays.

    Once for the number of rounds it came after: a budget that is changed later does not rewrite it.
    """
    known = archive.find(stop_key(search, stop.rounds), SearchStop)
    wanted = read_ledger(archive, search).model_copy(update={"stop": known or stop})
    found = finalists(wanted)
    for spec in found.specs if found else ():
        archive.create(spec_key(spec.id), spec)
    return known or archive.create(stop_key(search, stop.rounds), stop)


def run_test(archive: Archive, search: str, stop: SearchStop) -> FinishRecord:
    """The one look at the test images, after the finalists are trained.

    Raise ChildFailed if the winner could not be trained at full size.
    """
    key = finish_key(search, stop.rounds)
    known = archive.find(key, FinishRecord)
    if known:
        return known
    wanted = finalists(read_ledger(archive, search))
    if wanted is None:
        raise NotFound(f"search {search!r} has chosen no network: `nasflow resume {search}` goes on with it")
    record = read_record(archive, wanted.winner.id)
    if isinstance(record, FailedRecord):
        raise ChildFailed(
            f"the winner could not be trained at full size: {record.failure}; "
            "give the search another name and another finish"
        )
    images = load_test_images(archive, wanted.winner.data)
    result = _evaluate(archive, wanted.winner, record, images)
    compared = _compared(archive, wanted.start, images) if wanted.start else None
    return archive.create(
        key,
        FinishRecord(
            child=wanted.chosen,
            final=wanted.winner.id,
            held_out_accuracy=record.accuracy,
            test_accuracy=result.accuracy,
            test_images=result.images,
            start_final=wanted.start.id if wanted.start else None,
            start_test_accuracy=compared.accuracy if compared else None,
        ),
    )


def _compared(archive: Archive, start: ChildSpec, images: Images) -> Evaluation | None:
    """What the start network reaches at full size; None if it could not be trained."""
    record = find_record(archive, start.id)
    return _evaluate(archive, start, record, images) if isinstance(record, TrainedRecord) else None


def _evaluate(archive: Archive, spec: ChildSpec, record: TrainedRecord, images: Images) -> Evaluation:
    network = arrange(load_network(archive, spec, record.weights), spec.recipe)
    return evaluate_network(network, images, spec.data, device=device(spec.recipe))
