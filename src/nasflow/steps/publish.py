"""Show a search: its MLflow runs, its registered winner, its report. All of it derived from the ledger."""

from importlib.metadata import version
from pathlib import Path

from nasflow.base.errors import NotFound
from nasflow.report.card import card, worth_of_the_controller
from nasflow.report.network import draw_parts
from nasflow.report.page import render
from nasflow.search.controls import ENDS
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import report_key, spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.store import get_blob
from nasflow.tracking import Story, Winner, links, register
from nasflow.tracking import publish as publish_runs

_PACKAGE = Path(__file__).parents[1]
"""All of nasflow's code. Not asked of the package: a folder called nasflow may lie before it on the path."""

EXAMPLE_IMAGES = 2
"""Training images shown as the registered model's input example."""


def make_report(archive: Archive, search: str) -> str:
    """The page; nothing is written."""
    return render(read_ledger(archive, search))


def write_report(archive: Archive, search: str) -> str:
    """Render the report into the store, in place of an older one; return the page."""
    page = make_report(archive, search)
    key, written = report_key(search), None
    while written is None:
        written = archive.store.replace(key, page.encode(), _version(archive, key))
    return page


def track(archive: Archive, search: str, uri: str) -> str:
    """Bring MLflow up to the ledger; register the winner of a finished search. Returns links as Markdown.

    Raise TrackingUnavailable where MLflow cannot be used: nothing is lost, the next call catches up.
    """
    ledger = read_ledger(archive, search)
    story = _story(ledger)
    if ledger.finish and isinstance(ledger.final, TrainedRecord):
        winner = _winner(archive, ledger.final)
        published = register(uri, ledger, winner, _drawings(ledger), _ends(archive, ledger), story).published
    else:
        published = publish_runs(uri, ledger, _drawings(ledger), story)
    return links(uri, ledger, published)


def _story(ledger: Ledger) -> Story:
    # The page when the search is over: written after every child it would be most of what MLflow is sent.
    page = render(ledger) if ledger.stop else None
    return Story(card(ledger), worth_of_the_controller(ledger), page)


def _ends(archive: Archive, ledger: Ledger) -> dict[str, Winner]:
    """The ends of the front, each by what it is best in: `best-held-out-loss`."""
    found = {}
    for end, measure in zip(ENDS, ledger.config.objective.pareto, strict=False):
        record = ledger.final_of(end)
        if isinstance(record, TrainedRecord):
            found[f"best-{measure.replace('_', '-')}"] = _winner(archive, record)
    return found


def _winner(archive: Archive, final: TrainedRecord) -> Winner:
    import torch

    from nasflow.steps.images import training_data

    spec = archive.read(spec_key(final.child), ChildSpec)
    data = training_data(archive, spec.data)
    return Winner(
        spec=spec,
        weights=get_blob(archive.store, final.weights),
        code=Path(__file__).with_name("served_model.py"),
        example=data.train.batch(torch.arange(EXAMPLE_IMAGES)).numpy(),
        requirements=tuple(
            f"{name}=={version(name)}" for name in ("torch", "numpy", "pydantic", "safetensors")
        ),
        packages=(_PACKAGE,),
    )


def _drawings(ledger: Ledger) -> dict[str, str]:
    """An SVG a finished child."""
    return {record.child: draw_parts(record.parts) for record in ledger.networks}


def _version(archive: Archive, key: str) -> str | None:
    try:
        return archive.store.read_versioned(key)[1]
    except NotFound:
        return None
