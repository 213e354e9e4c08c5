"""Begin a search, or meet it again: the same configuration is the same search."""

from typing import Any

from nasflow.base.errors import Conflict, InvalidSpec, NasflowError
from nasflow.networks.adopted import identified
from nasflow.search.config import Budget, BudgetRecord, SearchConfig
from nasflow.search.start import TrainedStart
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts
from nasflow.spec.host import Adopted, AnyHost
from nasflow.spec.network import NetworkSpec
from nasflow.steps.adopt import adopt, check_runs
from nasflow.steps.archive import Archive, child_key, data_set_key, search_key
from nasflow.steps.images import new_training_data, training_data
from nasflow.store import check_writable, put_blob
from nasflow.tracking import tracking_beside


def begin(archive: Archive, config: SearchConfig) -> str:
    """Write down the search and its start network; return the search's id.

    Raise Conflict if its name belongs to another configuration, StoreError if the store cannot be
    written, DataSetMissing, InvalidSpec or TrackingUnavailable (for a start that is registered there) before
    anything is written. A changed budget extends or shortens the search.
    """
    existing = archive.find(search_key(config.name, "config"), SearchConfig)
    _refuse_other_files(existing, config, archive)
    facts = _facts(archive, config)
    _check_recipes(config, facts)
    config, weights = _adopted(archive, config, facts, existing)
    config = _identified(config, facts, existing)
    _refuse_another(existing, config, archive)
    host, last = config.hosts
    network = _network(config, host, facts)
    _network(config, last, facts)
    check_writable(archive.store)
    # First: a search that is known has all that it began with.
    if weights:
        put_blob(archive.store, weights)
    _refuse_another(archive.create(search_key(config.name, "config"), config), config, archive)
    set_budget(archive, config.name, config.budget)
    start = ChildSpec(network=network, parent=None, data=facts, seed=config.seed, **_training(config))
    archive.create(child_key(start.id, "spec"), start)
    archive.create(search_key(config.name, "start"), start)
    return config.name


def _adopted(
    archive: Archive, config: SearchConfig, facts: DataFacts, existing: SearchConfig | None
) -> tuple[SearchConfig, bytes | None]:
    """The configuration with all that a trained start brings, and its weights if they were read now."""
    if not isinstance(config.start, TrainedStart) or config.start.digest is not None:
        return config, None
    try:
        adoption = adopt(config, config.start, facts, tracking_beside(archive.store.url))
    except NasflowError as error:
        if existing is None:
            raise
        # Where its weights are gone by now, the store still has them.
        raise type(error)(f"{error}; `nasflow resume {config.name}` goes on without") from None
    return adoption.config, adoption.weights


def _identified(config: SearchConfig, facts: DataFacts, existing: SearchConfig | None) -> SearchConfig:
    """The configuration with the digests of the code that makes its networks; a known search keeps its own,
    so that code that has changed since is refused where the network is made."""
    host, last = (
        _with_code(each, facts, known)
        for each, known in zip(config.hosts, existing.hosts if existing else (None, None), strict=True)
    )
    finish = config.finish.model_copy(update={"host": last})
    return config.model_copy(update={"host": host, "finish": finish})


def _with_code(host: AnyHost, facts: DataFacts, known: AnyHost | None) -> AnyHost:
    if not isinstance(host, Adopted) or host.code is not None:
        return host
    if isinstance(known, Adopted):
        return host.model_copy(update={"code": known.code})
    return identified(host, facts.classes)


def _training(config: SearchConfig) -> dict[str, Any]:
    """How the start network is trained, and from which weights."""
    if not isinstance(config.start, TrainedStart):
        return {"recipe": config.start}
    # Untrained, but evaluated as its children are.
    as_it_is = config.child.model_copy(update={"epochs": 0})
    return {"recipe": config.start.recipe or as_it_is, "weights": config.start.digest}


def _facts(archive: Archive, config: SearchConfig) -> DataFacts:
    """What the images are; those of a search that is known may also be in the store alone."""
    start = archive.find(search_key(config.name, "start"), ChildSpec)
    if start:
        return training_data(archive, start.data).facts
    return new_training_data(config.data).facts


def _check_recipes(config: SearchConfig, facts: DataFacts) -> None:
    start = config.start.recipe if isinstance(config.start, TrainedStart) else config.start
    for name, recipe in (("start", start), ("child", config.child), ("finish", config.finish.recipe)):
        if recipe and recipe.cutout >= facts.size:
            raise InvalidSpec(
                f"{name}: a cutout of {recipe.cutout} pixels leaves nothing of images of {facts.size}: "
                "make it smaller"
            )


def _network(config: SearchConfig, host: AnyHost, facts: DataFacts) -> NetworkSpec:
    """The start cell in `host`; raise InvalidSpec if the images do not fit into it."""
    parts = {
        "host": host,
        "cell": config.start_cell,
        "channels": facts.channels,
        "size": facts.size,
        "classes": facts.classes,
    }
    network = NetworkSpec.from_data(parts, f"search {config.name!r} on {config.data.name}")
    if isinstance(host, Adopted):
        check_runs(network, host)
    return network


def set_budget(archive: Archive, search: str, budget: Budget) -> None:
    """Make `budget` the search's present one."""
    key = search_key(search, "budget")
    present, version = archive.find_changing(key, BudgetRecord)
    wanted = BudgetRecord(budget=budget)
    if present != wanted:
        archive.replace(key, wanted, version)


def _refuse_other_files(existing: SearchConfig | None, config: SearchConfig, archive: Archive) -> None:
    if existing is None:
        return
    start = archive.find(search_key(config.name, "start"), ChildSpec)
    is_stored = start is not None and archive.store.exists(data_set_key(start.data.fingerprint))
    if existing.data.path != config.data.path and not is_stored:
        # The children's specs hold the path: the images are theirs, so they must be where they were.
        raise Conflict(
            f"search {config.name!r} began with its images in {existing.data.path}: bring them back there, "
            "or make it a link to where they are now"
        )


def _refuse_another(existing: SearchConfig | None, config: SearchConfig, archive: Archive) -> None:
    if existing is None or existing.identity() == config.identity():
        return
    changed = [
        name
        for name in SearchConfig.model_fields
        if name != "budget" and getattr(existing, name) != getattr(config, name)
    ]
    raise Conflict(
        f"search {config.name!r} exists in {archive.store.url} with another {', '.join(changed)}: "
        "give this one another name, or put the old values back to continue it"
    )
