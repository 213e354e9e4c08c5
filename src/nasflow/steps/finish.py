"""The end of a search: choose by held-out accuracy, retrain at full size, look at the test set once."""

from dataclasses import dataclass

from nasflow.base.errors import ChildFailed
from nasflow.search.config import SearchConfig
from nasflow.search.record import ChildRecord, FinishRecord, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree
from nasflow.steps.archive import Archive, child_key, finish_key, search_key
from nasflow.steps.images import device, load_test_images
from nasflow.steps.network import arrange, load_network
from nasflow.training.datasets.images import Images
from nasflow.training.evaluate import Evaluation
from nasflow.training.evaluate import evaluate as evaluate_network


@dataclass(frozen=True)
class Finalists:
    """The children to be trained from scratch at full size, by id."""

    winner: str
    start: str | None
    """The start cell in the same place, if the configuration compares."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Both, in the order of their training; one if the winner is the start cell."""
        return (self.winner,) if self.start in {None, self.winner} else (self.winner, str(self.start))


def select(archive: Archive, search: str, stop: SearchStop) -> Finalists:
    """Write the specs of the full-size networks: the chosen cell's, and the start cell's beside it."""
    config = archive.read(search_key(search, "config"), SearchConfig)
    best = archive.read(child_key(str(stop.best), "record"), ChildRecord)
    start = archive.read(search_key(search, "start"), ChildSpec)
    parents = (best.child, start.id) if config.finish.inherit else (None, None)
    winner = full_size(archive, search, best.cell, parents[0])
    if not config.finish.compare:
        return Finalists(winner, None)
    return Finalists(winner, full_size(archive, search, config.start_cell, parents[1]))


def full_size(archive: Archive, search: str, cell: Tree, parent: str | None = None) -> str:
    """Write the spec of a cell at full size, to be trained as the finish trains; its id.

    From scratch, or from the weights of `parent`, which has the same cell and host.
    """
    config = archive.read(search_key(search, "config"), SearchConfig)
    start = archive.read(search_key(search, "start"), ChildSpec)
    network = NetworkSpec.model_validate(start.network.model_dump() | {"cell": cell, "host": config.hosts[1]})
    spec = ChildSpec(
        network=network, parent=parent, data=start.data, recipe=config.finish.recipe, seed=config.seed
    )
    return archive.create(child_key(spec.id, "spec"), spec).id


def test(archive: Archive, search: str, stop: SearchStop, finalists: Finalists) -> FinishRecord:
    """The one look at the test images, after both finalists are trained.

    Raise ChildFailed if the winner could not be trained at full size.
    """
    key = finish_key(search, stop.rounds, "finish")
    known = archive.find(key, FinishRecord)
    if known:
        return known
    winner = archive.read(child_key(finalists.winner, "record"), ChildRecord)
    if winner.accuracy is None:
        raise ChildFailed(
            f"the winner could not be trained at full size: {winner.failure}; "
            "give the search another name and another finish"
        )
    images = load_test_images(archive, archive.read(child_key(finalists.winner, "spec"), ChildSpec).data)
    result = _evaluate(archive, winner, images)
    start = archive.find(child_key(finalists.start, "record"), ChildRecord) if finalists.start else None
    compared = _evaluate(archive, start, images) if start and start.weights else None
    record = FinishRecord(
        child=str(stop.best),
        final=finalists.winner,
        held_out_accuracy=winner.accuracy,
        test_accuracy=result.accuracy,
        test_images=result.images,
        start_final=finalists.start,
        start_test_accuracy=compared.accuracy if compared else None,
    )
    return archive.create(key, record)


def _evaluate(archive: Archive, record: ChildRecord, images: Images) -> Evaluation:
    spec = archive.read(child_key(record.child, "spec"), ChildSpec)
    network = arrange(load_network(archive, spec, str(record.weights)), spec.recipe)
    return evaluate_network(network, images, spec.data, device=device(spec.recipe))
