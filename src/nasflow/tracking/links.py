"""Where a browser finds a search in MLflow: what Kubeflow's page shows beside the tasks."""

from nasflow.base.credentials import bare_address
from nasflow.base.settings import TRACKING_PAGE
from nasflow.search.ledger import Ledger
from nasflow.search.record import FailedRecord
from nasflow.search.words import figure_text, measure_words
from nasflow.tracking.children import Shown, children
from nasflow.tracking.content import Role
from nasflow.tracking.experiment import experiment_address, run_address, table_address
from nasflow.tracking.publish import Published


def links(uri: str, ledger: Ledger, published: Published) -> str:
    """Markdown: the search, and its newest networks with their figure, each with its page in MLflow.

    A search in a file (`sqlite:///`) has no pages before somebody calls `nasflow ui`.
    """
    name, ui = ledger.config.name, _browsable(TRACKING_PAGE.get() or uri)
    if ui is None:
        return f"# {name}\n\nMLflow is a file here: `nasflow ui` shows this search.\n"
    experiment = published.experiment
    measure = ledger.config.objective.measure
    rows = [
        f"| [{shown.name}]({run_address(ui, experiment, published.runs[shown.key])}) "
        f"| {_result(shown, measure)} |"
        for shown in _newest(ledger)
    ]
    head = (
        f"# [{name} in MLflow]({experiment_address(ui, experiment)})",
        "",
        f"[All its networks, the best first]({table_address(ui, experiment, name)})",
        "",
        f"| network | {measure_words(measure)} |",
        "|---|---|",
    )
    return "\n".join([*head, *rows, ""])


def _browsable(address: str) -> str | None:
    """The address without credentials; None if no browser can open it."""
    is_page = address.lower().startswith(("http://", "https://"))
    return bare_address(address).rstrip("/") if is_page else None


def _newest(ledger: Ledger) -> list[Shown]:
    """The final network, if there is one; else the children of the newest round that has some."""
    shown = children(ledger)
    final = [each for each in shown if each.role is Role.FINAL]
    newest = max((each.round for each in shown if each.round is not None), default=None)
    return final or [each for each in shown if each.round == newest]


def _result(shown: Shown, measure: str) -> str:
    record = shown.record
    if isinstance(record, FailedRecord):
        return f"failed: {record.failure}".replace("|", "/")
    found = record.measures.get(measure)
    return figure_text(measure, found.value if found else None)
