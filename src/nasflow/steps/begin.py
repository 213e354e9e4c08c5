"""Begin a search, or meet it again: the same configuration is the same search."""

import json
from dataclasses import dataclass, replace
from os.path import realpath

from nasflow.base.errors import Conflict, InvalidSpec
from nasflow.base.files import at_home
from nasflow.base.terminal import say
from nasflow.measure import counted
from nasflow.search.budget import Budget, BudgetRecord
from nasflow.search.config import SearchConfig
from nasflow.search.measures import find_measure
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts
from nasflow.spec.hosts import Adopted, Host
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Brought, Origin, Scratch
from nasflow.steps.adopt import check_runs
from nasflow.steps.archive import Archive
from nasflow.steps.dataset import find_copy
from nasflow.steps.images import load_test_images, new_training_data, training_data
from nasflow.steps.keys import budget_key, config_key, spec_key, start_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.precheck import Precheck
from nasflow.steps.resolve import resolve
from nasflow.store import check_writable, put_blob
from nasflow.training.datasets.data import check_test, copies
from nasflow.training.memory import Room, room_here


@dataclass(frozen=True)
class Beginning:
    """A search with nothing left open, before anything of it is written."""

    config: ResolvedConfig
    start: ChildSpec
    last: NetworkSpec
    """The start network at full size."""
    weights: bytes | None
    """Of a start network that somebody has brought."""
    remarks: tuple[str, ...]
    """What is to be said before it begins, a line each; nothing of a search that is known."""

    def warn(self) -> None:
        """Say what is to be said."""
        for remark in self.remarks:
            say(f"warning: {remark}")


def begin(archive: Archive, asked: SearchConfig, room: Room | None = None) -> str:
    """Write down the search and its start network; return the search's id.

    Nothing is written before `draw_up` has been through, and what that raises is raised; StoreError if the
    store cannot be written. A changed budget extends or shortens the search.
    """
    found = draw_up(archive, asked, room)
    found.warn()
    check_writable(archive.store)
    return write_down(archive, found)


def draw_up(archive: Archive, asked: SearchConfig, room: Room | None = None) -> Beginning:
    """All of a search that is known before its first training; nothing is written.

    `room` is the memory that trainings have; None: what is here. Raise Conflict if the search's name belongs
    to another configuration or to an older nasflow, and what `beginning` raises.
    """
    _refuse_older(archive, asked.name)
    existing = archive.find(config_key(asked.name), ResolvedConfig)
    asked = _as_begun(asked, existing)
    _refuse_other_files(existing, asked, archive)
    found = beginning(archive, asked, existing)
    _refuse_another(existing, found.config, archive)
    if existing:
        return found
    precheck = Precheck(found.config, found.start.data, found.start.network, found.last)
    remarks = (*found.remarks, *precheck.remarks(archive.store, room or room_here()))
    return replace(found, remarks=remarks)


def beginning(archive: Archive, asked: SearchConfig, existing: ResolvedConfig | None = None) -> Beginning:
    """A search as it would begin, where the store has `existing` under that name.

    Raise DataSetMissing, InvalidSpec or TrackingUnavailable (for a start that is registered there).
    """
    facts, remarks = _facts(archive, asked) if existing else _new_facts(asked)
    config, weights = resolve(archive, asked, facts, existing)
    config = _with_sizes(config, facts)
    _check_recipes(config, facts)
    start, last = _ends(config, facts)
    return Beginning(config, start, last, weights, remarks)


def write_down(archive: Archive, found: Beginning) -> str:
    """Begin a search in a store that can be written; raise Conflict if somebody was first with another."""
    config, start = found.config, found.start
    # First: a search that is known has all that it began with.
    if found.weights:
        put_blob(archive.store, found.weights)
    _refuse_another(archive.create(config_key(config.name), config), config, archive)
    set_budget(archive, config.name, config.budget)
    archive.create(spec_key(start.id), start)
    archive.create(start_key(config.name), start)
    return config.name


def reopen(archive: Archive, search: str) -> ResolvedConfig:
    """The configuration of a search that is to be gone on with; raise as `begin` does."""
    ledger = read_ledger(archive, search)
    _refuse_older(archive, search)
    _known(archive, ledger.start_spec.data)
    _ends(ledger.config, ledger.start_spec.data)
    check_writable(archive.store)
    return ledger.config


def set_budget(archive: Archive, search: str, budget: Budget) -> None:
    """Make `budget` the search's present one."""
    key, wanted = budget_key(search), BudgetRecord(budget=budget)
    while True:
        present, version = archive.find_changing(key, BudgetRecord)
        if present == wanted or archive.replace(key, wanted, version):
            return


def _with_sizes(config: ResolvedConfig, facts: DataFacts) -> ResolvedConfig:
    """With the sizes of the start network, where they are what is to be compressed."""
    asked = [name for name, amount in config.objective.compress.items() if amount == "start"]
    if not asked:
        return config
    measured = [name for name in asked if not find_measure(name).is_counted]
    if measured:
        raise InvalidSpec(
            f"objective.compress.{measured[0]}: what the start network has of it is known only once it has "
            "run: give an amount"
        )
    start = counted(_network(config, config.host, facts), asked)
    return config.model_copy(update={"objective": config.objective.of_start(start)})


