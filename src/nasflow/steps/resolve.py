"""From what was asked for to a search with nothing left open: its start network is read."""

from nasflow.base.errors import NasflowError
from nasflow.networks.adopted import identified
from nasflow.search.config import SearchConfig
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import TrainedStart
from nasflow.spec.data import DataFacts
from nasflow.spec.hosts import Adopted, Host
from nasflow.steps.adopt import adopt_network
from nasflow.steps.archive import Archive
from nasflow.tracking import tracking_beside


def resolve(
    archive: Archive, asked: SearchConfig, facts: DataFacts, existing: ResolvedConfig | None
) -> tuple[ResolvedConfig, bytes | None]:
    """The configuration with all that a trained start brings, and its weights, if there is one.

    A search that is known keeps the digests of the code that makes its networks, so that code which has
    changed since is refused where the network is made. Raise InvalidSpec or TrackingUnavailable.
    """
    if not isinstance(asked.start, TrainedStart):
        return _identified(ResolvedConfig.of(asked), facts, existing), None
    try:
        config, weights = adopt_network(asked, asked.start, facts, tracking_beside(archive.store.url))
    except NasflowError as error:
        if existing is None:
            raise
        # Where its weights are gone by now, the store still has them.
        raise type(error)(f"{error}; {archive.command('resume', asked.name)} goes on without") from None
    return _identified(config, facts, existing), weights


def _identified(config: ResolvedConfig, facts: DataFacts, existing: ResolvedConfig | None) -> ResolvedConfig:
    host, last = (
        _with_code(each, facts, known)
        for each, known in zip(config.hosts, existing.hosts if existing else (None, None), strict=True)
    )
    finish = config.finish.model_copy(update={"host": last})
    return config.model_copy(update={"host": host, "finish": finish})


def _with_code(host: Host, facts: DataFacts, known: Host | None) -> Host:
    if not isinstance(host, Adopted) or host.code is not None:
        return host
    if isinstance(known, Adopted):
        return host.model_copy(update={"code": known.code})
    return identified(host, facts.classes)