def _ends(config: ResolvedConfig, facts: DataFacts) -> tuple[ChildSpec, NetworkSpec]:
    """The start network, and the same at full size; raise InvalidSpec if one of them cannot be."""
    network, last = (_network(config, host, facts) for host in config.hosts)
    _check_limits(config, network, last)
    start = ChildSpec(
        network=network,
        origin=_origin(config),
        data=facts,
        recipe=config.start_recipe,
        seed=config.seed,
        measures=config.asked_measures,
    )
    return start, last


def _network(config: ResolvedConfig, host: Host, facts: DataFacts) -> NetworkSpec:
    """The start's parts in `host`; raise InvalidSpec if the images do not fit into it."""
    known = {
        "host": host,
        "parts": config.start_parts,
        "channels": facts.channels,
        "size": facts.size,
        "classes": facts.classes,
    }
    network = NetworkSpec.from_data(known, f"search {config.name!r} on {config.data.name}")
    if isinstance(host, Adopted):
        check_runs(network, host)
    return network


def _origin(config: ResolvedConfig) -> Origin:
    """Where the weights of the start network come from."""
    start = config.start
    return Brought(weights=start.digest) if isinstance(start, BroughtStart) else Scratch()


def _check_limits(config: ResolvedConfig, searched: NetworkSpec, last: NetworkSpec) -> None:
    """Where children only grow, a start network over a limit leaves nothing to be found."""
    if not config.space.only_grows:
        return
    growing = [name for name in config.counted_limits if find_measure(name).grows]
    for network, where in ((searched, ""), (last, " at full size")):
        broken = config.judge.breach(counted(network, growing))
        if broken:
            raise InvalidSpec(
                f"limits: of the start network{where} {broken}, and no child of the space "
                f"{config.space.kind} is smaller: raise the limit, or take a smaller host"
            )


def _check_recipes(config: ResolvedConfig, facts: DataFacts) -> None:
    for name, recipe in (
        ("start", config.start_training),
        ("child", config.child),
        ("finish", config.finish.recipe),
    ):
        if recipe and recipe.cutout >= facts.size:
            raise InvalidSpec(
                f"{name}: a cutout of {recipe.cutout} pixels leaves nothing of images of {facts.size}: "
                "make it smaller"
            )


def _facts(archive: Archive, asked: SearchConfig) -> tuple[DataFacts, tuple[str, ...]]:
    """What the images are, with remarks on new ones; a known search's may also be in the store alone."""
    start = archive.find(start_key(asked.name), ChildSpec)
    if start:
        return _known(archive, start.data), ()
    return _new_facts(asked)


def _known(archive: Archive, facts: DataFacts) -> DataFacts:
    """The facts of images that are still there; the test images are looked for too, and not looked at."""
    load_test_images(archive, facts)
    return training_data(archive, facts).facts


def _new_facts(asked: SearchConfig) -> tuple[DataFacts, tuple[str, ...]]:
    data = new_training_data(asked.data)
    facts = data.facts.model_copy(update={"test": check_test(asked.data)})
    return facts, (*data.remarks, *copies(data))


def _refuse_older(archive: Archive, search: str) -> None:
    """What an older nasflow has begun may only be looked at: its children had other ids."""
    # A broken document is refused here, with one line: afterwards it is read as what it is.
    if archive.find(config_key(search), ResolvedConfig) is None:
        return
    version = json.loads(archive.store.read(config_key(search))).get("schema_version", 1)
    if version < ResolvedConfig.SCHEMA:
        raise Conflict(
            f"search {search!r} in {archive.store.url} was begun by an older nasflow: it can be listed, "
            "shown, reported and exported, and not gone on with: give the new one another name"
        )


def _as_begun(asked: SearchConfig, existing: ResolvedConfig | None) -> SearchConfig:
    """With the path of the images that the search began with, if that is another way to write this one."""
    if existing is None or existing.data.path is None or asked.data.path is None:
        return asked
    if realpath(at_home(existing.data.path)) != realpath(at_home(asked.data.path)):
        return asked
    return asked.model_copy(update={"data": asked.data.model_copy(update={"path": existing.data.path})})


def _refuse_other_files(existing: ResolvedConfig | None, asked: SearchConfig, archive: Archive) -> None:
    if existing is None or existing.data.path == asked.data.path:
        return
    start = archive.find(start_key(asked.name), ChildSpec)
    if start is None or find_copy(archive, start.data) is None:
        # The children's specs hold the path: the images are theirs, so they must be where they were.
        raise Conflict(
            f"search {asked.name!r} began with its images of {existing.data.name} in "
            f"{existing.data.path or 'their usual place'}: bring them back there, or make it a link to where "
            "they are now"
        )


def _refuse_another(existing: ResolvedConfig | None, config: ResolvedConfig, archive: Archive) -> None:
    if existing is None or existing.identity() == config.identity():
        return
    changed = [
        name
        for name in ResolvedConfig.model_fields
        if name != "budget" and getattr(existing, name) != getattr(config, name)
    ]
    raise Conflict(
        f"search {config.name!r} exists in {archive.store.url} with another {', '.join(changed)}: "
        "give this one another name, or put the old values back to continue it"
    )
